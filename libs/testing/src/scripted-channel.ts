import type { ChannelListener, GatewayError, MessageChannel, OpenChannel } from '@omni/ports';

/** A message that a {@link ScriptedInstance} received: its text, and what stands in it. */
export interface ScriptedMessage {
  readonly text: string;
  readonly id: unknown;
  readonly method: string | undefined;
  readonly params: Readonly<Record<string, unknown>>;
}

/** One instance of a scripted server. */
export class ScriptedInstance implements MessageChannel {
  readonly received: ScriptedMessage[] = [];
  /** What {@link send} returns; `false` plays a full backlog. */
  takes = true;
  /** Takes nothing more and has not told its end yet, which {@link exit} does. */
  hasLeft = false;
  #listener: ChannelListener | undefined;
  readonly #script: (message: ScriptedMessage, instance: ScriptedInstance) => void;

  constructor(
    listener: ChannelListener,
    script: (message: ScriptedMessage, instance: ScriptedInstance) => void,
  ) {
    this.#listener = listener;
    this.#script = script;
  }

  get isOpen(): boolean {
    return this.#listener !== undefined && !this.hasLeft;
  }

  /** The last received message of this method. */
  last(method: string): ScriptedMessage | undefined {
    return this.received.findLast((message) => message.method === method);
  }

  /** Sends a text to the client, at once. */
  emit(text: string): void {
    this.#listener?.onMessage(text);
  }

  /** Answers a request; `result` is JSON. */
  reply(message: ScriptedMessage, result: string): void {
    this.emit(`{"jsonrpc":"2.0","id":${JSON.stringify(message.id)},"result":${result}}`);
  }

  /** Answers a request with an error; `data` is JSON. */
  refuse(message: ScriptedMessage, code: number, data = 'null'): void {
    this.emit(
      `{"jsonrpc":"2.0","id":${JSON.stringify(message.id)},"error":{"code":${code},"message":"refused","data":${data}}}`,
    );
  }

  /** Ends by itself. */
  exit(reason: GatewayError | undefined): void {
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.onClose(reason);
  }

  send(text: string): boolean {
    if (!this.isOpen || !this.takes) return false;
    const message = readMessage(text);
    this.received.push(message);
    queueMicrotask(() => {
      if (this.#listener !== undefined) this.#script(message, this);
    });
    return true;
  }

  close(): Promise<void> {
    queueMicrotask(() => this.exit(undefined));
    return Promise.resolve();
  }
}

/** A server behind a channel that does what a script says; every opening is a new instance. */
export class ScriptedServer {
  readonly instances: ScriptedInstance[] = [];
  readonly open: OpenChannel;

  constructor(script: (message: ScriptedMessage, instance: ScriptedInstance) => void) {
    this.open = (listener) => {
      const instance = new ScriptedInstance(listener, script);
      this.instances.push(instance);
      return instance;
    };
  }
}

function readMessage(text: string): ScriptedMessage {
  // Tests send messages; what is no object shows as one without members.
  const value = JSON.parse(text) as { id?: unknown; method?: string; params?: Record<string, unknown> };
  return { text, id: value.id, method: value.method, params: value.params ?? {} };
}
