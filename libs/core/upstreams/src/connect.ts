import {
  type ChildSpec,
  type CredentialProvider,
  type CredentialValues,
  GatewayError,
  type Era,
  type UpstreamSpec,
  type UpstreamTransport,
} from '@omni/ports';
import { MODERN_VERSION } from '@omni/model';
import { isOtherEraStatus, type EraPlan } from './connection/era-memory.ts';
import { handshakeOnChannel } from './channel/channel-handshake.ts';
import { openInProcess } from './channel/in-process-channel.ts';
import type { OpenHeadedChannel } from './channel/headed-channel.ts';
import { Departures } from './lifecycle/departures.ts';
import type { HandshakeOutcome } from './connection/handshake-outcome.ts';
import { handshakeOverHttp } from './http/http-handshake.ts';
import type { ConnectionOptions, OpenConnection } from './connection/open-connection.ts';
import type { UpstreamCredentials } from './credentials/upstream-credentials.ts';
import { InstanceHttp } from './cookies/instance-http.ts';
import { SseChannel } from './http-sse/sse-channel.ts';

export interface ConnectOptions extends ConnectionOptions {
  /** The era that the connection must have; `undefined` for whatever the upstream speaks. */
  readonly era: Era | undefined;
  /** Whether it has been tried before. Default `false`. */
  readonly isRestart?: boolean;
  /** What attempts leave behind. Default: of this one alone. */
  readonly departures?: Departures;
}

/** A failed attempt; the era that was remembered may be wrong then. */
const ERA_MAY_BE_WRONG: ReadonlySet<string> = new Set([
  'OMNI_UPSTREAM_PROTOCOL',
  'OMNI_UPSTREAM_ERA',
  'OMNI_UPSTREAM_TIMEOUT',
]);
/**
 * Failures of a handshake with a server that is there: the question for its era may be what it does not bear.
 */
const MAY_BE_OF_ERA: ReadonlySet<string> = new Set([...ERA_MAY_BE_WRONG, 'OMNI_UPSTREAM_HTTP_STATUS']);
/** A connection that was ended by the other side. */
const ENDED: ReadonlySet<string> = new Set(['OMNI_UPSTREAM_EXITED', 'OMNI_UPSTREAM_UNREACHABLE']);

/**
 * Opens a new connection to an upstream: starts or connects it, finds its era and greets it. A process is
 * started when it is its turn.
 *
 * @param done - Called once, never before this returns.
 * @returns Gives up; `done` is not called then.
 */
export function connect(
  options: ConnectOptions,
  done: (result: OpenConnection | GatewayError) => void,
): () => void {
  const { spec, context, isRestart = false } = options;
  const lack = lackOf(spec, context.credentials);
  // guard: credentials/lack
  if (lack !== undefined) return refusedLater(lack, done);
  if (/* guard: starting/all-processes */ spec.transport.kind !== 'stdio') return attempt(options, done);
  let abort = (): void => {};
  const leave = context.starts.begin({
    upstream: spec.name,
    isCritical: spec.critical,
    isRestart,
    start() {
      abort = attempt(options, (result) => {
        leave();
        done(result);
      });
    },
  });
  return () => {
    abort();
    leave();
  };
}

function lackOf({ name, secrets }: UpstreamSpec, credentials: CredentialProvider): GatewayError | undefined {
  if (credentials.lack !== undefined || secrets === undefined) return credentials.lack?.(name);
  return new GatewayError(
    'OMNI_SECRET_UNAVAILABLE',
    `"${name}" needs secrets, and nobody provides them here`,
    {
      hint: 'Start the gateway by startHttpGateway or startStdioGateway, or give it credentials that know secrets.',
    },
  );
}

function refusedLater(error: GatewayError, done: (result: GatewayError) => void): () => void {
  let isOver = false;
  queueMicrotask(() => {
    if (!isOver) done(error);
  });
  return () => void (isOver = true);
}

function attempt(options: ConnectOptions, done: (result: OpenConnection | GatewayError) => void): () => void {
  const begun = new Attempt(options, done);
  begun.begin();
  return () => begun.abort();
}

type SseTransport = Extract<UpstreamTransport, { readonly kind: 'sse' }>;

class Attempt {
  readonly #options: ConnectOptions;
  readonly #done: (result: OpenConnection | GatewayError) => void;
  readonly #departures: Departures;
  /** Whether newer credentials were asked for. */
  #isRenewed = false;
  /** What the last channel was opened with. */
  #boundTo: CredentialValues | undefined;
  /** Of the instance that is to be opened; `undefined` where there is no HTTP. */
  readonly #http: InstanceHttp | undefined;
  #abort: () => void = () => {};
  #isOver = false;

