import {
  type ConfigRevision,
  GATEWAY_ERRORS,
  GatewayError,
  type GatewayErrorCode,
  type Millis,
  type NewConfigRevision,
  type StoredOverride,
} from '@omni/ports';
import type { ConfigurationMemory } from './collaborators.ts';
import type { ConfigurationAnswers, ConfigurationAsk, StoreFailure } from './messages.ts';

/** Asks that wait for a store that is not open. */
const MAX_WAITING = 1_000;

type Answer = ConfigurationAnswers[ConfigurationAsk['kind']];

interface Asked {
  readonly ask: ConfigurationAsk;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: GatewayError) => void;
}

export interface KeptConfigurationOptions {
  readonly hasStore: boolean;
  readonly send: (number: number, ask: ConfigurationAsk) => void;
}

/**
 * Configurations and overrides on their way to the store and back. Asks wait while it is not open, and are
 * made again where it went away: each may be made twice.
 */
export class KeptConfiguration implements ConfigurationMemory {
  readonly #options: KeptConfigurationOptions;
  readonly #underWay = new Map<number, Asked>();
  #waiting: Asked[] = [];
  #sent = 0;
  #isOpen = false;
  #tellStored: (() => void)[] = [];

  constructor(options: KeptConfigurationOptions) {
    this.#options = options;
  }

  addRevision(revision: NewConfigRevision): Promise<number> {
    return this.#ask({ kind: 'addRevision', revision });
  }

  revisions(limit: number): Promise<readonly ConfigRevision[]> {
    return this.#ask({ kind: 'revisions', limit });
  }

  async findRevision(number: number): Promise<ConfigRevision | undefined> {
    return (await this.#ask({ kind: 'findRevision', number })) ?? undefined;
  }

  async keepOverride(override: StoredOverride): Promise<void> {
    await this.#ask({ kind: 'keepOverride', override });
  }

  async forgetOverride(id: string): Promise<void> {
    await this.#ask({ kind: 'forgetOverride', id });
  }

  overrides(now: Millis): Promise<readonly StoredOverride[]> {
    return this.#ask({ kind: 'overrides', now });
  }

  answered(number: number, answer: { readonly value: Answer } | StoreFailure): void {
    const asked = this.#underWay.get(number);
    if (asked === undefined) return;
    this.#underWay.delete(number);
    if ('value' in answer) asked.resolve(answer.value);
    else asked.reject(new GatewayError(codeOf(answer), answer.message));
    this.#tellIfStored();
  }

  opened(): void {
    this.#isOpen = true;
    for (const asked of this.#waiting.splice(0)) this.#send(asked);
  }

  /** Whoever has asked the store is gone. */
  lost(): void {
    this.#isOpen = false;
    const lost = [...this.#underWay.values()];
    this.#underWay.clear();
    this.#waiting = [...lost, ...this.#waiting];
    this.#tellIfStored();
  }

  /** Resolves when nothing is under way. */
  async whenStored(): Promise<void> {
    if (this.#underWay.size === 0) return;
    await new Promise<void>((resolve) => this.#tellStored.push(resolve));
  }

  #ask<Ask extends ConfigurationAsk>(ask: Ask): Promise<ConfigurationAnswers[Ask['kind']]> {
    if (!this.#options.hasStore)
      return Promise.reject(new GatewayError('OMNI_STORE_UNAVAILABLE', 'There is no store'));
    return new Promise((resolve, reject) => {
      // Holds: the store answers what it was asked.
      const told = (answer: Answer): void => resolve(answer as ConfigurationAnswers[Ask['kind']]);
      this.#send({ ask, resolve: told, reject });
    });
  }

  #send(asked: Asked): void {
    if (this.#isOpen) {
      const number = ++this.#sent;
      this.#underWay.set(number, asked);
      this.#options.send(number, asked.ask);
    } else if (/* guard: coordinator/kept-configuration */ this.#waiting.length < MAX_WAITING)
      this.#waiting.push(asked);
    else asked.reject(new GatewayError('OMNI_STORE_UNAVAILABLE', 'The store is not open'));
  }

  #tellIfStored(): void {
    if (this.#underWay.size > 0) return;
    for (const tell of this.#tellStored.splice(0)) tell();
  }
}

function codeOf({ code }: StoreFailure): GatewayErrorCode {
  return isCode(code) ? code : 'OMNI_STORE_UNAVAILABLE';
}

function isCode(code: string): code is GatewayErrorCode {
  return Object.hasOwn(GATEWAY_ERRORS, code);
}
