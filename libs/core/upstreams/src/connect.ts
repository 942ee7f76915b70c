import { GatewayError, type Era, type UpstreamSpec, type UpstreamTransport } from '@omni/ports';
import { OTHER_ERA_STATUSES } from './connection/era-memory.ts';
import { handshakeOnChannel } from './channel/channel-handshake.ts';
import type { OpenHeadedChannel } from './connection/headed-channel.ts';
import type { EraPlan, HandshakeOutcome } from './connection/handshake-outcome.ts';
import { handshakeOverHttp } from './http/http-handshake.ts';
import type { ConnectionContext, ConnectionOptions, OpenConnection } from './connection/open-connection.ts';
import { SseChannel } from './http/sse-channel.ts';

export interface ConnectOptions extends ConnectionOptions {
  /** The era that the connection must have; `undefined` for whatever the upstream speaks. */
  readonly era: Era | undefined;
}

/** A failed attempt; the era that was remembered may be wrong then. */
const ERA_MAY_BE_WRONG: ReadonlySet<string> = new Set([
  'OMNI_UPSTREAM_PROTOCOL',
  'OMNI_UPSTREAM_ERA',
  'OMNI_UPSTREAM_TIMEOUT',
]);
/** A connection that was ended by the other side. */
const ENDED: ReadonlySet<string> = new Set(['OMNI_UPSTREAM_EXITED', 'OMNI_UPSTREAM_UNREACHABLE']);

/**
 * Opens a new connection to an upstream: starts or connects it, finds its era and greets it.
 *
 * @param done - Called once, never before this returns.
 * @returns Gives up; `done` is not called then.
 */
export function connect(
  options: ConnectOptions,
  done: (result: OpenConnection | GatewayError) => void,
): () => void {
  const attempt = new Attempt(options, done);
  attempt.begin();
  return () => attempt.abort();
}

type SseTransport = Extract<UpstreamTransport, { readonly kind: 'sse' }>;

class Attempt {
  readonly #options: ConnectOptions;
  readonly #done: (result: OpenConnection | GatewayError) => void;
  #abort: () => void = () => {};
  #isOver = false;

  constructor(options: ConnectOptions, done: (result: OpenConnection | GatewayError) => void) {
    this.#options = options;
    this.#done = done;
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
    const { spec, context } = this.#options;
    const onOutcome = (outcome: HandshakeOutcome): void => this.#onOutcome(outcome, plan);
    if (spec.transport.kind === 'http') {
      const { url, headers } = spec.transport;
      if (context.http === undefined)
        return this.#failLater(
          new GatewayError(
            'OMNI_UPSTREAM_UNREACHABLE',
            `"${spec.name}" needs HTTP, which is not available here`,
          ),
        );
      this.#abort = handshakeOverHttp(
        { ...this.#options, http: context.http, url, configuredHeaders: headers, plan },
        onOutcome,
      );
      return;
    }
    const open = channelOpener(spec, spec.transport, context);
    if (open instanceof GatewayError) return this.#failLater(open);
    this.#abort = handshakeOnChannel({ ...this.#options, open, plan }, onOutcome);
  }

  #onOutcome(outcome: HandshakeOutcome, plan: EraPlan): void {
    if (this.#isOver) return;
    const { spec, context, era } = this.#options;
    switch (outcome.kind) {
      case 'silent':
        // Servers that exit on the probe would do so at every restart.
        context.eras.remember(spec, 'legacy');
        return this.#run('legacy-first');
      case 'other-transport':
        return this.#runOldTransport(outcome.error, plan);
      case 'connection':
        // A second connection in a forced era says nothing about what the first one finds.
        if (era === undefined) context.eras.remember(spec, outcome.connection.era);
        this.#isOver = true;
        return this.#done(outcome.connection);
      case 'failed':
        if (era === undefined && eraMayBeWrong(outcome.error, plan)) context.eras.forget(spec);
        this.#isOver = true;
        return this.#done(outcome.error);
    }
  }

  /** @param refusal - What failed before, which says more than that this transport is not spoken either. */
  #runOldTransport(refusal: GatewayError, plan: EraPlan): void {
    const { spec, context } = this.#options;
    const { transport } = spec;
    if (transport.kind !== 'http') return this.#onOutcome({ kind: 'failed', error: refusal }, plan);
    let isSpoken = false;
    const old: SseTransport = { kind: 'sse', url: transport.url, headers: transport.headers };
    const open = channelOpener(spec, old, context, () => (isSpoken = true));
    if (open instanceof GatewayError) return this.#failLater(open);
    this.#abort = handshakeOnChannel(
      { ...this.#options, spec: { ...spec, transport: old }, open, plan: 'legacy' },
      (outcome) =>
        this.#onOutcome(
          outcome.kind === 'failed' && !isSpoken ? { kind: 'failed', error: refusal } : outcome,
          plan,
        ),
    );
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
    OTHER_ERA_STATUSES.has(data?.['status'])
  )
    return true;
  // Nobody was there to be silent.
  if (plan === 'legacy-first' && data?.['phase'] === 'connect') return true;
  return plan === 'modern' && ENDED.has(code) && data?.['phase'] !== 'connect';
}

function channelOpener(
  { secretValues, name }: UpstreamSpec,
  transport: Exclude<UpstreamTransport, { readonly kind: 'http' }>,
  { launcher, dialer, http, clock, limits, budget }: ConnectionContext,
  onSpoken: () => void = () => {},
): OpenHeadedChannel | GatewayError {
  const bounds = { maxMessageBytes: limits.maxUpstreamMessageBytes, ...(budget !== undefined && { budget }) };
  switch (transport.kind) {
    case 'channel':
      return transport.open;
    case 'websocket':
    case 'socket': {
      if (dialer === undefined)
        return new GatewayError(
          'OMNI_UPSTREAM_UNREACHABLE',
          `"${name}" needs a persistent connection, which is not available here`,
        );
      return (listener) => dialer.dial({ upstream: name, target: transport, ...bounds }, listener);
    }
    case 'sse': {
      if (http === undefined)
        return new GatewayError(
          'OMNI_UPSTREAM_UNREACHABLE',
          `"${name}" needs HTTP, which is not available here`,
        );
      const { url, headers } = transport;
      return (listener) =>
        new SseChannel(
          {
            upstream: name,
            http,
            url,
            configuredHeaders: headers,
            clock,
            onEndpoint: onSpoken,
            ...bounds,
          },
          listener,
        );
    }
    case 'stdio': {
      if (launcher === undefined)
        return new GatewayError(
          'OMNI_UPSTREAM_SPAWN_FAILED',
          `"${name}" needs a process, which cannot be started here`,
        );
      const { command, args, env, cwd } = transport;
      const child = {
        upstream: name,
        command,
        args,
        env,
        secretValues,
        ...bounds,
        ...(cwd !== undefined && { cwd }),
      };
      return (listener) => launcher.launch(child, listener);
    }
  }
}