  constructor(options: ConnectOptions, done: (result: OpenConnection | GatewayError) => void) {
    this.#departures = options.departures ?? new Departures();
    this.#options = { ...options, departures: this.#departures };
    this.#done = done;
    const { http, clock } = options.context;
    this.#http = http === undefined ? undefined : new InstanceHttp(http, clock);
  }

  begin(): void {
    const { spec, context, era } = this.#options;
    // Nobody speaks another era over this transport.
    if (spec.transport.kind === 'sse') return this.#run('legacy');
    if (era !== undefined) return this.#run(era);
    if (spec.protocol !== 'auto') return this.#run(spec.protocol === 'legacy' ? 'legacy' : 'modern');
    this.#run(context.eras.recall(spec) ?? 'probe');
  }

  abort(): void {
    this.#isOver = true;
    this.#abort();
  }

  #run(plan: EraPlan): void {
    const { spec, credentials } = this.#options;
    const onOutcome = (outcome: HandshakeOutcome): void => this.#onOutcome(outcome, plan);
    if (spec.transport.kind === 'http') {
      const { url } = spec.transport;
      if (this.#http === undefined)
        return this.#failLater(
          new GatewayError(
            'OMNI_UPSTREAM_UNREACHABLE',
            `"${spec.name}" needs HTTP, which is not available here`,
          ),
        );
      this.#abort = handshakeOverHttp({ ...this.#options, http: this.#http, url, plan }, onOutcome);
      return;
    }
    const boundTo = boundCredentials(spec.transport, credentials);
    this.#boundTo = boundTo;
    const open = channelOpener(spec.transport, this.#options, this.#http);
    if (open instanceof GatewayError) return this.#failLater(open);
    this.#abort = handshakeOnChannel({ ...this.#options, open, plan, boundTo }, onOutcome);
  }

  /** The instance that there was is used up: no other begins beside it. */
  #runNext(plan: EraPlan): void {
    this.#departures.whenGone(() => {
      if (!this.#isOver) this.#run(plan);
    });
  }

  #onOutcome(outcome: HandshakeOutcome, plan: EraPlan): void {
    if (this.#isOver) return;
    const { spec, context, credentials, era } = this.#options;
    switch (outcome.kind) {
      case 'silent':
        // Servers that exit on the probe would do so at every restart; modern ones refuse to be initialized.
        context.eras.remember(spec, 'legacy-first');
        return this.#runNext('legacy-first');
      case 'other-transport':
        return this.#runOldTransport(outcome.error, plan);
      case 'connection':
        // A second connection in a forced era says nothing about what the first one finds.
        if (era === undefined) context.eras.remember(spec, outcome.connection.era);
        // guard: credentials/changed-meanwhile
        if (isOutdated(outcome.connection, credentials)) {
          this.#departures.add(outcome.connection.close());
          return this.#runNext(plan);
        }
        this.#isOver = true;
        return this.#done(outcome.connection);
      case 'failed': {
        const refused = this.#refusedUpgrade(outcome.error);
        if (refused !== undefined) return void this.#renew(refused, outcome.error, plan);
        if (era === undefined && eraMayBeWrong(outcome.error, plan)) context.eras.forget(spec);
        this.#isOver = true;
        return this.#done(this.#withProtocolHint(outcome.error));
      }
    }
  }

  /** The era was looked for in vain: whoever knows it can say it. */
  #withProtocolHint(error: GatewayError): GatewayError {
    const { spec, era } = this.#options;
    if (
      spec.transport.kind !== 'http' ||
      spec.protocol !== 'auto' ||
      era !== undefined ||
      !MAY_BE_OF_ERA.has(error.code)
    )
      return error;
    const hint = `${error.hint} Omni asked for the era of the server by server/discover and initialize; if it should not, set protocol of mcpServers.${spec.name} to "legacy" or "${MODERN_VERSION}".`;
    return new GatewayError(error.code, error.message, {
      cause: error,
      hint,
      ...(error.data !== undefined && { data: error.data }),
    });
  }

  /** @param refusal - What failed before, which says more than that this transport is not spoken either. */
  #runOldTransport(refusal: GatewayError, plan: EraPlan): void {
    const { spec, credentials } = this.#options;
    const { transport } = spec;
    if (transport.kind !== 'http') return this.#onOutcome({ kind: 'failed', error: refusal }, plan);
    let isSpoken = false;
    const old: SseTransport = { kind: 'sse', url: transport.url, headers: transport.headers };
    const boundTo = boundCredentials(old, credentials);
    const open = channelOpener(old, this.#options, this.#http, () => (isSpoken = true));
    if (open instanceof GatewayError) return this.#failLater(open);
    this.#abort = handshakeOnChannel(
      { ...this.#options, spec: withTransport(spec, old), open, plan: 'legacy', boundTo },
      (outcome) =>
        this.#onOutcome(
          outcome.kind === 'failed' && !isSpoken ? { kind: 'failed', error: refusal } : outcome,
          plan,
        ),
    );
  }

  /**
   * Requests over HTTP are sent again by themselves; an upgrade that was refused needs an attempt of its own.
   *
   * @returns What it was refused with.
   */
  #refusedUpgrade({ data }: GatewayError): CredentialValues | undefined {
    return this.#options.spec.transport.kind === 'websocket' &&
      data?.['status'] === 401 &&
      /* guard: credentials/one-upgrade */ !this.#isRenewed
      ? this.#boundTo
      : undefined;
  }

  async #renew(refused: CredentialValues, refusal: GatewayError, plan: EraPlan): Promise<void> {
    this.#isRenewed = true;
    const hasOther = await this.#options.credentials.renew(refused);
    if (this.#isOver) return;
    if (hasOther) return this.#run(plan);
    this.#isOver = true;
    this.#done(refusal);
  }

  #failLater(error: GatewayError): void {
    queueMicrotask(() => {
      if (!this.#isOver) this.#done(error);
    });
  }
}

