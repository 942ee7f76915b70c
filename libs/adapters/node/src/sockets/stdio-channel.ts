import type { Readable, Writable } from 'node:stream';
import { type ChannelListener, GatewayError, type MessageChannel, type OpenChannel } from '@omni/ports';
import { CLIENT_BACKLOG_BYTES } from './client-backlog.ts';
import { LineSplitter } from './line-splitter.ts';
import { LineWriter } from './line-writer.ts';

/** Settings of {@link stdioChannel}. */
export interface StdioChannelOptions {
  /** Usually `process.stdin`. */
  readonly input: Readable;
  /** Usually `process.stdout`; nothing else may write to it. */
  readonly output: Writable;
  /** Longest line that is read. Default 16 MiB. */
  readonly maxMessageBytes?: number;
  /** Bytes that may wait for the other side to read them. Default 64 MiB. */
  readonly maxBacklogBytes?: number;
}

const DEFAULT_MESSAGE_BYTES = 16 * 1_048_576;

/**
 * The channel over a process's standard streams (MCP, basic/transports, "stdio").
 *
 * When the input ends `onClose` is called, yet `send` works on until the channel is closed: whoever pipes
 * requests in still wants the answers.
 */
export function stdioChannel(options: StdioChannelOptions): OpenChannel {
  return (listener) => new StdioChannel(listener, options);
}

class StdioChannel implements MessageChannel {
  readonly #listener: ChannelListener;
  readonly #input: Readable;
  readonly #splitter: LineSplitter;
  readonly #writer: LineWriter;
  #isEnded = false;

  constructor(listener: ChannelListener, options: StdioChannelOptions) {
    this.#listener = listener;
    const { input, output } = options;
    this.#input = input;
    this.#splitter = new LineSplitter(listener, options.maxMessageBytes ?? DEFAULT_MESSAGE_BYTES);
    this.#writer = new LineWriter(output, options.maxBacklogBytes ?? CLIENT_BACKLOG_BYTES);
    this.#input.on('data', this.#onData);
    this.#input.on('end', () => this.#end(undefined));
    this.#input.on('close', () => this.#end(undefined));
    this.#input.on('error', (cause) =>
      this.#end(new GatewayError('OMNI_INTERNAL', 'Standard input cannot be read', { cause })),
    );
    // A reader that went away is an ordinary end.
    output.on('error', () => {
      this.#writer.abandon();
      this.#end(undefined);
    });
  }

  send(text: string): boolean {
    return this.#writer.send(text);
  }

  async close(): Promise<void> {
    await this.#writer.finish();
    this.#end(undefined);
    this.#input.destroy();
  }

  readonly #onData = (chunk: Buffer): void => {
    if (!this.#isEnded) this.#splitter.push(chunk);
  };

  #end(reason: GatewayError | undefined): void {
    if (this.#isEnded) return;
    this.#splitter.end();
    this.#isEnded = true;
    this.#listener.onClose(reason);
  }
}
