import type { Principal } from '@omni/ports';
import { ScriptedServer, upstreamSpecOf } from '@omni/testing';
import { createMasterServer } from '../create-master-server.ts';
import type { GatewayConfiguration } from '../gateway-options.ts';
import type { MasterServer } from '../master-server.ts';
import type { MasterServerOptions } from '../master-server-options.ts';
import { parseConfigurationText } from '../node/node-configuration.ts';

/** A body beyond this is refused. */
export const MAX_BODY_BYTES = 20_000;
/** Pages of this origin may call. */
export const LISTED_ORIGIN = 'https://listed.example';
const META = 'io.modelcontextprotocol/';

/** What a host found out of who sends a request: here, what a header says. */
export function principalNamed(user: unknown): Principal | undefined {
  return typeof user === 'string' ? { id: user, kind: 'token' } : undefined;
}

/** How a test reaches a host. */
export interface Host {
  /** Where MCP is mounted, e.g. `http://127.0.0.1:4711/omni`. */
  readonly mounted: string;
  /** Another route of the host. */
  readonly beside: string;
  readonly send: (url: string, init: RequestInit) => Promise<Response>;
  close(): Promise<void>;
}

/** A gateway without a listener, before a server in the same process. */
export class MountScene {
  readonly server: MasterServer;
  /** Methods of all that the server behind it was sent. */
  readonly received: string[] = [];
  readonly #waiting: { readonly method: string; readonly found: () => void }[] = [];

  constructor(options: Partial<MasterServerOptions> & { readonly auth?: GatewayConfiguration['auth'] } = {}) {
    const { auth, ...rest } = options;
    const tools = ['greet', 'report', 'wait'].map((name) => ({ name, inputSchema: { type: 'object' } }));
    const script = new ScriptedServer((message, instance) => {
      const { method = '', params, id } = message;
      this.#onReceived(method);
      if (id === undefined) return;
      if (method === 'initialize') {
        const serverInfo = { name: 'tools', version: '1' };
        const protocolVersion = '2025-11-25';
        instance.reply(message, JSON.stringify({ protocolVersion, capabilities: { tools: {} }, serverInfo }));
      } else if (method === 'tools/list') instance.reply(message, JSON.stringify({ tools }));
      else if (method === 'tools/call' && params['name'] !== 'wait') {
        // Holds: clients of these tests that call it send a token along.
        const { progressToken } = (params['_meta'] ?? {}) as { readonly progressToken?: unknown };
        if (params['name'] === 'report') {
          const progress = { progressToken, progress: 1, total: 2 };
          const notification = { jsonrpc: '2.0', method: 'notifications/progress', params: progress };
          instance.emit(JSON.stringify(notification));
        }
        instance.reply(message, '{"content":[{"type":"text","text":"done by the tool"}]}');
      } else if (method !== 'tools/call') instance.refuse(message, -32601);
    });
    const configuration = parseConfigurationText('{}', 'mount.json', {});
    this.server = createMasterServer({
      configuration: {
        ...configuration,
        ...(auth !== undefined && { auth }),
        server: { ...configuration.server, legacySse: true, allowedOrigins: [LISTED_ORIGIN] },
        limits: { ...configuration.limits, maxBodyBytes: MAX_BODY_BYTES },
        upstreams: [
          upstreamSpecOf({ kind: 'channel', open: script.open }, { name: 'tools', instances: 'shared' }),
        ],
      },
      ...rest,
    });
  }

  async start(): Promise<void> {
    await this.server.start();
    await this.server.whenSettled();
  }

  /** Resolves when the server behind has been sent another message of this method. */
  sent(method: string): Promise<void> {
    return new Promise((found) => this.#waiting.push({ method, found }));
  }

  #onReceived(method: string): void {
    this.received.push(method);
    for (const waiting of this.#waiting.filter((one) => one.method === method)) {
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      waiting.found();
    }
  }
}

/** A request of the modern era; `headers` come on top. */
export function modernRequest(
  method: string,
  params: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = { 'x-user': 'ada' },
): RequestInit {
  const { _meta: more, ...rest } = params as { readonly _meta?: object };
  const _meta = {
    [`${META}protocolVersion`]: '2026-07-28',
    [`${META}clientCapabilities`]: {},
    ...more,
  };
  return {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(typeof params['name'] === 'string' && { 'mcp-name': params['name'] }),
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...rest, _meta } }),
  };
}

/** A message of the legacy era. */
export function legacyRequest(message: object, session?: string, user = 'ada'): RequestInit {
  return {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'x-user': user,
      ...(session !== undefined && { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', ...message }),
  };
}

export const INITIALIZE = {
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'client', version: '1' },
  },
};
