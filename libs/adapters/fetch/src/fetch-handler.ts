import {
  checkMount,
  GatewayError,
  hostBody,
  hostPrincipal,
  type MountedFront,
  type MountOptions,
  normalBasePath,
  outsideOf,
  pathWithin,
  silentLogger,
} from '@omni/ports';
import { FetchExchange } from './fetch-exchange.ts';
import { type FetchPeer, splitUrl } from './fetch-request-facts.ts';
import { errorResponse } from './fetch-response.ts';

export interface FetchMountOptions<Context> extends MountOptions<Request, Context> {
  /**
   * What the host knows of the connection of a request: a `Request` tells nothing of it, and what headers say
   * is the word of the client. Default: nothing.
   */
  readonly peerOf?: ((request: Request, context: Context) => FetchPeer) | undefined;
}

const UNKNOWN_PEER: FetchPeer = {};

/**
 * Serves MCP as a function from `Request` to `Response`, in any runtime that has them. Limits of time and of
 * headers are those of the host.
 *
 * The client counts as gone when the signal of the request is aborted or the body of the answer is cancelled.
 * A body that has been read is refused with `OMNI_BODY_TAKEN` unless {@link MountOptions.bodyOf} has its
 * bytes. The handler answers every request that it is given.
 *
 * @returns Its promise is never rejected. Its second argument, such as the environment of a runtime or the
 * context of a framework, goes to the functions of the options and nowhere else.
 * @throws {@link GatewayError} `OMNI_MOUNT_UNPROTECTED` where nothing would tell who sends a request.
 */
export function fetchHandler(
  front: MountedFront,
  options?: FetchMountOptions<unknown>,
): (request: Request, context?: unknown) => Promise<Response>;
export function fetchHandler<Context>(
  front: MountedFront,
  options: FetchMountOptions<Context>,
): (request: Request, context: Context) => Promise<Response>;
export function fetchHandler<Context>(
  front: MountedFront,
  options: FetchMountOptions<Context> = {},
): (request: Request, context: Context) => Promise<Response> {
  checkMount(front, options);
  const { principalOf, bodyOf, peerOf } = options;
  const { logger = silentLogger } = front;
  const basePath = normalBasePath(options.basePath);

  function exchangeOf(
    request: Request,
    context: Context,
    resolve: (response: Response) => void,
  ): FetchExchange {
    const url = splitUrl(request.url);
    const path = pathWithin(basePath, url.path);
    if (path === undefined) throw outsideOf(basePath);
    const host = {
      peer: peerOf?.(request, context) ?? UNKNOWN_PEER,
      principal: hostPrincipal(principalOf?.(request, context)),
      body: hostBody(bodyOf?.(request, context)),
      basePath,
      path,
    };
    return new FetchExchange(request, { url, host, front, onResponse: resolve });
  }

  function failureOf(error: unknown): GatewayError {
    const failure = GatewayError.from(error);
    if (failure.code !== 'OMNI_PATH_UNKNOWN') logger.error({ error: failure }, 'a request failed');
    return failure;
  }

  return (request, context) =>
    new Promise((resolve) => {
      let exchange: FetchExchange;
      try {
        exchange = exchangeOf(request, context, resolve);
      } catch (error) {
        resolve(errorResponse(failureOf(error)));
        return;
      }
      try {
        const result = front.handle(exchange);
        if (result !== undefined) result.catch((error: unknown) => exchange.fail(failureOf(error)));
      } catch (error) {
        exchange.fail(failureOf(error));
      }
    });
}
