import type { PlaceholderSyntax } from './placeholder-syntax.ts';

/** What one client's number of a time limit means. */
export interface TimeLimit {
  readonly setting: 'connectTimeout' | 'callTimeout';
  readonly unit: 'ms' | 's';
}

/** Where `${workspaceFolder}` and its kin lead. `unknown`: only the client knows. */
export type ClientPlace = 'project' | 'home' | 'unknown';

/** How one client writes its servers down: facts about the client, from its public documentation. */
export interface ClientFormat {
  /** As messages call it. */
  readonly client: string;
  /** Ends of paths, in lower case, with `/` between folders, at which only this client keeps its file. */
  readonly files?: RegExp;
  /** Keys of the root that no other client has. */
  readonly signs?: readonly string[];
  /** What `$schema` holds in its files. */
  readonly schema?: string;
  /** Paths of keys that lead to its servers. */
  readonly blocks: readonly (readonly string[])[];
  /** Keys of an entry that limit a time and do not say their unit. */
  readonly timeLimits?: Readonly<Record<string, TimeLimit>>;
  /** Keys of an entry without program and address that say that the client itself has the server. */
  readonly partSigns?: readonly string[];
  /** Its placeholders beside `${NAME}`. */
  readonly placeholders?: readonly PlaceholderSyntax[];
  /** Whether it reads a leading `~/` of arguments as the home folder. */
  readonly expandsTilde?: boolean;
  /** Keys of the root that name the servers which are used, or which are not. */
  readonly chosen?: { readonly only: readonly string[]; readonly never: readonly string[] };
  /**
   * How many folders above its file the paths in it start; `project`: above the folder with a dot that holds
   * it. Default: 0.
   */
  readonly startsAt?: 'project';
  /** Keys of the root that hide tools or servers; what they say is not read. */
  readonly narrows?: readonly string[];
}
