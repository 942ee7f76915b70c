import type { ChannelListener, OpenChannel } from '@omni/ports';
import type { CanaryOracle } from './canary-oracle.ts';
import type { SeededRandom } from './seeded-random.ts';

export interface TalkingUpstreamOptions {
  readonly era: 'legacy' | 'modern';
  readonly random: SeededRandom;
  /** Looks at what reaches an instance that belongs to one session. */
  readonly oracle: CanaryOracle;
}

const MODERN = '2026-07-28';

interface Call {
  readonly id: string;
  readonly params: {
    readonly arguments: { readonly canary: string; readonly progress?: number; readonly ask?: boolean };
    readonly _meta?: { readonly progressToken?: unknown };
  };
}

interface Received {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: {
    readonly protocolVersion?: string;
    readonly capabilities?: { readonly sampling?: object };
  };
}

/**
 * A server in this process that answers in another order than it was asked, reports progress, logs, asks
 * back, and answers cancelled calls too.
 */
export function talkingUpstream(options: TalkingUpstreamOptions): OpenChannel {
  return (listener) => {
    const instance = new Instance(options, listener);
    return {
      send: (text) => {
        queueMicrotask(() => instance.receive(text));
        return true;
      },
      close: () => {
        instance.isClosed = true;
        listener.onClose(undefined);
        return Promise.resolve();
      },
    };
  };
}

class Instance {
  isClosed = false;
  readonly #options: TalkingUpstreamOptions;
  readonly #listener: ChannelListener;
  #open: Call[] = [];
  readonly #asked = new Map<string, Call>();
  #lastQuestion = 0;
  #isScheduled = false;
  /** Whose instance this is, once a call has come; `undefined` while it is shared. */
  #owner: string | undefined;
  #isOwned = false;

  constructor(options: TalkingUpstreamOptions, listener: ChannelListener) {
    this.#options = options;
    this.#listener = listener;
  }

  receive(text: string): void {
    // Omni sends JSON-RPC.
    const message = JSON.parse(text) as Received;
    if (this.#isOwned) this.#lookAt(text);
    if (message.method === undefined) return this.#onReply(String(message.id), text);
    if (message.id === undefined) return;
    const id = JSON.stringify(message.id);
    switch (message.method) {
      case 'initialize':
        if (this.#options.era === 'modern')
          return this.#send(`{"jsonrpc":"2.0","id":${id},"error":{"code":-32601,"message":"unknown"}}`);
        this.#isOwned = message.params?.capabilities?.sampling !== undefined;
        return this.#result(
          id,
          `"protocolVersion":${JSON.stringify(message.params?.protocolVersion)},"capabilities":{"tools":{},"logging":{}},"serverInfo":{"name":"t","version":"1"}`,
        );
      case 'server/discover':
        if (this.#options.era === 'legacy')
          return this.#send(`{"jsonrpc":"2.0","id":${id},"error":{"code":-32601,"message":"unknown"}}`);
        return this.#result(
          id,
          `"supportedVersions":["${MODERN}"],"capabilities":{"tools":{}},"ttlMs":60000,"cacheScope":"private"`,
        );
      case 'tools/list':
        return this.#result(
          id,
          '"tools":[{"name":"talk","inputSchema":{"type":"object"}}],"ttlMs":60000,"cacheScope":"private"',
        );
      case 'tools/call':
        // The clients of these tests call nothing but "talk".
        this.#open.push({ id, params: message.params as Call['params'] });
        return this.#schedule();
      default:
        return this.#result(id, '');
    }
  }

  /** What a client answered to a question has to hold what the question held. */
  #onReply(id: string, text: string): void {
    const call = this.#asked.get(id);
    this.#asked.delete(id);
    if (call === undefined) return;
    this.#options.oracle.look(ownerIn(call.params.arguments.canary), text);
    this.#open.push({ ...call, params: { arguments: { canary: call.params.arguments.canary } } });
    this.#schedule();
  }

  #lookAt(text: string): void {
    this.#owner ??= /canary:(\w+-\w+):/.exec(text)?.[1];
    if (this.#owner !== undefined) this.#options.oracle.look(this.#owner, text);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      const { random } = this.#options;
      const calls = this.#open.toSorted(() => random.below(3) - 1);
      // Some wait for the next turn.
      const now = calls.length > 2 ? calls.splice(0, Math.ceil((calls.length * 2) / 3)) : calls.splice(0);
      this.#open = calls;
      for (const call of now) this.#serve(call);
      if (this.#open.length > 0) this.#schedule();
    });
  }

  #serve({ id, params }: Call): void {
    if (this.isClosed) return;
    const { canary, progress = 0, ask = false } = params.arguments;
    const token = JSON.stringify(params._meta?.progressToken ?? null);
    for (let step = 1; step <= progress; step++) {
      this.#send(
        `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${token},"progress":${step},"message":"${canary}"}}`,
      );
    }
    // On a connection that several clients share, nobody can tell whose it is.
    if (progress > 1)
      this.#send(
        `{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error","data":"${canary}"}}`,
      );
    if (ask && this.#isOwned) {
      const question = `q${++this.#lastQuestion}`;
      this.#asked.set(question, { id, params });
      const messages = `[{"role":"user","content":{"type":"text","text":"${canary}"}}]`;
      return this.#send(
        `{"jsonrpc":"2.0","id":"${question}","method":"sampling/createMessage","params":{"messages":${messages},"maxTokens":1}}`,
      );
    }
    if (this.#options.random.oneIn(20))
      return this.#send(`{"jsonrpc":"2.0","id":${id},"error":{"code":-32000,"message":"${canary}"}}`);
    this.#result(
      id,
      `"content":[{"type":"text","text":"${canary}"}],"structuredContent":{"echo":"${canary}"}`,
    );
  }

  #result(id: string, members: string): void {
    const type = this.#options.era === 'modern' ? `"resultType":"complete"${members === '' ? '' : ','}` : '';
    this.#send(`{"jsonrpc":"2.0","id":${id},"result":{${type}${members}}}`);
  }

  #send(text: string): void {
    if (!this.isClosed) this.#listener.onMessage(text);
  }
}

function ownerIn(text: string): string {
  return /canary:(\w+-\w+):/.exec(text)?.[1] ?? '';
}
