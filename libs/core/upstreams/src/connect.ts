import { GatewayError, type ChildLauncher, type Era, type OpenChannel, type UpstreamSpec } from '@omni/ports';
import { handshakeOnChannel, type EraPlan, type HandshakeOutcome } from './channel-handshake.ts';
import { handshakeOverHttp } from './http-handshake.ts';
import type { LinkOptions, OpenLink } from './open-link.ts';

export interface ConnectOptions extends LinkOptions {
  /** The era that the link must have; `undefined` for whatever the upstream speaks. */
  readonly era: Era | undefined;
}

/** A failed attempt; the era that was remembered may be wrong then. */
const ERA_MAY_BE_WRONG: ReadonlySet<string> = new Set(['OMNI_UPSTREAM_PROTOCOL', 'OMNI_UPSTREAM_ERA', 'OMNI_UPSTREAM_TIMEOUT']);

/**
 * Opens a new link to an upstream: starts or connects it, finds its era and greets it.
 *
 * @param done - Called once, never before this returns.
 * @returns Gives up; `done` is not called then.
 */
export function connect(options: ConnectOptions, done: (result: OpenLink | GatewayError) => void): () => void {
  const attempt = new Attempt(options, done);
  attempt.begin();
  return () => attempt.abort();
}

class Attempt {
  readonly #options: ConnectOptions;
  readonly #done: (result: OpenLink | GatewayError) => void;
  #abort: () => void = () => {};
  #isOver = false;

  constructor(options: ConnectOptions, done: (result: OpenLink | GatewayError) => void) {
    this.#options = options;
    this.#done = done;
  }

  begin(): void {
    const { spec, context, era } = this.#options;
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
        return this.#failLater(new GatewayError('OMNI_UPSTREAM_UNREACHABLE', `"${spec.name}" needs HTTP, which is not available here`));
      this.#abort = handshakeOverHttp({ ...this.#options, http: context.http, url, configuredHeaders: headers, plan }, onOutcome);
      return;
    }
    const open = channelOpener(spec, context.launcher, context.limits.maxUpstreamMessageBytes);
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
      case 'link':
        // A second link in a forced era says nothing about what the first one finds.
        if (era === undefined) context.eras.remember(spec, outcome.link.era);
        this.#isOver = true;
        return this.#done(outcome.link);
      case 'failed':
        if (
          era === undefined &&
          (ERA_MAY_BE_WRONG.has(outcome.error.code) || (plan === 'modern' && outcome.error.code === 'OMNI_UPSTREAM_EXITED'))
        )
          context.eras.forget(spec);
        this.#isOver = true;
        return this.#done(outcome.error);
    }
  }

  #failLater(error: GatewayError): void {
    queueMicrotask(() => {
      if (!this.#isOver) this.#done(error);
    });
  }
}

function channelOpener(spec: UpstreamSpec, launcher: ChildLauncher | undefined, maxMessageBytes: number): OpenChannel | GatewayError {
  const { transport, secretValues, name } = spec;
  if (transport.kind === 'channel') return transport.open;
  if (transport.kind === 'http' || launcher === undefined)
    return new GatewayError('OMNI_UPSTREAM_SPAWN_FAILED', `"${name}" needs a process, which cannot be started here`);
  const { command, args, env, cwd } = transport;
  const child = { upstream: name, command, args, env, secretValues, maxMessageBytes, ...(cwd !== undefined && { cwd }) };
  return (listener) => launcher.launch(child, listener);
}
