import { TokenCheck } from '@omni/auth';
import { fetchHandler, type FetchMountOptions } from '@omni/fetch';
import { GatewayError, type Principal } from '@omni/ports';
import type { Authentication, HostCheck } from '@omni/protocol';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { GatewayConfiguration } from '../gateway-options.ts';
import type { FrontOptions } from './mounted-front.ts';
import {
  INITIALIZE,
  legacyRequest,
  LISTED_ORIGIN,
  modernRequest,
  MountScene,
  principalNamed,
} from './mount-scene.fixture.ts';

const OPEN: GatewayConfiguration['auth'] = { mode: 'open', tokens: [] };
const TOKENS: GatewayConfiguration['auth'] = {
  mode: 'token',
  tokens: [{ name: 'ci', token: 'long-secret-of-ci' }],
};
const CALL = { name: 'tools__greet', arguments: {} };

let scene: MountScene | undefined;

afterEach(async () => {
  await scene?.server.stop({ deadlineMs: 0 });
  scene = undefined;
});

interface Mounting extends FrontOptions {
  readonly auth?: GatewayConfiguration['auth'];
  readonly ofServer?: Authentication;
  readonly principalOf?: FetchMountOptions<unknown>['principalOf'];
}

/** The handler of a running server. */
async function mount({ auth, ofServer, principalOf, ...options }: Mounting) {
  scene = new MountScene({
    ...(auth !== undefined && { auth }),
    ...(ofServer !== undefined && { authentication: ofServer }),
  });
  const handler = fetchHandler(scene.server.front(options), { principalOf });
  await scene.start();
  return async (
    headers: Readonly<Record<string, string>> = {},
    url = 'http://localhost/mcp',
  ): Promise<string> => {
    const response = await handler(new Request(url, modernRequest('tools/call', CALL, headers)));
    const text = await response.text();
    return text.includes('done by the tool') ? 'served' : (/OMNI_[A-Z_]+/.exec(text)?.[0] ?? text);
  };
}

