import type { GatewayError } from '@omni/ports';
import { emptyBuffer } from './empty-buffer.ts';

/** Text of a message, whatever else is known of it. */
export interface MessageText {
  readonly text: string;
}

/** Answers a request that was made to the client. */
export type AnswerServerRequest<Message> = (answer: Message | GatewayError) => void;

/** What a call was answered with. */
export type CallAnswer<Message> =
  | { readonly kind: 'message'; readonly message: Message; readonly status: number }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly status: number };

/** How far a call had come when it failed. */
export type CallPhase = 'not-sent' | 'sent' | 'head-received';

/** How an answer begins that goes on while it comes. */
export interface AnswerHead {
  readonly status: number;
  readonly length: number | undefined;
  readonly isError: boolean;
  readonly isKept: boolean;
}

/** Notes down an answer that comes in chunks. */
export class RecordingChunks {
  readonly log: string[] = [];
  /** The bytes so far, as text. */
  text = '';
  /** What `onChunk` returns; `false` plays a slow reader. */
  isFast = true;
  readonly #decoder = new TextDecoder();
  #isKept = true;

  onResponseHead({ status, length, isError, isKept }: AnswerHead): void {
    this.#isKept = isKept;
    this.log.push(`${isError ? 'error' : 'result'} ${status} of ${length ?? 'unknown'} bytes`);
  }

  onChunk(bytes: Uint8Array): boolean {
    this.text += this.#decoder.decode(bytes, { stream: true });
    if (!this.#isKept) emptyBuffer(bytes);
    return this.isFast;
  }

  onResponseEnd(): void {
    this.log.push('end');
  }
}

/** Notes down what happens to a call, in order; fits the listener of a call to an upstream. */
export class RecordingCall<Message extends MessageText = MessageText> {
  /** E.g. `notification {…}`, `answer 200 {…}`, `failure OMNI_UPSTREAM_DOWN`. */
  readonly log: string[] = [];
  readonly serverRequests: Array<{
    readonly message: Message;
    readonly answer: AnswerServerRequest<Message>;
    readonly signal: AbortSignal | undefined;
  }> = [];
  failure: GatewayError | undefined;
  /** How far it had come when it failed. */
  phase: CallPhase | undefined;
  /** Set by a test whose call takes answers in chunks. */
  chunks: RecordingChunks | undefined;
  /** What `onNotification` returns; `false` plays a slow reader. */
  isFast = true;
  readonly #drains: Array<() => void> = [];

  /** The last line of the log. */
  get last(): string | undefined {
    return this.log.at(-1);
  }

  onNotification(message: Message): boolean {
    this.log.push(`notification ${message.text}`);
    return this.isFast;
  }

  onDrain(listener: () => void): void {
    this.#drains.push(listener);
  }

  /** The slow reader has caught up. */
  drain(): void {
    for (const listener of this.#drains.splice(0)) listener();
  }

  onServerRequest(message: Message, answer: AnswerServerRequest<Message>, signal?: AbortSignal): void {
    this.log.push(`question ${message.text}`);
    this.serverRequests.push({ message, answer, signal });
  }

  onAnswer(answer: CallAnswer<Message>): void {
    const text = answer.kind === 'message' ? answer.message.text : new TextDecoder().decode(answer.bytes);
    this.log.push(`${answer.kind === 'bytes' ? 'bytes' : 'answer'} ${answer.status} ${text}`);
  }

  onFailure(error: GatewayError, phase: CallPhase): void {
    this.failure = error;
    this.phase = phase;
    this.log.push(`failure ${error.code}`);
  }
}
