import { requestText, type RpcMessage } from '@omni/jsonrpc';
import { MODERN_VERSION } from '@omni/model';
import { type CancelTimer, GatewayError, type HttpCall } from '@omni/ports';
import { isOtherEraStatus, type EraPlan } from '../connection/era-memory.ts';
import { type HandshakeOutcome, PROBE_MS } from '../connection/handshake-outcome.ts';
import { handshakeTimeout, incompatibleError, refusalError } from '../connection/handshake-error.ts';
import { sendAuthorized } from './authorized-exchange.ts';
import { postHeaders } from './http-headers.ts';
import { HttpMessageReader, type HttpMessageSink } from './http-message-reader.ts';
import { LegacyHttpConnection } from './legacy-http-connection.ts';
import { initializeHttp, type HttpTarget } from './legacy-http-session.ts';
import { modernParams, probeVerdict } from '../connection/mcp-revision.ts';
import { ModernHttpConnection } from './modern-http-connection.ts';
import type { ConnectionOptions } from '../connection/open-connection.ts';

export interface HttpHandshakeOptions extends ConnectionOptions, HttpTarget {
  readonly plan: EraPlan;
}

const DISCOVER_ID = '1';
/**
 * Statuses of `initialize` behind which a server of the transport HTTP+SSE may stand (MCP 2025-11-25,
 * basic/transports, "Backwards Compatibility").
 */
const OLD_TRANSPORT_STATUSES: ReadonlySet<number> = new Set([400, 404, 405]);

/**
 * Finds out how an HTTP upstream is spoken to.
 *
 * Refused credentials, failures of the server and of the network say nothing about the era; every other
 * answer that is not a modern one may be that of a server that knows `initialize` only. One that is silent is
 * asked by both, and speaks the era in which it answers first; what the probe was told then counts unless
 * `initialize` leads to a connection.
 *
 * @returns Gives up; `done` is not called.
 * @see MCP 2026-07-28, basic/versioning, "Era detection".
 */
export function handshakeOverHttp(
  options: HttpHandshakeOptions,
  done: (outcome: HandshakeOutcome) => void,
): () => void {
  if (options.plan === 'legacy') return openLegacy(options, done);
  const asked = new HttpProbe(options, done);
  asked.begin();
  return () => asked.abort();
}

/** Whether a failed probe tells why there is no connection, whatever `initialize` leads to. */
function isTelling({ code, data }: GatewayError): boolean {
  return (
    code === 'OMNI_UPSTREAM_ERA' ||
    (code === 'OMNI_UPSTREAM_HTTP_STATUS' && !isOtherEraStatus(data?.['status']))
  );
}

/** Whether what refuses `initialize` may be a server of the modern era. */
function mayBeModern(outcome: HandshakeOutcome): boolean {
  return outcome.kind === 'other-transport' || (outcome.kind === 'failed' && isRefusedEra(outcome.error));
}

function isRefusedEra({ code, data }: GatewayError): boolean {
  return (
    code === 'OMNI_UPSTREAM_PROTOCOL' || code === 'OMNI_UPSTREAM_ERA' || isOtherEraStatus(data?.['status'])
  );
}

function openLegacy(options: HttpHandshakeOptions, done: (outcome: HandshakeOutcome) => void): () => void {
  return initializeHttp(options, (result, status) => {
    if (!(result instanceof GatewayError))
      done({ kind: 'connection', connection: new LegacyHttpConnection({ ...options, session: result }) });
    else done({ kind: OLD_TRANSPORT_STATUSES.has(status) ? 'other-transport' : 'failed', error: result });
  });
}

class HttpProbe implements HttpMessageSink {
  readonly #options: HttpHandshakeOptions;
  readonly #done: (outcome: HandshakeOutcome) => void;
  readonly #reader: HttpMessageReader;
  #http: HttpCall | undefined;
  #abortNext: (() => void) | undefined;
  #cancelTimer: CancelTimer;
  /** What `initialize` led to, of a server that was silent; it refuses the other era. */
  #refusal: HandshakeOutcome | undefined;
  /** What the probe was told while `initialize` is under way. */
  #probeError: GatewayError | undefined;
  /** Whether it is asked by `initialize`, too. */
  #isGreeted = false;
  #isOver = false;

