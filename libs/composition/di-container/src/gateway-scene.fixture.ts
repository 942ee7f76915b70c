import { GatewayError } from '@omni/ports';
import { ScriptedServer, upstreamSpecOf, VirtualClock, type ScriptedMessage } from '@omni/testing';
import type { ClientChannel } from './client-channel.ts';
import { createMasterServer } from './create-master-server.ts';
import type { GatewayUpstream } from './gateway-options.ts';
import type { MasterServer } from './master-server.ts';
import { parseConfigurationText } from './node/node-configuration.ts';

/** A server of either era with some tools; it answers calls after a time of its own. */
export class ToolServer extends ScriptedServer {
  readonly spec: GatewayUpstream;

  constructor(options: {
    readonly clock: VirtualClock;
    readonly name: string;
    readonly tools: readonly string[];
    readonly era?: 'legacy' | 'modern';
    readonly answersAfterMs?: number;
    /** After which it tells its tools. Default: 0. */
    readonly listsAfterMs?: number;
    /** What it says of its tools. */
    readonly annotations?: object;
    /** Whether it exits when it is greeted. */
    readonly isBroken?: boolean;
  }) {
    const { clock, name, tools, era = 'legacy', answersAfterMs = 0, isBroken = false } = options;
    const afterMs: Readonly<Record<string, number>> = {
      'tools/call': answersAfterMs,
      'tools/list': options.listsAfterMs ?? 0,
    };
    const { annotations } = options;
    const list = tools.map((tool) => ({
      name: tool,
      inputSchema: { type: 'object' },
      ...(annotations !== undefined && { annotations }),
    }));
    const results: Readonly<Record<string, object>> = {
      'tools/list': { tools: list },
      'tools/call': { content: [{ type: 'text', text: `${name} ${tools.join()}` }] },
      [era === 'modern' ? 'server/discover' : 'initialize']: {
        protocolVersion: '2025-11-25',
        supportedVersions: ['2026-07-28'],
        capabilities: { tools: {} },
        serverInfo: { name, version: '1' },
      },
    };
    super((message: ScriptedMessage, instance) => {
      if (message.id === undefined) return;
      if (isBroken) return instance.exit(new GatewayError('OMNI_UPSTREAM_EXITED', `"${name}" is broken`));
      const result = results[message.method ?? ''];
      const answer = (): void => {
        if (result === undefined) instance.refuse(message, -32601);
        else instance.reply(message, JSON.stringify(result));
      };
      const ms = afterMs[message.method ?? ''] ?? 0;
      if (ms > 0) clock.after(ms, answer);
      else answer();
    });
    this.spec = upstreamSpecOf({ kind: 'channel', open: this.open }, { name, instances: 'shared' });
  }
}

/** A client of the gateway in memory. */
export class SceneClient {
  readonly #channel: ClientChannel;
  readonly #waiting = new Map<number, (text: string) => void>();
  /** Methods of what came without being asked for. */
  readonly notifications: string[] = [];
  #requests = 0;

  /** @param server - The one server to be shown; all when absent. */
  constructor(gateway: MasterServer, server?: string) {
    this.#channel = gateway.connect(server);
    this.#channel.onMessage((text) => {
      // The gateway sends JSON-RPC messages.
      const { id, method } = JSON.parse(text) as { readonly id?: number; readonly method?: string };
      if (method !== undefined) this.notifications.push(method);
      else if (id !== undefined) this.#waiting.get(id)?.(text.replace(`"id":${id}`, '"id":0'));
    });
  }

  /** The text of the response, whatever its id. */
  request(method: string, params: object): Promise<string> {
    const id = ++this.#requests;
    this.#channel.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  modern(method: string, params: object = {}): Promise<string> {
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    return this.request(method, { ...params, _meta });
  }

  /** Opens a legacy session. */
  async initialize(): Promise<void> {
    const clientInfo = { name: 'client', version: '1' };
    await this.request('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
    this.#channel.send('{"jsonrpc":"2.0","method":"notifications/initialized"}');
  }
}

/** A gateway on a virtual clock, before servers in the same process. */
export class GatewayScene {
  readonly clock: VirtualClock;
  readonly server: MasterServer;

  constructor(upstreams: readonly GatewayUpstream[], clock = new VirtualClock()) {
    this.clock = clock;
    const configuration = { ...parseConfigurationText('{}', 'scene.json', {}), upstreams };
    this.server = createMasterServer({ configuration, clock, random: () => 0 });
  }

  async start(): Promise<this> {
    await this.server.start();
    await this.clock.advanceAsync(0);
    return this;
  }

  /** Lets the pauses between announcements and readings pass. */
  async quiet(): Promise<void> {
    await this.clock.advanceAsync(2_000);
  }

  /** What a client is told, once everything that waits for no time has happened. */
  async answer(asked: Promise<string>): Promise<string> {
    await this.clock.advanceAsync(0);
    return await asked;
  }

  /** Everything that clients of both eras are shown on the endpoint of all servers and of each. */
  async everythingShown(names: readonly string[]): Promise<readonly string[]> {
    const shown: string[] = [];
    for (const name of [undefined, ...names]) {
      const modern = new SceneClient(this.server, name);
      const legacy = new SceneClient(this.server, name);
      await this.answer(legacy.initialize().then(() => ''));
      for (const method of ['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list']) {
        shown.push(await this.answer(modern.modern(method)), await this.answer(legacy.request(method, {})));
      }
      shown.push(await this.answer(modern.modern('server/discover')));
    }
    return shown;
  }

  async stop(): Promise<void> {
    await this.server.stop({ deadlineMs: 0 });
  }
}
