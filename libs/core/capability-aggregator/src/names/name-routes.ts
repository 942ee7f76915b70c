import { GatewayError } from '@omni/ports';
import type { ExposedName, OwnedName } from './exposed-name.ts';
import { nearestName } from './nearest-name.ts';
import { safeText } from '../reading/safe-text.ts';

/** Between a server and a name of its own, in what clients may write. */
const SEPARATORS = [':', '.', '/', '__'];
/** No server and no name together are longer. */
const MAX_NAME_LENGTH = 512;
const MAX_CANDIDATES = 20;

export interface NameRoutesOptions {
  /** For messages: `tool` or `prompt`. */
  readonly noun: string;
  /** What clients see on the endpoint of all servers. */
  readonly exposed: readonly ExposedName[];
  /** Everything that there is, by upstream; names that are not exposed included. */
  readonly owned: ReadonlyMap<string, OwnNames>;
}

/** The names of one upstream. */
export interface OwnNames {
  has(name: string): boolean;
  keys(): Iterable<string>;
}

/** Finds the upstream behind a name that a client wrote. Every name is looked up in a table, never taken apart by guessing. */
export class NameRoutes {
  readonly #noun: string;
  readonly #exposed = new Map<string, ExposedName>();
  readonly #byBareName = new Map<string, ExposedName[]>();
  readonly #owned: ReadonlyMap<string, OwnNames>;

  constructor({ noun, exposed, owned }: NameRoutesOptions) {
    this.#noun = noun;
    this.#owned = owned;
    for (const entry of exposed) {
      this.#exposed.set(entry.exposed, entry);
      const namesakes = this.#byBareName.get(entry.name);
      if (namesakes === undefined) this.#byBareName.set(entry.name, [entry]);
      else namesakes.push(entry);
    }
  }

  /**
   * On the endpoint of all servers: the exposed name; else `server:name`, `server.name`, `server/name`, `server__name`; else
   * the upstream's own name when no other upstream uses it, as MCP Apps call their tools.
   *
   * @returns `OMNI_NAME_AMBIGUOUS` with `data.candidates`, or `OMNI_NAME_UNKNOWN`.
   */
  find(name: string): OwnedName | GatewayError {
    const entry = this.#exposed.get(name);
    if (entry !== undefined) return entry;
    const aliases = /* guard: name/length */ name.length > MAX_NAME_LENGTH ? [] : this.#aliases(name);
    const matches = aliases.length > 0 ? aliases : (this.#byBareName.get(name) ?? []);
    const [match] = matches;
    if (match === undefined) return unknownName(this.#noun, name, this.#exposed.keys());
    return /* guard: name/ambiguous */ matches.length === 1 ? match : this.#ambiguous(name, matches);
  }

  /** On the endpoint of one server: its own names and nothing else. */
  findOwn(upstream: string, name: string): OwnedName | GatewayError {
    const names = this.#owned.get(upstream);
    // guard: name/own-only
    return names?.has(name) === true
      ? { upstream, name }
      : unknownName(this.#noun, name, names?.keys() ?? []);
  }

  /** All ways to read the name as a server and a name of its own. */
  #aliases(name: string): readonly OwnedName[] {
    const found = new Map<string, OwnedName>();
    for (const separator of SEPARATORS) {
      for (let at = name.indexOf(separator); at >= 0; at = name.indexOf(separator, at + 1)) {
        const upstream = name.slice(0, at);
        const own = name.slice(at + separator.length);
        if (this.#owned.get(upstream)?.has(own) === true)
          found.set(`${upstream}:${own}`, { upstream, name: own });
      }
    }
    return [...found.values()];
  }

  #ambiguous(name: string, matches: readonly OwnedName[]): GatewayError {
    const candidates = matches.slice(0, MAX_CANDIDATES).map((match) => `${match.upstream}:${match.name}`);
    return new GatewayError(
      'OMNI_NAME_AMBIGUOUS',
      `Several servers offer the ${this.#noun} "${safeText(name)}"`,
      {
        data: { candidates },
        hint: `Use one of: ${candidates.map((candidate) => safeText(candidate)).join(', ')}.`,
      },
    );
  }
}

function unknownName(noun: string, name: string, known: Iterable<string>): GatewayError {
  const nearest = nearestName(name, known);
  return new GatewayError(
    'OMNI_NAME_UNKNOWN',
    `No ${noun} "${safeText(name)}" is offered to you`,
    nearest === undefined ? {} : { hint: `Did you mean "${safeText(nearest)}"?` },
  );
}
