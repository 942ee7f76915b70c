import { GatewayError, type UpstreamSpec } from '@omni/ports';
import { definitionId, settingsText } from './definition-identity.ts';
import { takeOver } from './definition-in-force.ts';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;

const RULE =
  'it has 1 to 32 letters, digits, dots, underscores and hyphens, and begins with a letter or digit';

/** What one set of definitions says differently than the one before: names, each in one list. */
export interface DefinitionChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** The same name stands for another process or connection. */
  readonly replaced: readonly string[];
  /** Only settings differ that need no new connection. */
  readonly changed: readonly string[];
  readonly unchanged: readonly string[];
}

type Change = Exclude<keyof DefinitionChanges, 'removed'>;

interface Definition<Spec> {
  readonly spec: Spec;
  readonly id: string;
  /** As they were when it came: whoever holds a definition may write to it. */
  readonly settings: string;
}

/** A server and its replicas. */
export interface UpstreamGroup<Spec extends UpstreamSpec = UpstreamSpec> {
  /** That clients know. */
  readonly server: Spec;
  /** Those that are switched on; the server comes first. */
  readonly members: readonly Spec[];
}

/** An immutable set of definitions, in the order in which their items are listed. */
export class UpstreamDefinitions<Spec extends UpstreamSpec = UpstreamSpec> {
  /** Rises with every set. */
  readonly version: number;
  readonly all: readonly Spec[];
  readonly names: readonly string[];
  /** What clients know, in order. */
  readonly groups: readonly UpstreamGroup<Spec>[];
  readonly #groups: ReadonlyMap<string, UpstreamGroup<Spec>>;
  readonly #byName: ReadonlyMap<string, Definition<Spec>>;

  /** @throws {@link GatewayError} `OMNI_CONFIG_INVALID` for a name that is none or stands twice. */
  constructor(version: number, specs: readonly Spec[]) {
    this.version = version;
    this.all = [...specs];
    this.names = specs.map(({ name }) => name);
    this.#byName = new Map(
      specs.map((spec) => [spec.name, { spec, id: definitionId(spec), settings: settingsText(spec) }]),
    );
    this.groups = specs
      .filter(({ replica }) => replica === undefined)
      .map((server) => ({
        server,
        members: [server, ...specs.filter(({ replica }) => replica?.of === server.name)].filter(
          ({ enabled }) => enabled,
        ),
      }));
    this.#groups = new Map(this.groups.map((group) => [group.server.name, group]));
    const misnamed = this.names.filter((name) => /* guard: registry/names */ !NAME.test(name));
    const twice = new Set(
      this.names.filter((name, index) => /* guard: registry/twice */ this.names.indexOf(name) !== index),
    );
    const problems = [
      ...misnamed.map((name) => `${JSON.stringify(name)} is no name for a server: ${RULE}`),
      ...[...twice].map((name) => `Two servers are called ${JSON.stringify(name)}`),
      ...specs.flatMap(({ name, replica }) =>
        /* guard: registry/replicas */ replica === undefined || this.#groups.has(replica.of)
          ? []
          : [
              `${JSON.stringify(name)} is a replica of ${JSON.stringify(replica.of)}, which is no server of its own`,
            ],
      ),
    ];
    if (problems.length > 0) throw invalid(problems);
  }

  get(name: string): Spec | undefined {
    return this.#byName.get(name)?.spec;
  }

  /** The server that clients know it as. */
  groupOf(name: string): string {
    return this.get(name)?.replica?.of ?? name;
  }

  /** @returns `undefined` for a replica, and for what is no server. */
  group(name: string): UpstreamGroup<Spec> | undefined {
    return this.#groups.get(name);
  }

  /** @see definitionId */
  idOf(name: string): string | undefined {
    return this.#byName.get(name)?.id;
  }

  /** What these say differently than earlier ones. */
  changesFrom(earlier: UpstreamDefinitions<Spec>): DefinitionChanges {
    const changes = Map.groupBy(this.all, (spec) => this.#changeOf(spec, earlier));
    const names = (change: Change): readonly string[] => (changes.get(change) ?? []).map(({ name }) => name);
    return {
      added: names('added'),
      removed: earlier.names.filter((name) => this.get(name) === undefined),
      replaced: names('replaced'),
      changed: names('changed'),
      unchanged: names('unchanged'),
    };
  }

  #changeOf({ name }: Spec, earlier: UpstreamDefinitions<Spec>): Change {
    const [was, is] = [earlier.#byName.get(name), this.#byName.get(name)];
    if (was === undefined) return 'added';
    if (was.id !== is?.id) return 'replaced';
    return was.settings === is.settings ? 'unchanged' : 'changed';
  }
}

/** Told of new definitions when they are in force. Must not throw. */
export type DefinitionsListener<Spec extends UpstreamSpec> = (
  definitions: UpstreamDefinitions<Spec>,
  changes: DefinitionChanges,
) => void;

/** Which upstreams there are, as of now. Whoever depends on them asks `current` at use, or listens. */
export class UpstreamRegistry<Spec extends UpstreamSpec = UpstreamSpec> {
  readonly #listeners: DefinitionsListener<Spec>[] = [];
  readonly #inForce = new Map<string, Spec>();
  #current: UpstreamDefinitions<Spec>;

  /** @throws {@link GatewayError} `OMNI_CONFIG_INVALID` for a name that is none or stands twice. */
  constructor(specs: readonly Spec[]) {
    this.#current = new UpstreamDefinitions(1, specs);
    for (const spec of specs) this.#inForce.set(spec.name, { ...spec });
  }

  get current(): UpstreamDefinitions<Spec> {
    return this.#current;
  }

  /**
   * One object for as long as the name stands for the same process or connection, which says what is in force
   * now: a key for what is kept of an upstream while its settings are edited.
   */
  inForce(name: string): Spec | undefined {
    return this.#inForce.get(name);
  }

  /** Listeners are told in the order in which they came. */
  subscribe(listener: DefinitionsListener<Spec>): void {
    this.#listeners.push(listener);
  }

  /**
   * Puts other definitions in the place of all there are.
   *
   * @throws {@link GatewayError} `OMNI_CONFIG_INVALID`; nothing has changed then.
   */
  replace(specs: readonly Spec[]): DefinitionChanges {
    const before = this.#current;
    const definitions = new UpstreamDefinitions(before.version + 1, specs);
    const changes = definitions.changesFrom(before);
    this.#current = definitions;
    for (const name of [...changes.removed, ...changes.replaced]) this.#inForce.delete(name);
    for (const spec of definitions.all) {
      const held = this.#inForce.get(spec.name);
      if (held === undefined) this.#inForce.set(spec.name, { ...spec });
      else takeOver(held, spec);
    }
    for (const tell of this.#listeners) tell(definitions, changes);
    return changes;
  }
}

function invalid(problems: readonly string[]): GatewayError {
  return new GatewayError('OMNI_CONFIG_INVALID', problems.join('\n'), {
    data: { problems },
    hint: 'Give each server a name of its own, which stands in its address and before the names of its tools; a replica names one of them.',
  });
}
