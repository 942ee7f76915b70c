import type { StdioContext } from './stdio-context.ts';

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
