import type { RpcMessage } from '@omni/jsonrpc';
import {
  ALL_SERVERS,
  type AnswerServerRequest,
  callerKeyOf,
  type CallStage,
  type ClientBinding,
  type ClientContext,
  internalCall,
  type Leftover,
  type ListSource,
  type UpstreamCall,
  type UpstreamConnection,
} from '@omni/model';
import { GatewayError, type Principal, type UpstreamSpec } from '@omni/ports';
import {
  ScriptedServer,
  upstreamSpecOf,
  VirtualClock,
  type ScriptedInstance,
  type ScriptedMessage,
} from '@omni/testing';
import type { UpstreamLimits } from './connection/upstream-limits.ts';
import type { Upstream } from './upstream.ts';
import { Upstreams } from './upstreams.ts';

/** Capabilities of a client that fills in forms. */
export const FORMS = '{"elicitation":{}}';

/** A legacy server that logs and whose resources can be watched. It answers no call by itself. */
export function legacyScript(message: ScriptedMessage, instance: ScriptedInstance): void {
  if (message.method === 'server/discover') instance.refuse(message, -32601);
  if (message.method === 'initialize')
    instance.reply(
      message,
      '{"protocolVersion":"2025-11-25","capabilities":{"logging":{},"resources":{"subscribe":true}}}',
    );
  if (message.method === 'resources/subscribe' || message.method === 'logging/setLevel')
    instance.reply(message, '{}');
}

/**
 * A server that speaks the modern era, and legacy too when a revision of it is named.
 *
 * @param versions - JSON, without brackets.
 */
export function modernScript(
  versions = '"2026-07-28"',
): (message: ScriptedMessage, instance: ScriptedInstance) => void {
  return (message, instance) => {
    if (message.method === 'server/discover')
      instance.reply(message, `{"supportedVersions":[${versions}],"capabilities":{}}`);
    else if (message.method === 'initialize' && !versions.includes('2025')) instance.refuse(message, -32601);
    else legacyScript(message, instance);
  };
}

/** A modern client. */
export function clientOf(capabilities: string, principal = 'ada'): ClientContext {
  return {
    principal: { id: principal, kind: 'token' },
    era: 'modern',
    endpoint: ALL_SERVERS,
    session: undefined,
    capabilities,
    clientInfo: '{"name":"c","version":"1"}',
  };
}

/** A call of this client. */
export function callOf(client: ClientContext): UpstreamCall {
  return { ...internalCall('tools/call', '{}'), callerKey: callerKeyOf(client), isInternal: false };
}

let sessions = 0;

/** A legacy session that notes down what belongs to none of its calls. */
export class FakeSession implements ClientBinding {
  readonly key = `session-${++sessions}`;
  readonly principal: Principal;
  /** Whether it has neither a stream nor a call, as far as it knows. */
  isIdle = false;
  readonly leftover: Leftover = { isIdle: () => this.isIdle, giveWay: () => this.end() };
  readonly version = '2025-11-25';
  readonly capabilities: string;
  readonly clientInfo = '{"name":"client","version":"2"}';
  readonly isShared = false;
  readonly log: string[] = [];
  readonly client: ClientContext;
  readonly #ends: (() => void)[] = [];
  #isEnded = false;

  constructor(capabilities: string, principal = 'ada') {
    this.capabilities = capabilities;
    const client = clientOf(capabilities, principal);
    this.principal = client.principal;
    this.client = {
      ...client,
      era: 'legacy',
      session: this,
      clientInfo: this.clientInfo,
    };
  }

  onNotification(_upstream: string, message: RpcMessage): void {
    this.log.push(message.method);
  }

  onServerRequest(_upstream: string, message: RpcMessage, _answer: AnswerServerRequest): void {
    this.log.push(message.method);
  }

  logLevel(): undefined {}

  addClientNotificationListener(): () => void {
    return () => {};
  }

  /** How many wait for its end. */
  get endListeners(): number {
    return this.#ends.length;
  }

  onEnd(listener: () => void): () => void {
    if (this.#isEnded) listener();
    else this.#ends.push(listener);
    return () => void this.#ends.splice(this.#ends.indexOf(listener), 1);
  }

  end(): void {
    this.#isEnded = true;
    for (const listener of this.#ends.splice(0)) listener();
  }
}

/** One upstream, whose instances do as a script says. */
export class UpstreamScene {
  readonly clock = new VirtualClock();
  readonly server: ScriptedServer;
  readonly upstreams: Upstreams;
  readonly upstream: Upstream;
  /** Where changes of lists were declared. */
  readonly changes: ListSource[] = [];

  constructor(
    spec: Partial<UpstreamSpec> = {},
    limits: Partial<UpstreamLimits> = {},
    script = legacyScript,
    stages: readonly CallStage[] = [],
  ) {
    this.server = new ScriptedServer(script);
    this.upstreams = new Upstreams({
      specs: [upstreamSpecOf({ kind: 'channel', open: this.server.open }, { name: 'up', ...spec })],
      clock: this.clock,
      identity: { name: 'omni', version: '1' },
      limits,
      stages,
      observer: {
        onStateChanged() {},
        onReady: (_upstream, _connection, onListed) => onListed(false),
        onListsChanged: (_upstream, _kinds, source) => void this.changes.push(source),
      },
    });
    const upstream = this.upstreams.get('up');
    if (upstream === undefined) throw new TypeError('no upstream');
    this.upstream = upstream;
  }

  async start(): Promise<this> {
    this.upstreams.start();
    await this.settle();
    return this;
  }

  /** Lets everything happen that waits for no time to pass. */
  async settle(): Promise<void> {
    await this.clock.advanceAsync(0);
  }

  /** What a client's call is told of its connection. */
  async connection(client: ClientContext): Promise<UpstreamConnection | GatewayError> {
    let found: UpstreamConnection | GatewayError | undefined;
    this.upstream.connectionFor(client, (result) => (found = result));
    await this.settle();
    if (found === undefined) throw new TypeError('nothing was told');
    return found;
  }

  /** The connection of a client's call, which there must be. */
  async openConnection(client: ClientContext): Promise<UpstreamConnection> {
    const found = await this.connection(client);
    if (found instanceof GatewayError) throw found;
    return found;
  }

  /** What lists for a client are read from. */
  async source(client: ClientContext): Promise<ListSource | undefined | GatewayError> {
    let found: ListSource | undefined | GatewayError | 'nothing' = 'nothing';
    this.upstream.listSourceFor(client, (result) => (found = result));
    await this.settle();
    if (found === 'nothing') throw new TypeError('nothing was told');
    return found;
  }

  /** The same, which there must be. */
  async openSource(client: ClientContext): Promise<ListSource> {
    const found = await this.source(client);
    if (found === undefined || found instanceof GatewayError)
      throw new TypeError('there is no source', { cause: found });
    return found;
  }

  /** What each instance was told at its start. */
  get told(): unknown[] {
    return this.server.instances.map((instance) => instance.last('initialize')?.params['capabilities']);
  }

  /** Which instances run, in the order of their starts. */
  get open(): boolean[] {
    return this.server.instances.map((instance) => instance.isOpen);
  }
}
