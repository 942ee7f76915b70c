import type { Outcome } from '@omni/model';
import type { MessageChannel } from '@omni/ports';
import type { BatchTarget } from '../legacy/batch-collector.ts';
import { answerText } from '../request/answer-text.ts';
import type { ClientOutlet } from '../request/deliver.ts';
import type { ResponseWriter } from '../request/response-writer.ts';

const LINE_BREAKS = /[\r\n]+/g;

/** Writes everything that one client gets on a channel that carries everything: stdio, sockets, memory. */
export class ChannelWriter implements ResponseWriter, ClientOutlet, BatchTarget {
  readonly #channel: MessageChannel;
  readonly #giveUp: (why: string) => void;

  /** @param giveUp - Closes the connection of a client that cannot be told anything any more. */
  constructor(channel: MessageChannel, giveUp: (why: string) => void) {
    this.#channel = channel;
    this.#giveUp = giveUp;
  }

  send(text: string): void {
    // Line breaks in JSON stand between tokens only; the framing needs one line.
    // guard: channel/one-line
    const line = text.includes('\n') || text.includes('\r') ? text.replace(LINE_BREAKS, ' ') : text;
    let isTaken: boolean;
    try {
      isTaken = this.#channel.send(line);
    } catch {
      // A transport of somebody else's; what runs for other clients must not end here.
      return this.#giveUp('the transport of a client throws when it is sent something; it is closed');
    }
    // guard: channel/slow-reader
    if (isTaken) return;
    this.#giveUp('a client does not read its messages; its connection is closed');
  }

  sendNow(text: string): true {
    this.send(text);
    return true;
  }

  /** Never holds a server back: the channel has a limit of its own. */
  notification(text: string): true {
    return this.sendNow(text);
  }

  serverRequest(text: string): true {
    return this.sendNow(text);
  }

  onDrain(listener: () => void): void {
    listener();
  }

  keepWaiting(): void {}

  write(id: string, outcome: Outcome): void {
    const text = answerText(id, outcome);
    if (text !== undefined) this.send(text);
  }

  answerBatch(answers: string): void {
    if (answers !== '') this.send(answers);
  }

  destroy(): void {
    this.#giveUp('an answer could not be written; the connection is closed');
  }
}
