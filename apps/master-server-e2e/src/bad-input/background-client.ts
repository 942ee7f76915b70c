import { connect, type Socket } from 'node:net';
import { AnswerReader } from './raw-http.ts';
import { callText, echoed, modernPost } from './request-bytes.ts';
import type { GoodClient } from './oracle.ts';

export interface BackgroundClientOptions {
  readonly port: number;
  /** Exposed name of an echo tool on a server that nobody else calls. */
  readonly tool: string;
}

const ANSWER_MS = 10_000;
/** Calls go one after the other with a pause, so that the client itself is no load. */
const PAUSE_MS = 5;

/** A well-behaved client that calls and checks every answer until it is stopped. */
export class BackgroundClient implements GoodClient {
  readonly #options: BackgroundClientOptions;
  readonly #failures: string[] = [];
  readonly #latencies: number[] = [];
  #isStopped = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: BackgroundClientOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop = this.#run();
  }

  readonly failures = (): readonly string[] => this.#failures;

  /** Calls so far, and their median, 99th percentile and worst latency in milliseconds. */
  summary(): { readonly calls: number; readonly p50: number; readonly p99: number; readonly worst: number } {
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    const at = (part: number): number =>
      Math.round((sorted[Math.floor((sorted.length - 1) * part)] ?? 0) * 10) / 10;
    return { calls: sorted.length, p50: at(0.5), p99: at(0.99), worst: at(1) };
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { port, tool } = this.#options;
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.on('error', () => {});
    for (let call = 1; !this.#isStopped && this.#failures.length < 20; call++) {
      const startedAt = performance.now();
      const marker = `{"good":${call}}`;
      const bytes = modernPost(
        callText({ id: String(call), name: JSON.stringify(tool), args: echoed(marker) }),
        [['Mcp-Name', tool]],
      );
      const problem = await roundTrip(socket, bytes, marker);
      this.#latencies.push(performance.now() - startedAt);
      if (problem !== undefined) this.#failures.push(`call ${call}: ${problem}`);
      if (socket.destroyed) break;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    socket.destroy();
  }
}

function roundTrip(socket: Socket, bytes: Buffer, marker: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const reader = new AnswerReader();
    const finish = (problem: string | undefined): void => {
      clearTimeout(timer);
      socket.off('data', onData).off('close', onClose);
      resolve(problem);
    };
    const onClose = (): void => finish('the connection was closed');
    const onData = (chunk: Buffer): void => {
      reader.push(chunk);
      const [answer] = reader.answers;
      if (answer === undefined) return;
      const isRight = answer.status === 200 && answer.body.includes(marker);
      finish(isRight ? undefined : `${answer.status} ${answer.body.toString().slice(0, 200)}`);
    };
    const timer = setTimeout(() => finish(`no answer within ${ANSWER_MS} ms`), ANSWER_MS);
    if (socket.destroyed) return onClose();
    socket.on('data', onData).on('close', onClose);
    socket.write(bytes);
  });
}
