import { type ConfigurationManager, suspiciousLoss } from '@omni/config';
import type { EventBus } from '@omni/events';
import {
  type ChannelDialer,
  type ChildLauncher,
  type Clock,
  type CredentialProvider,
  GatewayError,
  type HttpClient,
  type Logger,
  type StoredDefinition,
} from '@omni/ports';
import type { DefinitionChanges, UpstreamRegistry } from '@omni/upstreams';
import type { GatewayConfiguration, GatewayUpstream, ReadStoredDefinitions } from '../gateway-options.ts';
import { checkDefinitions } from './definition-check.ts';

/** How long the start waits for credentials of servers. */
const CREDENTIALS_GRACE_MS = 1_000;
/** Of a configuration that is wrong, as they are told in an event. */
const MAX_PROBLEMS = 20;

export interface DefinitionsInForceParts {
  readonly configurations: ConfigurationManager<GatewayConfiguration>;
  readonly registry: UpstreamRegistry<GatewayUpstream>;
  readonly readStoredDefinitions: ReadStoredDefinitions | undefined;
  readonly credentials: CredentialProvider;
  readonly launcher: ChildLauncher | undefined;
  readonly http: HttpClient | undefined;
  readonly dialer: ChannelDialer | undefined;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Throws where there is to be nothing new. */
  readonly checkOpen: () => void;
}

/** Who brings definitions. */
export interface ChangeOrigin {
  /** `file`, or a person; `program`: whoever embeds Omni. */
  readonly author: string;
  /** Whether servers may go, however many. */
  readonly isConfirmed: boolean;
}

const PROGRAM: ChangeOrigin = { author: 'program', isConfirmed: true };

/** Which servers there are: those of the configuration, and behind them those that the store defines. */
export class DefinitionsInForce {
  readonly #parts: DefinitionsInForceParts;
  /** The last change, over or not. */
  #changing: Promise<unknown> = Promise.resolve();
  /** What the configuration has said last, or a program. */
  #own: readonly GatewayUpstream[];
  /** What is defined in the store. */
  #stored: readonly GatewayUpstream[] = [];

  constructor(parts: DefinitionsInForceParts) {
    this.#parts = parts;
    this.#own = parts.configurations.effective().upstreams;
  }

  /** Those of a program: it may have them change as it likes. */
  replace(definitions: readonly GatewayUpstream[]): Promise<DefinitionChanges> {
    return this.#change(() => this.#replace(definitions, this.#stored, PROGRAM));
  }

  /** Those of a configuration that is read in its turn. What was in force stays where that fails. */
  reload(load: () => Promise<readonly GatewayUpstream[]>, origin: ChangeOrigin): Promise<DefinitionChanges> {
    return this.#change(async () => {
      const definitions = await load().catch((error: unknown) => this.#refuse(error, origin));
      const names = (specs: readonly GatewayUpstream[]): string[] => specs.map(({ name }) => name);
      const loss = suspiciousLoss(names(this.#own), names(definitions));
      // guard: reload/confirmed
      if (loss !== undefined && !origin.isConfirmed)
        this.#refuse(
          new GatewayError('OMNI_CONFIG_HELD', `The new configuration waits to be confirmed: ${loss}`),
          origin,
        );
      return await this.#replace(definitions, this.#stored, origin);
    });
  }

  isDefinedInStore(name: string): boolean {
    return this.#stored.some((spec) => spec.name === name) && !this.#own.some((spec) => spec.name === name);
  }

