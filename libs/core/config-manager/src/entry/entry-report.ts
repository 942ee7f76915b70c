import type { ProblemList } from '../checks/config-problem.ts';
import type { ClientFormat } from '../clients/client-format.ts';
import type { Environment } from '../document/variables.ts';

/** Where what is found in an entry goes. */
export interface EntryReport {
  /** Path of the entry, for messages. */
  readonly key: string;
  readonly problems: Pick<ProblemList, 'add'>;
  readonly warnings: Pick<ProblemList, 'add'>;
}

export interface NormalizeEntryOptions extends EntryReport {
  /** Whose file it stands in; `undefined` for Omni's own. */
  readonly format: ClientFormat | undefined;
  readonly env: Environment;
  /** Whether it lies over another of the same server: `null` then removes what that says. */
  readonly isOver: boolean;
}