function eraMayBeWrong({ code, data }: GatewayError, plan: EraPlan): boolean {
  if (ERA_MAY_BE_WRONG.has(code)) return true;
  if (
    code === 'OMNI_UPSTREAM_HTTP_STATUS' &&
    data?.['phase'] !== 'connect' &&
    isOtherEraStatus(data?.['status'])
  )
    return true;
  // Nobody was there to be silent.
  if (plan === 'legacy-first' && data?.['phase'] === 'connect') return true;
  return plan === 'modern' && ENDED.has(code) && data?.['phase'] !== 'connect';
}

/** The same settings, also those that change later, on another transport. */
function withTransport(spec: UpstreamSpec, transport: SseTransport): UpstreamSpec {
  // TypeScript does not type the members that come from the prototype.
  return Object.create(spec, { transport: { value: transport, enumerable: true } }) as UpstreamSpec;
}

/** Whether a connection holds to credentials that are in force no longer. */
export function isOutdated({ boundTo }: OpenConnection, credentials: UpstreamCredentials): boolean {
  return boundTo !== undefined && credentials.isOutdated(boundTo);
}

/** What a channel is opened with, once for as long as it lives; `undefined` where it is nothing. */
function boundCredentials(
  transport: UpstreamTransport,
  credentials: UpstreamCredentials,
): CredentialValues | undefined {
  switch (transport.kind) {
    case 'stdio':
      return credentials.environment;
    case 'websocket':
    case 'sse':
      return credentials.headers;
    case 'http':
    case 'socket':
    case 'channel':
      return undefined;
  }
}

function channelOpener(
  transport: Exclude<UpstreamTransport, { readonly kind: 'http' }>,
  { spec: { name }, credentials, context, onReport }: ConnectOptions,
  http: InstanceHttp | undefined,
  onSpoken: () => void = () => {},
): OpenHeadedChannel | GatewayError {
  const { launcher, dialer, clock, random, limits, budget } = context;
  const bounds = { maxMessageBytes: limits.maxUpstreamMessageBytes, budget };
  switch (transport.kind) {
    case 'channel': {
      const { open } = transport;
      const secretValues = (): readonly string[] => credentials.secretValues;
      return (listener) =>
        openInProcess({ upstream: name, open, clock, random, secretValues, onReport }, listener);
    }
    case 'websocket':
    case 'socket': {
      if (dialer === undefined)
        return new GatewayError(
          'OMNI_UPSTREAM_UNREACHABLE',
          `"${name}" needs a persistent connection, which is not available here`,
        );
      const target = transport.kind === 'socket' ? transport : { ...transport, headers: credentials.headers };
      return (listener) => dialer.dial({ upstream: name, target, ...bounds }, listener);
    }
    case 'sse': {
      if (http === undefined)
        return new GatewayError(
          'OMNI_UPSTREAM_UNREACHABLE',
          `"${name}" needs HTTP, which is not available here`,
        );
      const { url } = transport;
      return (listener) =>
        new SseChannel({ http, url, credentials, clock, onEndpoint: onSpoken, ...bounds }, listener);
    }
    case 'stdio': {
      if (launcher === undefined)
        return new GatewayError(
          'OMNI_UPSTREAM_SPAWN_FAILED',
          `"${name}" needs a process, which cannot be started here`,
        );
      const { command, args, cwd } = transport;
      const child: ChildSpec = {
        upstream: name,
        command,
        args,
        env: credentials.environment,
        secretValues: () => credentials.secretValues,
        onReport,
        ...bounds,
        ...(cwd !== undefined && { cwd }),
      };
      return (listener) => launcher.launch(child, listener);
    }
  }
}