  /** What is defined in the store stands behind all others, and gives way to them. */
  onStored(stored: readonly StoredDefinition[]): void {
    const { readStoredDefinitions, logger } = this.#parts;
    if (readStoredDefinitions === undefined) return;
    const read = readStoredDefinitions(stored);
    this.#change(async () => {
      const clashes = read.filter(({ name }) => this.#own.some((spec) => spec.name === name));
      for (const { name } of clashes)
        logger.warn({ upstream: name }, 'server is defined in the configuration, too, and that counts');
      await this.#replace(this.#own, read, { author: 'store', isConfirmed: true });
    }).catch((error: unknown) => {
      if (error instanceof GatewayError && error.code === 'OMNI_SHUTTING_DOWN') return;
      logger.error({ error }, 'servers that are defined in the store were refused');
    });
  }

  /**
   * Credentials that are at hand are there before the first server; those of a provider that takes its time
   * come later, and start what waits for them.
   */
  async defineFirst(): Promise<void> {
    const { credentials, clock } = this.#parts;
    if (credentials.define === undefined) return;
    const defined = credentials.define(this.#own);
    let cancelTimer = (): void => {};
    const late = new Promise<void>((resolve) => (cancelTimer = clock.after(CREDENTIALS_GRACE_MS, resolve)));
    await Promise.race([defined, late]);
    cancelTimer();
    for (const { name, enabled } of this.#own) {
      const lack = enabled ? credentials.lack?.(name) : undefined;
      // What is kept and cannot be opened is no matter of waiting.
      // guard: secrets/start-without-key
      if (lack?.code === 'OMNI_SECRET_KEY_MISSING') throw lack;
    }
  }

  /** One after the other, also when one is told of from within another. */
  #change<T>(work: () => Promise<T>): Promise<T> {
    const changed = this.#changing.then(work);
    this.#changing = changed.catch(() => {});
    return changed;
  }

  /** What proves Omni to new servers is there before they are. */
  async #replace(
    own: readonly GatewayUpstream[],
    stored: readonly GatewayUpstream[],
    origin: ChangeOrigin,
  ): Promise<DefinitionChanges> {
    const { credentials } = this.#parts;
    if (credentials.define === undefined) return this.#apply(own, stored, origin);
    await credentials.define(together(own, stored));
    try {
      return this.#apply(own, stored, origin);
    } catch (error) {
      await credentials.define(together(this.#own, this.#stored));
      throw error;
    }
  }

  #apply(
    own: readonly GatewayUpstream[],
    stored: readonly GatewayUpstream[],
    origin: ChangeOrigin,
  ): DefinitionChanges {
    const { registry, logger, configurations, events, checkOpen } = this.#parts;
    checkOpen();
    const definitions = together(own, stored);
    const configuration = { ...configurations.effective(), upstreams: definitions };
    try {
      checkDefinitions(definitions, this.#parts);
      configurations.check(configuration);
    } catch (error) {
      this.#refuse(error, origin);
    }
    const before = { own: this.#own, stored: this.#stored };
    this.#own = own;
    this.#stored = stored;
    let changes: DefinitionChanges;
    try {
      changes = registry.replace(definitions);
    } catch (error) {
      this.#own = before.own;
      this.#stored = before.stored;
      this.#refuse(error, origin);
    }
    configurations.replace(configuration);
    const { added, removed, replaced, changed } = changes;
    const { author } = origin;
    const { version } = registry.current;
    const told = { version, author, added, removed, replaced, changed };
    logger.info(told, 'definitions of servers are in force');
    events.publish({ type: 'config.reloaded', data: told, acl: { servers: [], minRole: 'owner' } });
    return changes;
  }

  /** Tells it, and throws it. Problems name files and keys, and hold no values. */
  #refuse(error: unknown, { author }: ChangeOrigin): never {
    const { code, data } = GatewayError.from(error);
    const problems = problemsOf(data).slice(0, MAX_PROBLEMS);
    this.#parts.events.publish({
      type: 'config.error',
      data: { code, author, ...(problems.length > 0 && { problems }) },
      acl: { servers: [], minRole: 'owner' },
    });
    throw error;
  }
}

/** What is defined in the store stands behind all others, and gives way to them. */
function together(
  own: readonly GatewayUpstream[],
  stored: readonly GatewayUpstream[],
): readonly GatewayUpstream[] {
  const names = new Set(own.map(({ name }) => name));
  return [...own, ...stored.filter(({ name }) => !names.has(name))];
}

function problemsOf(data: unknown): readonly unknown[] {
  const isList =
    typeof data === 'object' && data !== null && 'problems' in data && Array.isArray(data.problems);
  // Holds: it is a list.
  return isList ? (data.problems as readonly unknown[]) : [];
}
