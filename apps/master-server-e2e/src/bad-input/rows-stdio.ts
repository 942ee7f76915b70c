import type { StdioContext } from './stdio-context.ts';
import { LISTING_ROWS } from './rows/listing-rows.ts';
import { PROCESS_ROWS } from './rows/process-rows.ts';
import { TALK_ROWS } from './rows/talk-rows.ts';

/** One kind of misbehaviour of a stdio server. */
export interface StdioRow {
  /** As in the list of bad inputs. */
  readonly id: string;
  readonly title: string;
  readonly cases: readonly {
    readonly name: string;
    readonly run: (context: StdioContext) => Promise<readonly string[]>;
  }[];
  /** Why the expectation is what it is, where that is not obvious. */
  readonly note?: string;
}

/** Misbehaviour of stdio servers that all stand behind the same Omni. */
export const STDIO_ROWS: readonly StdioRow[] = [...TALK_ROWS, ...PROCESS_ROWS, ...LISTING_ROWS];
