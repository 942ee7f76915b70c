import { GatewayError } from '../errors/gateway-error.ts';
import type { Logger } from '../logger.ts';
import type { FairByteBudget } from '../memory/byte-budget.ts';
import type { Principal } from '../principal.ts';
import type { UnreadAnswers } from '../sharing/unread-answers.ts';
import type { Exchange } from '../transport/exchange.ts';

/** What serves MCP inside a server of somebody else, its host: the input of adapters that mount it there. */
export interface MountedFront {
  /** Answers one exchange. What it throws, at once or later, becomes the answer 500. */
  readonly handle: (exchange: Exchange) => void | Promise<void>;
  /**
   * Whether it finds out who sends a request where the host does not say it. Otherwise it refuses such
   * requests, and adapters demand {@link MountOptions.principalOf}.
   */
  readonly authenticates: boolean;
  /** For bodies that are not complete. Default: none is counted. */
  readonly budget?: FairByteBudget | undefined;
  /** For answers that their clients have not read. Default: none are counted. */
  readonly unread?: UnreadAnswers | undefined;
  /** Default: nothing is logged. */
  readonly logger?: Logger | undefined;
}

/**
 * How a front is mounted.
 *
 * @typeParam Request - The request as the host has it.
 * @typeParam Context - What the host hands to the handler beside it, e.g. Hono's context.
 */
export interface MountOptions<Request, Context> {
  /**
   * Who sends a request, as the host has found out itself, at once or as a promise; {@link hostPrincipal}
   * says whom it may name. Nothing where the host does not know: the front decides then. What it throws or
   * rejects with becomes the answer 500. Default: the front decides.
   */
  readonly principalOf?:
    | ((
        request: Request,
        context: Context,
      ) => Principal | null | undefined | PromiseLike<Principal | null | undefined>)
    | undefined;
  /**
   * The body as it was received, where the host has read it already; at once, as bytes. Nothing where it has
   * not. Anything else becomes the answer 500. Default: see the adapter.
   */
  readonly bodyOf?: ((request: Request, context: Context) => Uint8Array | null | undefined) | undefined;
  /**
   * Where the host serves the handler, e.g. `/omni` for an endpoint at `/omni/mcp`; a slash at its end does
   * not matter. Requests elsewhere are answered 404. Default: at the root.
   */
  readonly basePath?: string | undefined;
}

/**
 * Called by adapters when a handler is made.
 *
 * @throws {@link GatewayError} `OMNI_MOUNT_UNPROTECTED` where nothing would tell who sends a request.
 */
export function checkMount(
  { authenticates }: Pick<MountedFront, 'authenticates'>,
  { principalOf }: Pick<MountOptions<never, never>, 'principalOf'>,
): void {
  // guard: mount/authentication
  if (!authenticates && principalOf === undefined)
    throw new GatewayError(
      'OMNI_MOUNT_UNPROTECTED',
      'Nothing says who sends a request to the mounted handler: it would serve everybody',
    );
}
