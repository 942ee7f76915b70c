import type { Violations } from '../checks/violations.ts';

/** One call of a client, from the client's side and the server's. */
export interface LedgerCall {
  readonly token: string;
  readonly client: string;
  readonly host: string;
  /** Its arguments as they were sent. */
  readonly argumentsText: string;
  received: number;
}

const TOKEN = /"token":"([^"]+)"/;

/**
 * Knows every call by the token in its arguments: a server receives it once at most, with the bytes that were
 * sent, and what it answers is the client's own.
 */
export class CallLedger {
  readonly #violations: Violations;
  readonly #calls = new Map<string, LedgerCall>();
  #received = 0;

  constructor(violations: Violations) {
    this.#violations = violations;
  }

  /** Calls that reached a server. */
  get received(): number {
    return this.#received;
  }

  get sent(): number {
    return this.#calls.size;
  }

  open(call: Omit<LedgerCall, 'received'>): LedgerCall {
    const opened = { ...call, received: 0 };
    this.#calls.set(call.token, opened);
    return opened;
  }

  /** @returns The call that a server has received; nothing where it carries no token. */
  onReceived(host: string, text: string): LedgerCall | undefined {
    const token = TOKEN.exec(text)?.[1];
    if (token === undefined) return undefined;
    this.#received++;
    const call = this.#calls.get(token);
    if (call === undefined) {
      this.#violations.add('I2', `"${host}" received a call that nobody has made: ${token}`);
      return undefined;
    }
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
