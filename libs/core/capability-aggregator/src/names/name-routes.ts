import { GatewayError } from '@omni/ports';
import { canonicalName, type ExposedName, type OwnedName } from './exposed-name.ts';
import { nameReadings } from './name-readings.ts';
import { nearestName } from './nearest-name.ts';
import { safeText } from '../reading/safe-text.ts';

const MAX_CANDIDATES = 20;

/** For messages. */
export type Noun = 'tool' | 'prompt';

/** Where the names of one upstream lead, by its own names. */
export type OwnRoutes<Route extends OwnedName> = ReadonlyMap<string, Route>;

export interface NameRoutesOptions<Route extends OwnedName> {
  readonly noun: Noun;
  /** What clients see on the endpoint of all servers. */
  readonly exposed: readonly ExposedName[];
  /** Everything that there is, by upstream; names that are not exposed included. */
  readonly owned: ReadonlyMap<string, OwnRoutes<Route>>;
}

/**
 * Finds the upstream behind a name that a client wrote on the endpoint of all servers. Every name is looked
 * up in a table, never taken apart by guessing.
 */
export class NameRoutes<Route extends OwnedName> {
  readonly #noun: Noun;
  readonly #exposed = new Map<string, Route>();
  readonly #byBareName = new Map<string, Route[]>();
  readonly #owned: ReadonlyMap<string, OwnRoutes<Route>>;

  constructor({ noun, exposed, owned }: NameRoutesOptions<Route>) {
    this.#noun = noun;
    this.#owned = owned;
    for (const entry of exposed) {
      const route = owned.get(entry.upstream)?.get(entry.name);
      if (route === undefined) continue;
      this.#exposed.set(entry.exposed, route);
      const namesakes = this.#byBareName.get(entry.name);
      if (namesakes === undefined) this.#byBareName.set(entry.name, [route]);
      else namesakes.push(route);
    }
  }

  /**
   * The exposed name; else `server:name`, `server.name`, `server/name`, `server__name`; else the upstream's
   * own name when no other upstream uses it, as MCP Apps call their tools.
   *
   * @returns `OMNI_NAME_AMBIGUOUS` with `data.candidates`, or `OMNI_NAME_UNKNOWN`.
   */
  find(name: string): Route | GatewayError {
    const route = this.#exposed.get(name);
    if (route !== undefined) return route;
    const aliases = this.#aliases(name);
    const matches = aliases.length > 0 ? aliases : (this.#byBareName.get(name) ?? []);
    const [match] = matches;
    if (match === undefined) return unknownName(this.#noun, name, this.#exposed.keys());
    return /* guard: name/ambiguous */ matches.length === 1 ? match : this.#ambiguous(name, matches);
  }

  #aliases(name: string): readonly Route[] {
    const found = new Set<Route>();
    for (const reading of nameReadings(name)) {
      const route = this.#owned.get(reading.upstream)?.get(reading.name);
      if (route !== undefined) found.add(route);
    }
    return [...found];
  }

  #ambiguous(name: string, matches: readonly OwnedName[]): GatewayError {
    const candidates = matches.slice(0, MAX_CANDIDATES).map((match) => canonicalName(match));
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

/** On the endpoint of one server: its own names and nothing else. */
export function findOwnName<Route extends OwnedName>(
  noun: Noun,
  name: string,
  own: OwnRoutes<Route> | undefined,
): Route | GatewayError {
  return own?.get(name) ?? unknownName(noun, name, own?.keys() ?? []);
}

function unknownName(noun: Noun, name: string, known: Iterable<string>): GatewayError {
  const nearest = nearestName(name, known);
  return new GatewayError(
    'OMNI_NAME_UNKNOWN',
    `No ${noun} "${safeText(name)}" is offered to you`,
    nearest === undefined ? {} : { hint: `Did you mean "${safeText(nearest)}"?` },
  );
}
