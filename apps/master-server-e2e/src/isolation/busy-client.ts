import { canary, type CanaryOracle } from './canary-oracle.ts';
import type { SeededRandom } from './seeded-random.ts';

/** One connection as a client sees it. */
export interface ClientWire {
  send(text: string): void;
  close(): void;
}

/** Opens a connection for a principal. */
export type Connect = (principal: string, onMessage: (text: string) => void) => ClientWire;

/** What a client speaks: a legacy revision, with or without the ability to be asked, or the modern one. */
export interface Speech {
  readonly version: string;
  readonly canBeAsked: boolean;
}

export interface BusyClientOptions {
  readonly principal: string;
  readonly speech: Speech;
  readonly tools: readonly string[];
  readonly oracle: CanaryOracle;
  readonly random: SeededRandom;
  readonly connect: Connect;
  /** Whether there is more to do. */
  readonly goesOn: () => boolean;
}

const MODERN = '2026-07-28';
/** Every client uses these and no others. */
const IDS = ['0', '1', '2', '3', '"0"', '"1"', '"a"', '"é"'];

interface Message {
  readonly id?: unknown;
  readonly method?: string;
}

/**
 * A client that always has several calls under way, cancels some, uses ids again, and now and then
 * disconnects and returns as a new client.
 */
export class BusyClient {
  readonly done: Promise<void>;
  /** Calls cancelled and connections left. */
  cancels = 0;
  lives = 0;
  readonly #options: BusyClientOptions;
  readonly #running = new Map<string, number>();
  /** Ids of cancelled calls, by the barrier behind which they are free again. */
  readonly #behindBarrier = new Map<string, string>();
  #free: string[] = [];
  #serial = 0;
  #barriers = 0;
  #owner = '';
  #wire: ClientWire | undefined;
  #isReady = false;
  #resolveDone: () => void = () => {};

  constructor(options: BusyClientOptions) {
    this.#options = options;
    this.done = new Promise((resolve) => (this.#resolveDone = resolve));
  }

  start(): void {
    this.lives++;
    this.#owner = `${this.#options.principal}-${this.lives}`;
    this.#running.clear();
    this.#behindBarrier.clear();
    this.#free = [...IDS];
    const life = this.lives;
    this.#wire = this.#options.connect(this.#options.principal, (text) => {
      // What comes after the end of a connection has to be its own all the same.
      if (life === this.lives) this.#onMessage(text);
      else this.#options.oracle.look(`${this.#options.principal}-${life}`, text);
    });
    const { version, canBeAsked } = this.#options.speech;
    this.#isReady = version === MODERN;
    if (this.#isReady) return this.#fill();
    const capabilities = canBeAsked ? '{"sampling":{}}' : '{}';
    this.#send(
      `{"jsonrpc":"2.0","id":"hello","method":"initialize","params":{"protocolVersion":"${version}","capabilities":${capabilities},"clientInfo":{"name":"busy","version":"1"}}}`,
    );
  }

  #onMessage(text: string): void {
    const { oracle } = this.#options;
    oracle.look(this.#owner, text);
    // Omni sends JSON-RPC.
    const message = JSON.parse(text) as Message;
    if (message.method !== undefined)
      return message.id === undefined ? undefined : this.#onQuestion(message.id, text);
    const id = JSON.stringify(message.id);
    if (id === '"hello"') {
      this.#send('{"jsonrpc":"2.0","method":"notifications/initialized"}');
      this.#isReady = true;
    } else if (this.#behindBarrier.has(id)) {
      this.#free.push(this.#behindBarrier.get(id) ?? '');
      this.#behindBarrier.delete(id);
    } else {
      const serial = this.#running.get(id);
      // An answer may be on its way when its call is cancelled.
      if (serial === undefined) {
        if (![...this.#behindBarrier.values()].includes(id)) oracle.unasked(this.#owner, text);
        return;
      }
      oracle.lookAtAnswer(this.#owner, serial, text);
      this.#running.delete(id);
      this.#free.push(id);
    }
    this.#fill();
  }

  /** Answers what a server asks with what it said. */
  #onQuestion(id: unknown, text: string): void {
    const said = /canary:\w+-\w+:\d+/.exec(text)?.[0] ?? '';
    this.#send(
      `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"model":"none","role":"assistant","content":{"type":"text","text":"${said}"}}}`,
    );
  }

  #fill(): void {
    if (!this.#isReady) return;
    const { goesOn, random } = this.#options;
    if (goesOn() && random.oneIn(400)) {
      this.#wire?.close();
      return this.start();
    }
    while (goesOn() && this.#free.length > 0) this.#call(this.#free.shift() ?? '');
    if (!goesOn() && this.#running.size === 0) this.#resolveDone();
  }

  #call(id: string): void {
    const { random, tools, speech } = this.#options;
    const serial = ++this.#serial;
    this.#running.set(id, serial);
    const text = canary(this.#owner, serial);
    const progress = random.below(4);
    const args = `{"canary":"${text}","progress":${progress},"ask":${speech.canBeAsked && random.oneIn(5)}}`;
    // The same tokens everywhere.
    const token = progress === 0 ? '' : `"progressToken":${id}`;
    const tool = tools[random.below(tools.length)] ?? '';
    this.#send(
      `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"_meta":{${this.#envelope(token)}},"name":"${tool}","arguments":${args}}}`,
    );
    if (random.oneIn(25)) this.#cancel(id);
  }

  #cancel(id: string): void {
    this.cancels++;
    this.#running.delete(id);
    this.#send(
      `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${id},"reason":"${canary(this.#owner, this.#serial)}"}}`,
    );
    // Its answer may be on the way; behind the next answer of the gateway itself it cannot come any more.
    const barrier = `"barrier-${++this.#barriers}"`;
    this.#behindBarrier.set(barrier, id);
    const method = this.#options.speech.version === MODERN ? 'server/discover' : 'ping';
    const params = method === 'ping' ? '' : `,"params":{"_meta":{${this.#envelope('')}}}`;
    this.#send(`{"jsonrpc":"2.0","id":${barrier},"method":"${method}"${params}}`);
  }

  #envelope(token: string): string {
    if (this.#options.speech.version !== MODERN) return token;
    const envelope = `"io.modelcontextprotocol/protocolVersion":"${MODERN}","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"busy","version":"1"}`;
    return token === '' ? envelope : `${envelope},${token}`;
  }

  #send(text: string): void {
    this.#wire?.send(text);
  }
}