describe('MasterServer.front', () => {
  // guard: mount/authentication
  it.each([
    ['has no token', undefined],
    ['is open, as its own listeners may be on loopback', OPEN],
  ])('is not mounted where the server %s and nobody says who sends a request', async (_what, auth) => {
    scene = new MountScene(auth === undefined ? {} : { auth });
    const front = scene.server.front();
    expect(() => fetchHandler(front)).toThrow(expect.objectContaining({ code: 'OMNI_MOUNT_UNPROTECTED' }));
  });

  // guard: mount/nobody-known
  it('does not let in who the host does not name, even where the server is open', async () => {
    const ask = await mount({
      auth: OPEN,
      principalOf: ({ headers }) => principalNamed(headers.get('x-user') ?? undefined),
    });
    expect(await ask({ 'x-user': 'ada' })).toBe('served');
    expect(await ask()).toBe('OMNI_AUTH_REQUIRED');
  });

  it('takes the tokens of the configuration', async () => {
    const ask = await mount({ auth: TOKENS });
    expect(await ask({ authorization: 'Bearer long-secret-of-ci' })).toBe('served');
    expect(await ask({ authorization: 'Bearer other' })).toBe('OMNI_AUTH_REQUIRED');
  });

  // guard: mount/principal
  it('asks no authentication for whom the host names', async () => {
    const ask = await mount({ auth: TOKENS, principalOf: () => ({ id: 'ada', kind: 'token' }) });
    expect(await ask()).toBe('served');
  });

  it('lets nobody in for what is no principal', async () => {
    // What a host without types may answer with.
    const ask = await mount({ auth: TOKENS, principalOf: () => ({}) as Principal });
    expect(await ask()).toBe('OMNI_INTERNAL');
  });

  it('waits for whom the host names later', async () => {
    const ask = await mount({
      auth: TOKENS,
      principalOf: async ({ headers }) => {
        await Promise.resolve();
        return principalNamed(headers.get('x-user') ?? undefined) ?? null;
      },
    });
    expect(await ask({ 'x-user': 'ada' })).toBe('served');
    expect(await ask()).toBe('OMNI_AUTH_REQUIRED');
    expect(await ask({ authorization: 'Bearer long-secret-of-ci' })).toBe('served');
  });

  it('shows a guest that the host names nothing of what is for the owner, even where the server is open', async () => {
    let kind: Principal['kind'] = 'anonymous';
    scene = new MountScene({ auth: OPEN });
    const handler = fetchHandler(scene.server.front(), { principalOf: () => ({ id: 'guest', kind }) });
    await scene.start();
    const page = async (): Promise<string> =>
      await (await handler(new Request('http://localhost/health/ready'))).text();
    const shown = await page();
    kind = 'local';
    expect(shown).toContain('upstream:tools');
    expect(shown).not.toContain('ownerReports');
    expect(await page()).toContain('ownerReports');
  });

  it('shows everybody what is for the owner where the front itself is open', async () => {
    scene = new MountScene();
    const authentication = new TokenCheck({ mode: 'open', tokens: [] });
    const handler = fetchHandler(scene.server.front({ authentication }));
    await scene.start();
    const response = await handler(new Request('http://localhost/health/ready'));
    expect(await response.text()).toContain('ownerReports');
  });

  // guard: endpoint/off
  it('says to clients of both eras that the server of their endpoint is switched off', async () => {
    scene = new MountScene();
    const handler = fetchHandler(scene.server.front(), { principalOf: () => ({ id: 'ada', kind: 'token' }) });
    await scene.start();
    const [spec] = scene.server.configuration.effective().upstreams;
    await scene.server.apply(spec === undefined ? [] : [{ ...spec, enabled: false }]);
    for (const request of [modernRequest('tools/list'), legacyRequest(INITIALIZE)]) {
      const response = await handler(new Request('http://localhost/mcp/tools', request));
      expect(await response.text()).toContain('OMNI_UPSTREAM_DISABLED');
    }
  });

  it('says where it is mounted to whoever asks for another path', async () => {
    scene = new MountScene();
    const handler = fetchHandler(scene.server.front(), {
      basePath: '/omni',
      principalOf: () => ({ id: 'ada', kind: 'token' }),
    });
    await scene.start();
    const response = await handler(new Request('http://localhost/omni/other'));
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('MCP is at /omni/mcp');
  });

  it.each(['ofServer', 'authentication'])(
    'waits for an authentication of the host, given as %s',
    async (place) => {
      const authentication: Authentication = {
        authenticate: async (request) => {
          await Promise.resolve();
          const user = principalNamed(request.header('x-user'));
          return user ?? { error: new GatewayError('OMNI_AUTH_REQUIRED', 'nobody') };
        },
      };
      const ask = await mount({ [place]: authentication });
      expect(await ask({ 'x-user': 'ada' })).toBe('served');
      expect(await ask()).toBe('OMNI_AUTH_REQUIRED');
    },
  );

  it('refuses hosts and pages that the configuration does not name', async () => {
    const ask = await mount({ principalOf: () => ({ id: 'ada', kind: 'token' }) });
    expect(await ask({}, 'http://127.0.0.1:8080/mcp')).toBe('served');
    expect(await ask({}, 'http://rebound.example/mcp')).toBe('OMNI_HOST_FORBIDDEN');
    expect(await ask({ origin: 'https://evil.example' })).toBe('OMNI_ORIGIN_FORBIDDEN');
  });

  it('lets pages of a listed origin call for whom the host names', async () => {
    const ask = await mount({ principalOf: () => ({ id: 'ada', kind: 'token' }) });
    expect(await ask({ origin: LISTED_ORIGIN })).toBe('served');
  });

  it('names the address for messages of the transport HTTP+SSE as it is from outside', async () => {
    scene = new MountScene();
    const handler = fetchHandler(scene.server.front(), {
      basePath: '/omni',
      principalOf: () => ({ id: 'ada', kind: 'token' }),
    });
    await scene.start();
    const { body } = await handler(new Request('http://localhost/omni/sse'));
    const reader = body?.getReader();
    const first = await reader?.read();
    await reader?.cancel();
    expect(new TextDecoder().decode(first?.value)).toContain('data: /omni/messages?sessionId=');
  });

  it('leaves both to a host that has checked them', async () => {
    const ask = await mount({ hostCheck: 'done', principalOf: () => ({ id: 'ada', kind: 'token' }) });
    expect(await ask({ origin: 'https://app.example' }, 'https://omni.example/mcp')).toBe('served');
  });

  it('takes a check of its own', async () => {
    const hostCheck: HostCheck = {
      check: ({ host }) =>
        host === 'omni.example' ? undefined : new GatewayError('OMNI_HOST_FORBIDDEN', 'another host'),
      lists: () => false,
    };
    const ask = await mount({ hostCheck, principalOf: () => ({ id: 'ada', kind: 'token' }) });
    expect(await ask({}, 'https://omni.example/mcp')).toBe('served');
    expect(await ask()).toBe('OMNI_HOST_FORBIDDEN');
  });

  it('takes nothing new when the server stops', async () => {
    const ask = await mount({ principalOf: () => ({ id: 'ada', kind: 'token' }) });
    await scene?.server.stop({ deadlineMs: 0 });
    expect(await ask()).toBe('OMNI_SHUTTING_DOWN');
  });

  it('shares the memory of clients with every other way to them', () => {
    scene = new MountScene();
    const { budget, unread } = scene.server.front();
    expect(budget).toBe(scene.server.clientMemory.budget);
    expect(scene.server.front().unread).toBe(unread);
  });
});
