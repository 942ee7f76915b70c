import type { Row } from './row.ts';
import { CONNECTION_ROWS } from './rows/connection-rows.ts';
import { CONTENT_ROWS } from './rows/content-rows.ts';
import { HEADER_ROWS } from './rows/header-rows.ts';
import { BARE_ROW, MESSAGE_ROWS } from './rows/message-rows.ts';
import { SESSION_ROWS } from './rows/session-rows.ts';
import { STATE_ROW } from './rows/state-row.ts';
import { TRANSPORT_ROWS } from './rows/transport-rows.ts';

/** Bad inputs over HTTP: all run against one process, one row after the other, slow ones beside the rest. */
export const HTTP_ROWS: readonly Row[] = [
  ...MESSAGE_ROWS,
  BARE_ROW,
  ...TRANSPORT_ROWS,
  ...CONTENT_ROWS,
  ...HEADER_ROWS,
  ...SESSION_ROWS,
  STATE_ROW,
  ...CONNECTION_ROWS,
];
