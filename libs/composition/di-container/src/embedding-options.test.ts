import { describe, expect, it } from '@jest/globals';
import { systemClock, type Logger } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { createMasterServer } from './create-master-server.ts';
import { SceneClient, ToolServer } from './gateway-scene.fixture.ts';
import type { MasterServer } from './master-server.ts';
import type { MasterServerOptions } from './master-server-options.ts';
import { Token } from './token.ts';

const INFO = {
  name: 'acme-gateway',
  version: '1.2.0',
  title: 'Acme’s tools',
  description: 'Everything that Acme has.',
  websiteUrl: 'https://acme.example',
  icons: [{ src: 'https://acme.example/icon.png', mimeType: 'image/png', sizes: ['48x48'] }],
};
const INITIALIZE = {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'test', version: '1' },
};

/** What clients are told of the gateway when they are greeted, and with a list. */
async function told(server: MasterServer, clock: VirtualClock, endpoint?: string) {
  const [legacy, modern] = [new SceneClient(server, endpoint), new SceneClient(server, endpoint)];
  const answers = [
    legacy.request('initialize', INITIALIZE),
    modern.modern('server/discover'),
    modern.modern('tools/list'),
  ];
  await clock.advanceAsync(2_000);
  const results = (await Promise.all(answers)).map(
    // The gateway sends JSON-RPC messages.
    (text) => (JSON.parse(text) as { readonly result: Readonly<Record<string, unknown>> }).result,
  );
  const [initialized, discovered, listed] = results;
  return { initialized, discovered, listed };
}

async function started(options: MasterServerOptions, clock: VirtualClock): Promise<MasterServer> {
  const server = createMasterServer({ clock, random: () => 0, ...options });
  await server.start();
  await clock.advanceAsync(2_000);
  return server;
}

describe('createMasterServer for a program', () => {
  it('needs nothing, and takes servers at run time', async () => {
    const clock = new VirtualClock();
    const server = await started({}, clock);
    expect(server.readiness().ready).toBe(true);
    const own = new ToolServer({ clock, name: 'own', tools: ['greet'] });
    await server.apply([own.spec]);
    await clock.advanceAsync(2_000);
    const { listed } = await told(server, clock);
    expect(listed).toMatchObject({ tools: [{ name: 'own__greet' }] });
    await server.stop({ deadlineMs: 0 });
  });

  it('takes upstreams alone for a configuration', async () => {
    const clock = new VirtualClock();
    const own = new ToolServer({ clock, name: 'own', tools: ['greet'] });
    const server = await started({ configuration: { upstreams: [own.spec] } }, clock);
    expect(server.upstreams()).toMatchObject([{ name: 'own', state: 'ready', tools: 1 }]);
    await server.stop({ deadlineMs: 0 });
  });

  it('presents itself to clients of both eras as it is told to', async () => {
    const clock = new VirtualClock();
    const own = new ToolServer({ clock, name: 'own', tools: ['greet'] });
    const options = { configuration: { upstreams: [own.spec] }, identity: INFO };
    const server = await started(options, clock);
    const { initialized, discovered, listed } = await told(server, clock);
    const key = 'io.modelcontextprotocol/serverInfo';
    expect(initialized?.['serverInfo']).toEqual(INFO);
    expect(discovered?.['_meta']).toEqual({ [key]: INFO });
    // What is repeated in every list is short.
    expect(listed?.['_meta']).toEqual({ [key]: { name: INFO.name, version: INFO.version } });
    await server.stop({ deadlineMs: 0 });
  });

  it('presents itself to servers by name and version', async () => {
    const clock = new VirtualClock();
    const own = new ToolServer({ clock, name: 'own', tools: ['greet'] });
    const configuration = { upstreams: [own.spec] };
    const server = await started({ configuration, identity: INFO }, clock);
    const greeting = own.instances
      .flatMap(({ received }) => received)
      .find(({ method }) => method === 'initialize');
    expect(JSON.stringify(greeting)).toContain('"clientInfo":{"name":"acme-gateway","version":"1.2.0"}');
    await server.stop({ deadlineMs: 0 });
  });

  it.each([{ name: '', version: '1' }, { name: 'acme' }])('refuses the identity %j', (identity) => {
    expect(() => createMasterServer({ identity: identity as typeof INFO })).toThrow(
      'An identity needs a name and a version',
    );
  });

  it('tells its instructions to clients of all servers, and not to those of one', async () => {
    const clock = new VirtualClock();
    const own = new ToolServer({ clock, name: 'own', tools: ['greet'] });
    const instructions = 'Greet before you ask.';
    const server = await started({ configuration: { upstreams: [own.spec] }, instructions }, clock);
    const all = await told(server, clock);
    expect(all.initialized?.['instructions']).toBe(instructions);
    expect(all.discovered?.['instructions']).toBe(instructions);
    const one = await told(server, clock, 'own');
    expect(one.initialized).not.toHaveProperty('instructions');
    await server.stop({ deadlineMs: 0 });
  });

  it('logs where it is told to', async () => {
    const lines: string[] = [];
    const add = (_fields: object, line: string): void => void lines.push(line);
    const logger: Logger = { debugging: false, debug() {}, info: add, warn: add, error: add };
    const clock = new VirtualClock();
    const own = new ToolServer({ clock, name: 'own', tools: ['greet'] });
    const server = await started({ configuration: { upstreams: [own.spec] }, logger }, clock);
    expect(lines).toContain('server is up');
    await server.stop({ deadlineMs: 0 });
  });

  it('uses the bindings of a program everywhere, and ends them when it has stopped', async () => {
    const told: string[] = [];
    const MINE: symbol = Symbol('mine');
    const server = createMasterServer({
      configure(scope) {
        told.push(`configure ${scope.kind}`);
        scope.register(MINE, {
          useFactory: () => 5,
          dispose: () => void told.push('ended'),
        });
        scope.replace(Token.StartGraceMs, {
          needs: { mine: MINE as typeof Token.StartGraceMs, clock: Token.Clock },
          useFactory: ({ mine, clock }) => {
            told.push(`made with ${mine} and ${clock === systemClock}`);
            return mine;
          },
        });
      },
    });
    expect(told).toEqual(['configure root', 'made with 5 and true']);
    await server.start();
    await server.stop({ deadlineMs: 0 });
    expect(told.at(-1)).toBe('ended');
  });

  it('stops at the end of its block', async () => {
    let kept: MasterServer;
    {
      await using server = createMasterServer();
      await server.start();
      kept = server;
      expect(server.readiness().ready).toBe(true);
    }
    expect(kept.readiness().ready).toBe(false);
    await expect(kept.apply([])).rejects.toMatchObject({ code: 'OMNI_SHUTTING_DOWN' });
  });
});
