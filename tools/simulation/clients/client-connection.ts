/** What a simulated client is told by its connection. */
export interface ClientListener {
  onMessage(text: string): void;
  /**
   * An exchange or the whole connection has ended: what was asked on it and has no answer gets none.
   *
   * @param id - Of the request that the exchange was for; absent when all is over.
   */
  onOver(id: number | undefined): void;
  /** Something follows a complete answer. */
  onMore(): void;
}

/** The way of a client to the gateway. */
export interface ClientConnection {
  /** @returns Whether it was taken. */
  request(id: number, method: string, text: string, name?: string): boolean;
  notify(text: string): void;
  /** Gives a request up in the way of the transport. */
  cancel(id: number): void;
  /** @param isSilent - Whether it goes away without a word. */
  close(isSilent: boolean): void;
}

export const MODERN_VERSION = '2026-07-28';
export const LEGACY_VERSION = '2025-11-25';
