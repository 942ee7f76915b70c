import type { IncomingMessage, ServerResponse } from 'node:http';
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
import { NodeExchange } from '../node-exchange.ts';
import { splitTarget } from '../request-head.ts';
import { WRITE_TIMEOUT_MS } from '../response-write-timeout.ts';
import { MountedConnections } from './mounted-connections.ts';
import { MountedExchange } from './mounted-exchange.ts';

/** What frameworks add to a request of Node. */
interface FrameworkRequest {
  /** Connect, Express: the target before a mount path was taken off. */
  readonly originalUrl?: unknown;
  /** The bytes of a body that was parsed. */
  readonly rawBody?: unknown;
  /** What was parsed; bytes where nothing was. */
  readonly body?: unknown;
}

/**
 * Serves MCP in an HTTP/1.1 server of the host's own, beside its other routes. Limits of time, of headers and
 * of connections are those of that server.
 *
 * A path that Connect or Express has cut by the mount path of the handler is taken as it is; elsewhere give
 * {@link MountOptions.basePath}. A body that was parsed is taken from `request.rawBody`, or from
 * `request.body` where that is bytes, and otherwise refused with `OMNI_BODY_TAKEN`. The handler answers every
 * request that it is given.
 *
 * @returns A listener for `request` of `node:http`, and middleware of Express and Connect. Its third argument
 * goes to {@link MountOptions.principalOf} and {@link MountOptions.bodyOf}, and nowhere else.
 * @throws {@link GatewayError} `OMNI_MOUNT_UNPROTECTED` where nothing would tell who sends a request.
 */
export function nodeHandler<Request extends IncomingMessage = IncomingMessage>(
  front: MountedFront,
  options?: MountOptions<Request, unknown>,
): (request: Request, response: ServerResponse, context?: unknown) => void;
export function nodeHandler<Request extends IncomingMessage, Context>(
  front: MountedFront,
  options: MountOptions<Request, Context>,
): (request: Request, response: ServerResponse, context: Context) => void;
export function nodeHandler<Request extends IncomingMessage, Context>(
  front: MountedFront,
  options: MountOptions<Request, Context> = {},
): (request: Request, response: ServerResponse, context: Context) => void {
  checkMount(front, options);
  const { principalOf, bodyOf } = options;
  const { logger = silentLogger } = front;
  const basePath = normalBasePath(options.basePath);
  const connections = new MountedConnections(front);

  function failed(exchange: NodeExchange, error: unknown): void {
    const failure = GatewayError.from(error);
    logger.error({ error: failure }, 'a request failed');
    try {
      exchange.fail(failure);
    } catch (cause) {
      logger.error({ error: cause }, 'a failure could not be answered');
    }
  }

  return (request: Request, response: ServerResponse, context: Context): void => {
    const { socket } = request;
    // The client has gone while the host was busy with the request.
    if (response.destroyed || socket.destroyed) return;
    const { http, listener } = connections.of(socket);
    const exchange = new NodeExchange(request, response, {
      listener,
      // Node has answered the expectation, or the host has.
      expectsContinue: false,
      writeTimeoutMs: WRITE_TIMEOUT_MS,
      connection: http,
    });
    http.open.push(exchange);
    // After the answer is sent, or when the connection breaks.
    response.on('close', () => {
      http.end(exchange);
      exchange.closed();
    });
    try {
      const place = placeOf(request, exchange.path, basePath);
      if (place === undefined) {
        exchange.fail(outsideOf(basePath));
        return;
      }
      const mounted = new MountedExchange(exchange, request, response, {
        ...place,
        principal: hostPrincipal(principalOf?.(request, context)),
        body: hostBody(bodyOf?.(request, context)) ?? keptBody(request),
      });
      const result = front.handle(mounted);
      if (result !== undefined) result.catch((error: unknown) => failed(exchange, error));
    } catch (error) {
      failed(exchange, error);
    }
  };
}

/** @returns `undefined` for a path that does not belong to the handler. */
function placeOf(
  request: IncomingMessage & FrameworkRequest,
  path: string,
  basePath: string,
): { readonly basePath: string; readonly path: string } | undefined {
  const { originalUrl, url } = request;
  const within = pathWithin(basePath, path);
  if (typeof originalUrl !== 'string' || originalUrl === url)
    return within === undefined ? undefined : { basePath, path: within };
  // The framework has taken the mount path off, or a part of what stands before the base path.
  const rest = within ?? path;
  const before = beforeOf(splitTarget(originalUrl).path, rest);
  // guard: mount/beside-base-path
  if (within === undefined && before?.endsWith(basePath) !== true) return undefined;
  return { basePath: before ?? basePath, path: rest };
}

/** @returns What stands before the rest in a path; `undefined` where it does not end so. */
function beforeOf(whole: string, rest: string): string | undefined {
  if (whole.endsWith(rest)) return normalBasePath(whole.slice(0, whole.length - rest.length));
  // Express makes nothing to a slash.
  return rest === '/' ? whole : undefined;
}

function keptBody({ rawBody, body }: IncomingMessage & FrameworkRequest): Uint8Array | undefined {
  if (rawBody instanceof Uint8Array) return rawBody;
  return body instanceof Uint8Array ? body : undefined;
}