  /** @param options - With the dialect to ask in, where the upstream has named one. */
  constructor(options: HttpHandshakeOptions, done: (outcome: HandshakeOutcome) => void) {
    this.#options = options;
    this.#done = done;
    const { spec, context, credentials } = options;
    this.#reader = new HttpMessageReader({
      credentials,
      context,
      sink: this,
    });
    this.#cancelTimer = context.clock.after(
      this.#mayFallBack ? Math.min(PROBE_MS, spec.connectTimeoutMs) : spec.connectTimeoutMs,
      () => {
        if (this.#mayFallBack) this.#greet();
        else this.#fail(handshakeTimeout(spec, 'server/discover'));
      },
    );
  }

  begin(): void {
    const { http, url, credentials, context, dialect } = this.#options;
    const version = dialect?.version ?? MODERN_VERSION;
    const params = modernParams(context.identity, '', version);
    const more = dialect?.headersOf('server/discover', params) ?? [];
    const headers = postHeaders(credentials, version, 'mcp-method', 'server/discover', ...more);
    const body = requestText(DISCOVER_ID, 'server/discover', params);
    this.#http = sendAuthorized(
      http,
      headers,
      { method: 'POST', url, headers: headers.list, body },
      this.#reader,
    );
  }

  abort(): void {
    this.#end();
    this.#abortNext?.();
  }

  onHead(): boolean {
    return true;
  }

  onMessage(message: RpcMessage, status: number): void {
    if (message.kind !== 'response' || this.#isOver) return;
    const { spec, credentials, context, dialect } = this.#options;
    // guard: handshake/not-about-era
    if (status >= 400 && !isOtherEraStatus(status)) {
      return this.#fail(
        new GatewayError(
          'OMNI_UPSTREAM_HTTP_STATUS',
          `"${spec.name}" answered server/discover with HTTP status ${status}`,
          { data: { status, ...this.#reader.comeBack } },
        ),
      );
    }
    const verdict = probeVerdict(message, context.dialects);
    switch (verdict.kind) {
      case 'modern': {
        const options = { ...this.#options, dialect: verdict.dialect, handshake: message };
        return this.#finish({ kind: 'connection', connection: new ModernHttpConnection(options) });
      }
      case 'dialect': {
        if (dialect !== undefined) return this.#fail(refusalError(credentials, 'server/discover', message));
        this.#end();
        this.#abortNext?.();
        // It speaks the modern era, and is greeted once at most.
        const plan = this.#isGreeted ? 'modern' : this.#options.plan;
        const next = new HttpProbe({ ...this.#options, plan, dialect: verdict.dialect }, this.#done);
        this.#abortNext = () => next.abort();
        return next.begin();
      }
      case 'incompatible':
        return this.#fail(incompatibleError(credentials, verdict.supported));
      case 'legacy':
        if (this.#mayFallBack) return this.#fallBack();
        return this.#fail(refusalError(credentials, 'server/discover', message));
    }
  }

  onFramingError(): void {}

  onEnd(): void {
    this.onFailure(
      new GatewayError(
        'OMNI_UPSTREAM_PROTOCOL',
        `"${this.#options.spec.name}" ended its answer to server/discover without a result`,
      ),
    );
  }

  onFailure(error: GatewayError): void {
    // Hand-made servers and whatever stands before them take what they do not know for a notification, or
    // answer it with anything.
    if (this.#mayFallBack && isRefusedEra(error)) this.#fallBack();
    else this.#fail(error);
  }

  /**
   * Silence says little about a slow server: it is asked in both ways then. One that refuses `initialize` has
   * its connect timeout to answer the probe.
   */
  #greet(): void {
    const { spec, context } = this.#options;
    this.#isGreeted = true;
    this.#abortNext = openLegacy(this.#options, (outcome) => {
      this.#abortNext = undefined;
      // The probe has failed meanwhile.
      if (this.#isOver) return this.#done(this.#concluded(outcome));
      if (!mayBeModern(outcome)) return this.#finish(outcome);
      this.#refusal = outcome;
      this.#cancelTimer = context.clock.after(spec.connectTimeoutMs, () => this.#finish(outcome));
    });
  }

  #fallBack(): void {
    if (this.#isOver) return;
    this.#end();
    if (this.#refusal !== undefined) this.#done(this.#refusal);
    else if (!this.#isGreeted) this.#abortNext = openLegacy(this.#options, this.#done);
  }

  #fail(error: GatewayError): void {
    const isHeard = /* guard: handshake/late-refusal */ isTelling(error);
    if (!this.#isGreeted || (isHeard && this.#refusal !== undefined))
      return this.#finish({ kind: 'failed', error });
    // The answer to `initialize` may be a connection.
    if (isHeard) this.#probeError = error;
    this.#fallBack();
  }

  #concluded(outcome: HandshakeOutcome): HandshakeOutcome {
    return this.#probeError === undefined || outcome.kind === 'connection'
      ? outcome
      : { kind: 'failed', error: this.#probeError };
  }

  #finish(outcome: HandshakeOutcome): void {
    if (this.#isOver) return;
    this.#end();
    this.#abortNext?.();
    this.#done(outcome);
  }

  get #mayFallBack(): boolean {
    return this.#options.plan === 'probe';
  }

  #end(): void {
    this.#isOver = true;
    this.#cancelTimer();
    this.#reader.stop();
    this.#http?.abort();
  }
}
