import { LISTING_ROWS } from './rows/listing-rows.ts';
import { PROCESS_ROWS } from './rows/process-rows.ts';
import { TALK_ROWS } from './rows/talk-rows.ts';
import type { StdioRow } from './stdio-row.ts';

/** Misbehaviour of stdio servers that all stand behind the same Omni. */
export const STDIO_ROWS: readonly StdioRow[] = [...TALK_ROWS, ...PROCESS_ROWS, ...LISTING_ROWS];
