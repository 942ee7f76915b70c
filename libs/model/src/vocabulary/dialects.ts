import type { HeaderList } from '@omni/ports';
import { SUPPORTED_VERSIONS } from './revisions.ts';

/**
 * What a revision of the modern era writes in another way than the one that is spoken inside
 * (`MODERN_VERSION`). Everything that is particular to it stands here: the edges of the gateway put its
 * messages into the common terms and back.
 */
export interface Dialect {
  readonly version: string;
  /**
   * Headers that each of its requests has beside those of all revisions.
   *
   * @param params - JSON or empty.
   * @returns Names in lower case.
   */
  headersOf(method: string, params: string): HeaderList;
  /** A result in the common terms. @param result - JSON object. */
  toCommon(method: string, result: string): string;
  /** A result in the terms of this revision. @param result - JSON object. */
  fromCommon(method: string, result: string): string;
}

/** The dialects that a gateway speaks. */
export class Dialects {
  /** All revisions that are spoken, newest first: what a client may fall back to. */
  readonly supported: readonly string[];
  /** Whether there are none, so that no request has to be looked into. */
  readonly isEmpty: boolean;
  readonly #known: readonly Dialect[];

  /** @param known - Newest first. */
  constructor(known: readonly Dialect[]) {
    this.#known = known;
    this.isEmpty = known.length === 0;
    this.supported = [...known.map(({ version }) => version), ...SUPPORTED_VERSIONS];
  }

  /** The dialect of a revision; `undefined` for one that is spoken without, or not at all. */
  of(version: string | undefined): Dialect | undefined {
    return this.#known.find((dialect) => dialect.version === version);
  }

  /** The newest dialect that the other side speaks, too. */
  among(versions: readonly string[]): Dialect | undefined {
    return this.#known.find(({ version }) => versions.includes(version));
  }
}

/** Every revision that Omni speaks now is spoken as it is. */
export const NO_DIALECTS = new Dialects([]);
