import {
  type CallHandler,
  IGNORED,
  type RunningCall,
  type UpstreamCall,
  type UpstreamConnection,
} from '@omni/model';
import { type Clock, GatewayError, type HealthProbe, type HttpClient, type Millis } from '@omni/ports';
import type { GatewayIdentity } from '../connection/mcp-revision.ts';
import { type ProbeOperation, probeOperations } from './probe-operations.ts';

/**
 * `silent`: nothing that is well came in time, which may have many reasons. A failure: nobody is there, or it
 * works no more.
 */
export type ProbeOutcome = 'alive' | 'silent' | GatewayError;

/** What a probe needs of a connection. */
export interface ProbedConnection extends Pick<UpstreamConnection, 'era' | 'handshake'> {
  /** Monotonic: when anything of the other side was last received. */
  readonly heardAtMs: Millis;
  /** As a call that is sent, past all stages. */
  probe(call: UpstreamCall, handler: CallHandler): RunningCall;
}

/** Where a server answers HTTP. */
export interface ProbedPlace {
  readonly http: HttpClient;
  readonly url: string;
  readonly headers: readonly string[];
}

export interface ProbeOptions {
  readonly upstream: string;
  /** Default: `ping`. */
  readonly probe?: HealthProbe | undefined;
  readonly timeoutMs: Millis;
  /** The live one: no probe starts another copy of a server (X000-06). */
  readonly connection: ProbedConnection;
  /** Where a path is asked for: the address of the server, and the headers that it is asked with. */
  readonly web?: ProbedPlace | undefined;
  readonly identity: GatewayIdentity;
  readonly clock: Clock;
}

/**
 * Asks a server whether it lives: by one request, or by several in turn.
 *
 * @param done - Called once, never before this returns.
 * @returns Gives up; `done` is not called then.
 */
export function probe(options: ProbeOptions, done: (outcome: ProbeOutcome) => void): () => void {
  const { clock, connection, timeoutMs, probe: settings } = options;
  let askedMs = clock.monotonicMs();
  let cancelRequest = (): void => {};
  const stop = (): void => {
    cancelTimer();
    cancelRequest();
  };
  const finish = (outcome: ProbeOutcome): void => {
    stop();
    done(outcome);
  };
  const cancelTimer = clock.after(timeoutMs, () =>
    // Whatever a server says shows that it lives, also what was no answer to this.
    finish(/* guard: probing/heard */ connection.heardAtMs > askedMs ? 'alive' : 'silent'),
  );
  if (settings?.strategy === 'http') {
    cancelRequest = askPath(options, finish);
    return stop;
  }
  const operations = probeOperations(settings, connection, options.identity);
  const askFrom = (index: number): void => {
    const operation = operations[index];
    if (operation === undefined) return finish('alive');
    askedMs = clock.monotonicMs();
    cancelRequest = ask(connection, operation, (outcome) => {
      if (outcome === 'alive') askFrom(index + 1);
      else finish(outcome);
    });
  };
  askFrom(0);
  return stop;
}

function ask(
  connection: ProbedConnection,
  { call, needsResult }: ProbeOperation,
  done: (outcome: ProbeOutcome) => void,
): () => void {
  const running = connection.probe(call, {
    ...IGNORED,
    onAnswer(answer) {
      // One refusal says little; what a tool says of its own failure is an answer.
      const isRefused = answer.kind === 'message' && answer.message.error !== undefined;
      done(needsResult && isRefused ? 'silent' : 'alive');
    },
    onFailure(error) {
      // How long a call may take is another matter: the probe ends by its own time.
      if (error.code !== 'OMNI_UPSTREAM_TIMEOUT') done(outcomeOf(error));
    },
  });
  return () => running.cancel();
}

/** What a failure of a call says of the server. */
function outcomeOf(error: GatewayError): ProbeOutcome {
  const status = error.data?.['status'];
  switch (error.code) {
    case 'OMNI_UPSTREAM_EXITED':
    case 'OMNI_UPSTREAM_UNREACHABLE':
    case 'OMNI_UPSTREAM_DOWN':
      return error;
    // It does not read.
    case 'OMNI_OVERLOADED':
      return 'silent';
    default:
      // Who refuses a request that it does not know lives; who fails, or wants other credentials, is useless.
      return typeof status === 'number' && (status >= 500 || status === 401) ? error : 'alive';
  }
}

function askPath(
  { upstream, probe: { path = '/' } = { strategy: 'http' }, web }: ProbeOptions,
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
        if (status >= 200 && status < 300) done('alive');
        else done(status >= 500 ? unhealthy(upstream, status) : 'silent');
      },
      onData() {},
      onEnd() {},
      onError(error) {
        if (error.code !== 'OMNI_UPSTREAM_TIMEOUT') done(error);
      },
    },
  );
  return () => call.abort();
}

function unhealthy(upstream: string, status: number): GatewayError {
  return new GatewayError('OMNI_UPSTREAM_UNHEALTHY', `"${upstream}" answered its health check: ${status}`);
}
