import type { Override } from '@omni/call-policies';
import { DEFAULT_ROUTING, GatewayError } from '@omni/ports';
import { type ScriptedInstance, type ScriptedMessage, ScriptedServer, VirtualClock } from '@omni/testing';
import { createMasterServer } from '../create-master-server.ts';
import { type GatewayUpstream, inProcessUpstream } from '../gateway-options.ts';
import { SceneClient } from '../gateway-scene.fixture.ts';
import { parseConfigurationText } from '../node/node-configuration.ts';
import type { KindSettings } from './kind-scene.fixture.ts';

const TOOL = '{"name":"t","inputSchema":{"type":"object"}}';
const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } },
};

/** What of its definition matters. */
type ParkedServer = Partial<Pick<GatewayUpstream, 'callTimeoutMs' | 'maxCallTimeMs'>>;

/** A modern client, and a legacy server that asks it something during each call. */
export class ParkedScene {
  readonly clock = new VirtualClock();
  /** Calls that the server has got. */
  calls = 0;
  readonly #server: ScriptedServer;
  readonly #gateway;
  readonly #client: SceneClient;
  readonly #open = new Map<unknown, ScriptedMessage>();

  constructor({ routing = {}, limits = '{}', ...more }: Omit<KindSettings, 'override'> & ParkedServer) {
    this.#server = new ScriptedServer((message, instance) => this.#onMessage(message, instance));
    const upstreams = [
      {
        ...inProcessUpstream('up', this.#server.open),
        instances: 'per-user' as const,
        ...more,
        routing: { ...DEFAULT_ROUTING, ...routing },
      },
    ];
    const configuration = { ...parseConfigurationText(`{"limits":${limits}}`, 'scene.json', {}), upstreams };
    this.#gateway = createMasterServer({ configuration, clock: this.clock, random: () => 0 });
    this.#client = new SceneClient(this.#gateway);
  }

  async start(): Promise<this> {
    await this.#gateway.start();
    await this.pass(2_000);
    return this;
  }

  /** Calls the tool. @returns The state that leads back to the call, which waits for its client. */
  async park(): Promise<string> {
    const answer = await this.#ask({});
    const state = /"requestState":("[^"]*")/.exec(answer)?.[1];
    if (state === undefined) throw new TypeError(answer);
    // It is a string in JSON.
    return JSON.parse(state) as string;
  }

  /** The client comes back. @returns How that ends: a code, or `answered`. */
  async comeBack(requestState: string): Promise<string> {
    return ending(
      await this.#ask({
        requestState,
        inputResponses: { q1: { action: 'accept', content: {} } },
      }),
    );
  }

  /** Another call. @returns How it ends; a call that is parked is `asked`. */
  async call(): Promise<string> {
    return ending(await this.#ask({}));
  }

  set(override: Override): void {
    this.#gateway.overrides.set({ upstream: 'up' }, override);
  }

  exit(): void {
    this.#server.instances.at(-1)?.exit(new GatewayError('OMNI_UPSTREAM_EXITED', 'gone'));
  }

  async pass(ms: number): Promise<void> {
    await this.clock.advanceAsync(ms);
  }

  async stop(): Promise<void> {
    await this.#gateway.stop({ deadlineMs: 0 });
  }

  async #ask(more: object): Promise<string> {
    const asked = this.#client.request('tools/call', { name: 'up__t', arguments: {}, ...more, _meta: META });
    // States are sealed by the runtime, in turns of its own.
    for (let turn = 0; turn < 50; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      await this.pass(1);
    }
    return await asked;
  }

  #onMessage(message: ScriptedMessage, instance: ScriptedInstance): void {
    if (message.method === 'initialize')
      return instance.reply(
        message,
        '{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"up","version":"1"}}',
      );
    if (message.method === 'tools/list') return instance.reply(message, `{"tools":[${TOOL}]}`);
    if (message.method === 'tools/call') {
      const id = `q${++this.calls}`;
      this.#open.set(id, message);
      return instance.emit(
        `{"jsonrpc":"2.0","id":"${id}","method":"elicitation/create","params":{"message":"Who?","requestedSchema":{"type":"object","properties":{}}}}`,
      );
    }
    const call = message.method === undefined ? this.#open.get(message.id) : undefined;
    if (call !== undefined) return instance.reply(call, '{"content":[]}');
    if (message.id !== undefined && message.method !== undefined) instance.refuse(message, -32601);
  }
}

function ending(answer: string): string {
  const code = /OMNI_[A-Z_]+/.exec(answer)?.[0];
  return code ?? (answer.includes('"requestState"') ? 'asked' : 'answered');
}
