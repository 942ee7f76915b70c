import type { Authentication } from '@omni/protocol';
import type { GatewayAdapters, GatewayConfigurationInput } from './gateway-options.ts';
import type { Pages } from './health-pages.ts';
import type { ServerIdentity } from './identity.ts';
import type { Scope } from './scope/scope.ts';
import type { Listening } from './master-server.ts';
import type { PhaseLog } from './phase-log.ts';
import type { OnSession } from './scope/session-scope.ts';

export interface MasterServerOptions extends GatewayAdapters {
  /** Default: that of an empty file, without servers. */
  readonly configuration?: GatewayConfigurationInput;
  /** What the gateway calls itself. Default: {@link IDENTITY}. */
  readonly identity?: ServerIdentity;
  /**
   * What clients of the endpoint of all servers are told about its use, before what the servers say. Default:
   * nothing.
   */
  readonly instructions?: string;
  /** How long the first list waits for servers that are still starting. Default 700. */
  readonly startGraceMs?: number;
  /**
   * Called once, when every part is registered and none is made: what is replaced here is used everywhere,
   * and what is registered with `dispose` ends when the gateway has stopped. A part is made when another one
   * needs it: one that nothing needs is never made. Must not be asynchronous.
   */
  readonly configure?: (scope: Scope) => void;
  /**
   * Called for each legacy session that opens, with the session's own scope: what is registered there ends
   * with it.
   */
  readonly onSession?: OnSession;
  /** Answers paths that are neither of MCP nor of health. Default: nothing is there. */
  readonly pages?: Pages | undefined;
  /** What the gateway listens on. Default: nothing; it is handed exchanges and channels. */
  readonly listening?: Listening | undefined;
  /** The phases of a start that has begun already. */
  readonly startPhases?: PhaseLog | undefined;
  /** Who requests come from. Default: who shows a token of the configuration. */
  readonly authentication?: Authentication;
}
