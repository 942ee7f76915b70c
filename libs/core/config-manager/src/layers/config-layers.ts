import type { Environment } from '../document/variables.ts';

/** The layers of a configuration, lowest first (S003-CF-01). */
export type LayerKind = 'default' | 'file' | 'environment' | 'secret' | 'flag' | 'override';

/** A setting of the command line. */
export interface FlagSetting {
  /** As it is typed, for messages: `--listen`. */
  readonly flag: string;
  /** Keys, joined by dots: `server.listen`. */
  readonly key: string;
  /** Text, or JSON where the setting is no text. `null` removes the setting. */
  readonly value: string;
}

/** What somebody changes while Omni runs. */
export interface RuntimeOverride {
  /** Merged over all else: maps key by key, `null` removes, everything else replaces. */
  readonly document: Readonly<Record<string, unknown>>;
  /** Name of the principal. */
  readonly author: string;
  /** When it was made, in milliseconds since 1970. */
  readonly at: number;
  /** From when on it no longer counts, in milliseconds since 1970. Default: never. */
  readonly expiresAt?: number;
}

/** What lies over the files. */
export interface ConfigLayers {
  /** Whose `OMNI_A__B` are settings. Default: none are. */
  readonly environment?: Environment;
  /** The last one of a key counts. */
  readonly flags?: readonly FlagSetting[];
  /** Lowest first. Their references to variables, files and programs are refused. */
  readonly overrides?: readonly RuntimeOverride[];
  /** Milliseconds since 1970, which tell what has expired. Default: nothing has. */
  readonly nowMs?: number;
}
