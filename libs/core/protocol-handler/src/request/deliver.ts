/** The way to a client outside of its requests: its channel, or the standalone stream of its session. */
export interface ClientOutlet {
  /** Sends it, at once or when the client listens again. */
  send(text: string): void;
  /** @returns `false` when the client would not hear it now. */
  sendNow(text: string): boolean;
  /** Breaks off what cannot be written to. */
  destroy(): void;
}

/**
 * Tells a client what belongs to none of its requests: changes of lists and resources, notifications of its
 * servers.
 */
export function deliver(outlet: ClientOutlet, text: string): void {
  try {
    outlet.send(text);
  } catch {
    // It is told to many clients: one that is broken ends alone.
    outlet.destroy();
  }
}

/** Tells it now or not at all: what is stale later on, and what would wait in vain for an answer. */
export function deliverNow(outlet: ClientOutlet, text: string): boolean {
  return outlet.sendNow(text);
}
