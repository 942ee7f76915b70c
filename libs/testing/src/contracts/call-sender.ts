import type { GatewayError } from '@omni/ports';
import type { AnswerHead, AnswerServerRequest, CallAnswer, CallPhase } from '../recording-call.ts';

/** Takes an answer while it comes. */
export interface Chunks {
  onResponseHead(head: AnswerHead): void;
  onChunk(bytes: Uint8Array): boolean;
  onResponseEnd(): void;
}

/** Told what happens to a call. */
export interface Handler<Message> {
  onNotification(message: Message): boolean;
  onDrain(listener: () => void): void;
  onServerRequest(message: Message, answer: AnswerServerRequest<Message>, signal?: AbortSignal): void;
  onAnswer(answer: CallAnswer<Message>): void;
  onFailure(error: GatewayError, phase: CallPhase): void;
  readonly chunks?: Chunks | undefined;
}

/** Sends a call; the shape of `SendCall`, whatever its calls and messages are. */
export type Send<Call, Message> = (
  call: Call,
  handler: Handler<Message>,
) => { cancel(reason?: string): void };
