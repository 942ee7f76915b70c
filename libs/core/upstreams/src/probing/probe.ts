import type { RpcMessage } from '@omni/jsonrpc';
import { type CallHandler, internalCall, type UpstreamAnswer } from '@omni/model';
import { type Clock, GatewayError, type HealthProbe, type HttpClient } from '@omni/ports';
import { declaresCapability, modernParams } from '../connection/mcp-revision.ts';
import type { GatewayIdentity, OpenConnection } from '../connection/open-connection.ts';

/** What a probe has found. `missed`: no answer in time, which may have many reasons. */
export type ProbeOutcome =
  | { readonly kind: 'answered' }
  | { readonly kind: 'missed' }
  | { readonly kind: 'failed'; readonly error: GatewayError };

export interface ProbeOptions {
  readonly upstream: string;
  readonly probe: HealthProbe;
  /** The live one: no probe starts another copy of a server (X000-06). */
  readonly connection: OpenConnection;
  /** Where a path is asked for: the address of the server, and the headers that it is asked with. */
  readonly web?: { readonly http: HttpClient; readonly url: string; readonly headers: readonly string[] };
  readonly identity: GatewayIdentity;
  readonly clock: Clock;
}

const LISTS = [
  ['tools', 'tools/list'],
  ['resources', 'resources/list'],
  ['prompts', 'prompts/list'],
] as const;

/**
 * Asks a server once whether it lives.
 *
 * @param done - Called once, never before this returns.
 * @returns Gives up; `done` is not called then.
 */
export function probe(options: ProbeOptions, done: (outcome: ProbeOutcome) => void): () => void {
  const { clock, connection, probe: settings } = options;
  const startedMs = clock.monotonicMs();
  const finish = (outcome: ProbeOutcome): void => {
    stop();
    done(outcome);
  };
  const cancelTimer = clock.after(settings.timeoutMs, () =>
    // Whatever a server says shows that it lives, also what was no answer to this.
    finish({
      kind: /* guard: probing/heard */ connection.heardAtMs > startedMs ? 'answered' : 'missed',
    }),
  );
  const cancelRequest = settings.strategy === 'http' ? askPath(options, finish) : ask(options, finish);
  const stop = (): void => {
    cancelTimer();
    cancelRequest();
  };
  return stop;
}

function ask(options: ProbeOptions, done: (outcome: ProbeOutcome) => void): () => void {
  const { connection, identity, probe: settings } = options;
  const list = settings.strategy === 'capability' ? listOf(connection.handshake) : undefined;
  const isModern = connection.era === 'modern';
  const params = isModern ? modernParams(identity, '') : '';
  const call = internalCall(list ?? (isModern ? 'server/discover' : 'ping'), params);
  const running = connection.probe(call, new ProbeHandler(options.upstream, list, done));
  return () => running.cancel();
}

/** A list that it says it has. */
function listOf(handshake: RpcMessage): string | undefined {
  return LISTS.find(([name]) => declaresCapability(handshake, name))?.[1];
}

class ProbeHandler implements CallHandler {
  readonly #upstream: string;
  /** The list that has to be answered with a result; to `ping` an error is an answer, too. */
  readonly #list: string | undefined;
  readonly #done: (outcome: ProbeOutcome) => void;

  constructor(upstream: string, list: string | undefined, done: (outcome: ProbeOutcome) => void) {
    this.#upstream = upstream;
    this.#list = list;
    this.#done = done;
  }

  onNotification(): boolean {
    return true;
  }

  onDrain(): void {}

  onServerRequest(): void {}

  onAnswer(answer: UpstreamAnswer): void {
    if (this.#list === undefined || answer.kind !== 'message' || answer.message.error === undefined)
      return this.#done({ kind: 'answered' });
    this.#done({ kind: 'failed', error: unhealthy(this.#upstream, `${this.#list} with an error`) });
  }

  onFailure(error: GatewayError): void {
    this.#done(outcomeOf(error));
  }
}

/** What a failure of a call says of the server. */
function outcomeOf(error: GatewayError): ProbeOutcome {
  const status = error.data?.['status'];
  switch (error.code) {
    // It does not read, or does not answer.
    case 'OMNI_OVERLOADED':
    case 'OMNI_UPSTREAM_TIMEOUT':
      return { kind: 'missed' };
    case 'OMNI_UPSTREAM_HTTP_STATUS':
      return isHealthy(status) ? { kind: 'answered' } : { kind: 'failed', error };
    default:
      return { kind: 'failed', error };
  }
}

/** Who refuses a request that it does not know lives; who fails or wants other credentials is of no use. */
function isHealthy(status: unknown): boolean {
  return typeof status === 'number' && status < 500 && status !== 401 && status !== 403;
}

function askPath(
  { upstream, probe: { path = '/' }, web }: ProbeOptions,
  done: (outcome: ProbeOutcome) => void,
): () => void {
  // The configuration is checked for it.
  if (web === undefined) return () => {};
  // A path never leads to another host.
  const url = `${new URL(web.url).origin}${path}`;
  const call = web.http.send(
    { method: 'GET', url, headers: web.headers },
    {
      onHead(status) {
        const isWell = status >= 200 && status < 300;
        done(isWell ? { kind: 'answered' } : { kind: 'failed', error: unhealthy(upstream, `${status}`) });
      },
      onData() {},
      onEnd() {},
      onError: (error) => done({ kind: 'failed', error }),
    },
  );
  return () => call.abort();
}

function unhealthy(upstream: string, what: string): GatewayError {
  return new GatewayError('OMNI_UPSTREAM_UNHEALTHY', `"${upstream}" answered its health check: ${what}`);
}
