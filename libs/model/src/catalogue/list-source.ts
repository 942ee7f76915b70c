import type { GatewayError } from '@omni/ports';
import type { ClientContext } from '../client/client-context.ts';
import type { UpstreamConnection } from '../call/upstream-call.ts';

/** What an upstream lists to some clients is read from here. */
export interface ListSource {
  readonly connection: UpstreamConnection;
  /**
   * Client capabilities that a modern upstream is told with each request, as JSON; a legacy one was told them
   * at its start.
   */
  readonly capabilities: string;
  /** Whether it can be read again. */
  isOpen(): boolean;
  /** Nothing is read from it for now. */
  release(): void;
}

/** The part of the upstreams' connections that reading for some clients needs. */
export interface ListSources {
  /** Whether the instance that all clients share is up. */
  isUp(upstream: string): boolean;
  /** @param done - Told what to read for this client; `undefined` when it is what all clients see. */
  open(
    upstream: string,
    client: ClientContext,
    done: (result: ListSource | undefined | GatewayError) => void,
  ): void;
  /** The same of what is open already. */
  find(upstream: string, client: ClientContext): ListSource | undefined;
}
