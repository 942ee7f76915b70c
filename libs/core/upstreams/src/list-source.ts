import type { UpstreamConnection } from '@omni/model';

/** What an upstream lists to some clients is read from here. */
export interface ListSource {
  readonly connection: UpstreamConnection;
  /** Client capabilities that a modern upstream is to be told with each request, as JSON; a legacy one was told them at its start. */
  readonly capabilities: string;
  /** Whether it can be read again. */
  isOpen(): boolean;
  /** Nothing is read from it for now. */
  release(): void;
}
