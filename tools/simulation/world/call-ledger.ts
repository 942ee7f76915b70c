import type { Violations } from '../checks/violations.ts';

/** One call of a client, from the client's side and the server's. */
export interface LedgerCall {
  readonly token: string;
  readonly client: string;
  readonly principal: string;
  readonly host: string;
  /** Whether its client has declared what servers can make use of. */
  readonly isCapable: boolean;
  /** Its arguments as they were sent. */
  readonly argumentsText: string;
  received: number;
  readonly openedAtMs: number;
  /** When a server has received it; `undefined` while none has. */
  receivedAtMs: number | undefined;
  /** When its server has answered; `undefined` while it has not. */
  answeredAtMs: number | undefined;
  /** When nobody waited for it any more; `undefined` while somebody does. */
  abandonedAtMs: number | undefined;
}

/** So long may something outlive its owner. */
const OUTLIVES_MS = 5_000;

const TOKEN = /"token":"([^"]+)"/;

/**
 * Knows every call by the token in its arguments: a server receives it once at most, with the bytes that were
 * sent, and what it answers is the client's own.
 */
export class CallLedger {
  /** Why a server may not be called now; nothing where it may. */
  refusalOf: (host: string) => string | undefined = () => undefined;
  readonly #violations: Violations;
  readonly #nowMs: () => number;
  readonly #calls = new Map<string, LedgerCall>();
  readonly #maxUnderWay: number;
  /** By server: what it has received, and somebody waits for. */
  readonly #underWay = new Map<string, Set<string>>();
  #received = 0;

  /**
   * @param maxUnderWay - Calls of one server.
   * @param nowMs - Does not go on while the process stands still.
   */
  constructor(violations: Violations, maxUnderWay: number, nowMs: () => number) {
    this.#maxUnderWay = maxUnderWay;
    this.#violations = violations;
    this.#nowMs = nowMs;
  }

  /** Calls that reached a server. */
  get received(): number {
    return this.#received;
  }

  open(
    call: Pick<LedgerCall, 'token' | 'client' | 'principal' | 'host' | 'isCapable' | 'argumentsText'>,
  ): void {
    this.#calls.set(call.token, {
      ...call,
      received: 0,
      openedAtMs: this.#nowMs(),
      receivedAtMs: undefined,
      answeredAtMs: undefined,
      abandonedAtMs: undefined,
    });
  }

  /** From when it was made to when its server received it; 0 where none has. */
  waitedMs(token: string): number {
    const { openedAtMs = 0, receivedAtMs = openedAtMs } = this.#calls.get(token) ?? {};
    return receivedAtMs - openedAtMs;
  }

  /** For how long its server has answered it; 0 where it has not. */
  answeredForMs(token: string): number {
    const { answeredAtMs } = this.#calls.get(token) ?? {};
    return answeredAtMs === undefined ? 0 : this.#nowMs() - answeredAtMs;
  }

  /** Its server has sent the answer, or what Omni has to take for one. */
  onAnswered(text: string): void {
    const call = this.#calls.get(TOKEN.exec(text)?.[1] ?? '');
    if (call === undefined) return;
    call.answeredAtMs ??= this.#nowMs();
    this.onOver(call.token);
  }

  /** Nobody waits for it any more, or knows whether somebody does. */
  onOver(token: string): void {
    this.#underWay.get(this.#calls.get(token)?.host ?? '')?.delete(token);
  }

  /** Its client has given it up, or is gone. */
  abandon(token: string): void {
    const call = this.#calls.get(token);
    if (call !== undefined) call.abandonedAtMs ??= this.#nowMs();
    this.onOver(token);
  }

  /** A server still works on it. */
  onWorked(text: string): void {
    const call = this.#calls.get(TOKEN.exec(text)?.[1] ?? '');
    if (call?.abandonedAtMs === undefined) return;
    const forMs = this.#nowMs() - call.abandonedAtMs;
    if (forMs > OUTLIVES_MS)
      this.#violations.add(
        'I7',
        `"${call.host}" still works on ${call.token}, ${forMs} ms after its client left it`,
      );
  }

  #count(host: string, token: string): void {
    const underWay = this.#underWay.get(host) ?? new Set();
    this.#underWay.set(host, underWay.add(token));
    if (underWay.size > this.#maxUnderWay)
      this.#violations.add('I10', `"${host}" has ${underWay.size} calls of ${this.#maxUnderWay}`);
  }

  /** @returns The call that a server has received; nothing where it carries no token. */
  onReceived(host: string, text: string): LedgerCall | undefined {
    const token = TOKEN.exec(text)?.[1];
    if (token === undefined) return undefined;
    this.#received++;
    const refusal = this.refusalOf(host);
    if (refusal !== undefined) this.#violations.add('I4', `"${host}" received ${token} while ${refusal}`);
    const call = this.#calls.get(token);
    if (call === undefined) {
      this.#violations.add('I2', `"${host}" received a call that nobody has made: ${token}`);
      return undefined;
    }
    call.receivedAtMs ??= this.#nowMs();
    if (call.abandonedAtMs === undefined) this.#count(host, token);
    const leftForMs = this.#nowMs() - (call.abandonedAtMs ?? Infinity);
    if (leftForMs > 0)
      this.#violations.add('I7', `"${host}" received ${token}, ${leftForMs} ms after its client left it`);
    if (++call.received > 1) this.#violations.add('I3', `"${host}" received ${token} ${call.received} times`);
    if (call.host !== host)
      this.#violations.add('I2', `"${host}" received ${token}, which is for "${call.host}"`);
    if (!text.includes(call.argumentsText))
      this.#violations.add('I12', `"${host}" received other arguments of ${token} than were sent`);
    return call;
  }
}

/** The part of a result that must arrive as it is written here: numbers, spaces and escapes included. */
export function resultMark(token: string, host: string): string {
  return `{ "token":"${token}","host":"${host}","exact":1.10e+2,"big":9007199254740993,"list":[1 , -0.0],"text":"\\u00e9\\/" }`;
}
