import type {
  LifecycleNote,
  LifecycleSettings,
  UpstreamCommand,
  UpstreamEvent,
  UpstreamRecord,
} from '@omni/model';
import type {
  CallBeginning,
  CallToKeep,
  ConfigRevision,
  KeptCall,
  KeptCallLimits,
  KeptOutcome,
  Millis,
  NewConfigRevision,
  StoreBatch,
  StoredDefinition,
  StoredEvent,
  StoredList,
  StoredOverride,
  StoredUpstream,
} from '@omni/ports';

/** What a coordinator is started with. */
export interface CoordinatorData {
  /** Greater than that of every coordinator before: what another one decides is refused. */
  readonly epoch: number;
  /**
   * One `Int32`: the id of the upstream that is being handled, 0 for none. `null` where memory is not shared.
   */
  readonly mark: SharedArrayBuffer | null;
  /** What the store is opened by; `null`: there is none. */
  readonly store: unknown;
  /** `false` while a predecessor may still hold the store. */
  readonly mayOpenStore: boolean;
  /** From one look at what is defined in the store to the next. */
  readonly scanMs: Millis;
  /** How long the health log goes back. */
  readonly retentionMs: Millis;
}

/** From main to the coordinator. An `id` stands for one adoption: one upstream under one definition. */
export type ToCoordinator =
  | {
      readonly kind: 'adopt';
      readonly id: number;
      readonly record: UpstreamRecord;
      readonly settings: LifecycleSettings;
    }
  | { readonly kind: 'configure'; readonly id: number; readonly settings: LifecycleSettings }
  | { readonly kind: 'release'; readonly id: number }
  | { readonly kind: 'fact'; readonly id: number; readonly sequence: number; readonly event: UpstreamEvent }
  | { readonly kind: 'beat'; readonly number: number }
  | { readonly kind: 'openStore' }
  | { readonly kind: 'write'; readonly batch: StoreBatch }
  /** Events up to this one have been told to everybody. */
  | { readonly kind: 'published'; readonly sequence: number }
  | { readonly kind: 'list'; readonly list: StoredList }
  /** Each gets an answer with its number. */
  | { readonly kind: 'call'; readonly number: number; readonly ask: KeptCallAsk }
  | { readonly kind: 'configuration'; readonly number: number; readonly ask: ConfigurationAsk };

/** What the store is asked about configurations and overrides. */
export type ConfigurationAsk =
  | { readonly kind: 'addRevision'; readonly revision: NewConfigRevision }
  | { readonly kind: 'revisions'; readonly limit: number }
  | { readonly kind: 'findRevision'; readonly number: number }
  | { readonly kind: 'keepOverride'; readonly override: StoredOverride }
  | { readonly kind: 'forgetOverride'; readonly id: string }
  | { readonly kind: 'overrides'; readonly now: Millis };

/** What it answers, by what it was asked. */
export interface ConfigurationAnswers {
  readonly addRevision: number;
  readonly revisions: readonly ConfigRevision[];
  readonly findRevision: ConfigRevision | null;
  readonly keepOverride: null;
  readonly forgetOverride: null;
  readonly overrides: readonly StoredOverride[];
}

/** What the store is asked about one call. */
export type KeptCallAsk =
  | { readonly kind: 'begin'; readonly call: CallToKeep; readonly limits: KeptCallLimits }
  | {
      readonly kind: 'end';
      readonly id: string;
      readonly end: KeptOutcome;
      readonly limits: KeptCallLimits;
    }
  | { readonly kind: 'find'; readonly id: string; readonly now: Millis }
  | { readonly kind: 'forget'; readonly id: string };

/** What one event made of a record. */
export interface Change {
  readonly record: UpstreamRecord;
  readonly commands: readonly UpstreamCommand[];
  readonly notes: readonly LifecycleNote[];
}

/** Every fact has one decision; those without a fact come from time. */
export interface Decision {
  readonly kind: 'decision';
  readonly epoch: number;
  /** From 1, without a gap: a decision that was lost would be executed by nobody. */
  readonly number: number;
  readonly id: number;
  readonly fact: number | null;
  /** `null`: it has changed nothing. */
  readonly change: Change | null;
  /** By how much its times were shifted, because the clock has leapt; 0 for all other decisions. */
  readonly shiftedMs: Millis;
}

export interface StoreFailure {
  readonly code: string;
  readonly message: string;
}

/** `kept`: whether there was room for it. */
export type KeptCallResult =
  | CallBeginning
  | { readonly kind: 'kept'; readonly isKept: boolean }
  | { readonly kind: 'found'; readonly call: KeptCall | null };

/** From the coordinator to main. */
export type FromCoordinator =
  | { readonly kind: 'ready' }
  | Decision
  | { readonly kind: 'beat'; readonly number: number }
  | {
      readonly kind: 'storeOpened';
      readonly upstreams: readonly StoredUpstream[];
      readonly lists: readonly StoredList[];
    }
  | { readonly kind: 'storeFailed'; readonly failure: StoreFailure }
  | { readonly kind: 'written'; readonly key: string; readonly failure: StoreFailure | null }
  | { readonly kind: 'listSaved'; readonly failure: StoreFailure | null }
  | { readonly kind: 'callDone'; readonly number: number; readonly result: KeptCallResult | StoreFailure }
  | {
      readonly kind: 'configurationDone';
      readonly number: number;
      readonly answer: { readonly value: ConfigurationAnswers[ConfigurationAsk['kind']] } | StoreFailure;
    }
  /** From the outbox, in their order. */
  | { readonly kind: 'events'; readonly events: readonly StoredEvent[] }
  | { readonly kind: 'definitions'; readonly definitions: readonly StoredDefinition[] }
  /** Its work has failed in a way that nobody has foreseen. */
  | { readonly kind: 'failed'; readonly reason: string };
