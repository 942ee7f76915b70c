import {
  type CallBeginning,
  type CallToKeep,
  GATEWAY_ERRORS,
  GatewayError,
  type GatewayErrorCode,
  type KeptCall,
  type KeptCallLimits,
  type KeptOutcome,
  type Millis,
} from '@omni/ports';
import type { CallMemory } from './collaborators.ts';
import type { KeptCallAsk, KeptCallResult, StoreFailure } from './messages.ts';

/** Outcomes that wait for a store that cannot be written. */
const MAX_WAITING = 1_000;
const MAX_WAITING_BYTES = 67_108_864;

export interface KeptCallsOptions {
  readonly hasStore: boolean;
  readonly send: (number: number, ask: KeptCallAsk) => void;
}

interface Ask {
  readonly ask: KeptCallAsk;
  readonly resolve: (result: KeptCallResult) => void;
  readonly reject: (error: GatewayError) => void;
}

/**
 * Calls that must not be made twice, on their way to the store. What begins is refused while there is no
 * store; what has ended waits for the next one, as long as there is room.
 */
export class KeptCalls implements CallMemory {
  readonly #options: KeptCallsOptions;
  readonly #underWay = new Map<number, Ask>();
  /** Of calls that have ended. */
  readonly #waiting = new Set<Ask>();
  #waitingBytes = 0;
  #sent = 0;
  #isOpen = false;
  #tellStored: (() => void)[] = [];

  constructor(options: KeptCallsOptions) {
    this.#options = options;
  }

  async begin(call: CallToKeep, limits: KeptCallLimits): Promise<CallBeginning> {
    if (!this.#options.hasStore)
      throw new GatewayError('OMNI_IDEMPOTENCY_UNAVAILABLE', 'There is no store for what the call does');
    if (!this.#isOpen) throw unwritten('The store is not open');
    const result = await this.#ask({ kind: 'begin', call, limits });
    if (result.kind === 'kept' || result.kind === 'found') throw strange();
    return result;
  }

  async end(id: string, end: KeptOutcome, limits: KeptCallLimits): Promise<boolean> {
    const result = await this.#ask({ kind: 'end', id, end, limits });
    return result.kind === 'kept' && result.isKept;
  }

  async find(id: string, now: Millis): Promise<KeptCall | undefined> {
    if (!this.#options.hasStore) return undefined;
    if (!this.#isOpen) throw unread('The store is not open');
    const result = await this.#ask({ kind: 'find', id, now });
    if (result.kind !== 'found') throw strange();
    return result.call ?? undefined;
  }

  async forget(id: string): Promise<void> {
    await this.#ask({ kind: 'forget', id });
  }

  answered(number: number, result: KeptCallResult | StoreFailure): void {
    const asked = this.#underWay.get(number);
    if (asked === undefined) return;
    this.#underWay.delete(number);
    if ('kind' in result) {
      asked.resolve(result);
      this.retry();
    } else if (mustWait(asked.ask)) this.#wait(asked);
    else asked.reject(asked.ask.kind === 'find' ? unread('The store failed') : errorOf(result));
    this.#tellIfStored();
  }

  opened(): void {
    this.#isOpen = true;
    this.retry();
  }

  /** Whoever writes is gone. What was under way is written again by the next one, or was not begun. */
  lost(): void {
    this.#isOpen = false;
    for (const [number, asked] of [...this.#underWay]) {
      this.#underWay.delete(number);
      if (mustWait(asked.ask)) this.#wait(asked);
      else asked.reject((asked.ask.kind === 'find' ? unread : unwritten)('The store went away'));
    }
    this.#tellIfStored();
  }

  /** The store can be written again. */
  retry(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    this.#waitingBytes = 0;
    for (const asked of waiting) this.#send(asked);
  }

  /** Resolves when every outcome is stored, or cannot be for now. */
  async whenStored(): Promise<void> {
    if (this.#underWay.size === 0) return;
    await new Promise<void>((resolve) => this.#tellStored.push(resolve));
  }

  #ask(ask: KeptCallAsk): Promise<KeptCallResult> {
    return new Promise((resolve, reject) => this.#send({ ask, resolve, reject }));
  }

  #send(asked: Ask): void {
    if (!this.#isOpen) return this.#wait(asked);
    const number = ++this.#sent;
    this.#underWay.set(number, asked);
    this.#options.send(number, asked.ask);
  }

  #wait(asked: Ask): void {
    const bytes = bytesOf(asked.ask);
    // guard: coordinator/kept-calls
    if (this.#waiting.size >= MAX_WAITING || this.#waitingBytes + bytes > MAX_WAITING_BYTES)
      return asked.reject(unwritten('The store cannot be written'));
    this.#waiting.add(asked);
    this.#waitingBytes += bytes;
  }

  #tellIfStored(): void {
    if (this.#underWay.size > 0) return;
    for (const tell of this.#tellStored.splice(0)) tell();
  }
}

function bytesOf(ask: KeptCallAsk): number {
  return ask.kind === 'end' ? ask.end.outcome.length + (ask.end.payload?.length ?? 0) : 0;
}

/** Whether it is about what has happened: it is told to the next store. */
function mustWait({ kind }: KeptCallAsk): boolean {
  return kind === 'end' || kind === 'forget';
}

function strange(): GatewayError {
  return new GatewayError('OMNI_INTERNAL', 'The store has answered for another call');
}

function unread(why: string): GatewayError {
  return new GatewayError('OMNI_STORE_UNAVAILABLE', `${why}, so nobody can say how the call ended`);
}

/** What the store says of itself, such as a path, is none of the client's business. */
function errorOf({ code, message }: StoreFailure): GatewayError {
  const cause = new GatewayError(isCode(code) ? code : 'OMNI_STORE_UNAVAILABLE', message);
  return cause.code === 'OMNI_IDEMPOTENCY_UNAVAILABLE' ? cause : unwritten('The store failed', cause);
}

function unwritten(why: string, cause?: GatewayError): GatewayError {
  return new GatewayError('OMNI_STORE_UNAVAILABLE', `${why}, so the call was not made`, { cause });
}

function isCode(code: string): code is GatewayErrorCode {
  return Object.hasOwn(GATEWAY_ERRORS, code);
}
