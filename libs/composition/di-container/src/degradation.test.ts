import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { coordinatorProgram, InlineRoleHost } from '@omni/coordinator';
import {
  DEFAULT_LIFECYCLE,
  GatewayError,
  type Role,
  type RoleHost,
  silentLogger,
  type StateStore,
  type StatusLevel,
} from '@omni/ports';
import { openStore } from '@omni/sql';
import { RecordingExchange, VirtualClock } from '@omni/testing';
import { createMasterServer } from './create-master-server.ts';
import { SceneClient, ToolServer } from './gateway-scene.fixture.ts';
import { passWithStore } from './store-turns.fixture.ts';
import type { MasterServer } from './master-server.ts';

const SERVERS = 50;
const PAGE = join(import.meta.dirname, '../../../../docs/degradation.md');
const HOST = ['host', '127.0.0.1:7431'];

/** A gateway before many servers, of which every part can go down. */
class Scene {
  readonly clock = new VirtualClock();
  readonly working = Array.from(
    { length: SERVERS },
    (_, n) => new ToolServer({ clock: this.clock, name: `s${n}`, tools: ['read'] }),
  );
  readonly server: MasterServer;
  logLevel: StatusLevel = 'ok';
  isStoreDown = false;
  isCoordinatorDown = false;
  readonly #down = new Set<string>();
  readonly #roles: { readonly role: Role; readonly onExit: (reason: string) => void }[] = [];

  constructor() {
    const { clock } = this;
    const random = (): number => 0;
    const program = coordinatorProgram({ clock, random, openStore: () => this.#openStore() });
    this.server = createMasterServer({
      configuration: {
        upstreams: this.working.map(({ spec, open }) => ({
          ...spec,
          critical: spec.name === 's0',
          lifecycle: DEFAULT_LIFECYCLE,
          transport: {
            kind: 'channel',
            open: (listener) => {
              const channel = open(listener);
              if (this.#down.has(spec.name)) this.#end(spec.name);
              return channel;
            },
          },
        })),
      },
      clock,
      random,
      logger: {
        ...silentLogger,
        getStatus: () => ({ level: this.logLevel, details: {}, since: 0 }),
      },
      coordinator: this.#mortal(new InlineRoleHost(program)),
      store: {},
    });
  }

  /** A host whose programs can be killed, and then start no more. */
  #mortal(host: RoleHost): RoleHost {
    return {
      sharesMemory: host.sharesMemory,
      start: (data, listener) => {
        if (this.isCoordinatorDown) return { post() {}, terminate: () => Promise.resolve() };
        const role = host.start(data, listener);
        this.#roles.push({ role, onExit: (reason) => listener.onExit(reason) });
        return role;
      },
    };
  }

  /** A database that fails each of its methods while it is down. */
  async #openStore(): Promise<StateStore> {
    const { clock } = this;
    const store = await openStore(
      { url: 'memory:', schema: 'omni', stateFolder: '' },
      { clock, logger: silentLogger },
    );
    return new Proxy(store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return (...values: unknown[]): unknown =>
          this.isStoreDown
            ? Promise.reject(new GatewayError('OMNI_INTERNAL', 'the database is gone'))
            : Reflect.apply(member, target, values);
      },
    });
  }

  async begin(): Promise<this> {
    const started = this.server.start();
    await this.pass(0);
    await started;
    await this.pass(3_000);
    return this;
  }

  pass(ms: number): Promise<void> {
    return passWithStore(this.clock, ms);
  }

  #end(name: string): void {
    const running = this.working.find(({ spec }) => spec.name === name)?.instances;
    running
      ?.findLast(({ isOpen }) => isOpen)
      ?.exit(new GatewayError('OMNI_UPSTREAM_EXITED', `"${name}" ended`));
  }

  /** Servers end, and do not come back. */
  loseServers(names: readonly string[]): void {
    for (const name of names) {
      this.#down.add(name);
      this.#end(name);
    }
  }

  loseCoordinator(): void {
    this.isCoordinatorDown = true;
    for (const { role, onExit } of this.#roles.splice(0)) {
      void role.terminate();
      onExit('it was killed');
    }
  }

  statusOf(path: string): number {
    const exchange = new RecordingExchange({ method: 'GET', path, headers: HOST });
    this.server.handle(exchange);
    return exchange.status;
  }

  /** Components that are not well. */
  get sick(): readonly string[] {
    const { components } = this.server.readiness();
    return components.filter(({ level }) => level !== 'ok').map(({ name }) => name);
  }

  /** How many tools a new client is shown. */
  async listed(): Promise<number> {
    const answer = new SceneClient(this.server).modern('tools/list');
    await this.pass(0);
    // The shape of a list.
    return (JSON.parse(await answer) as { result: { tools: unknown[] } }).result.tools.length;
  }

  async called(name: string): Promise<string> {
    const answer = new SceneClient(this.server).modern('tools/call', {
      name: `${name}__read`,
      arguments: {},
    });
    await this.pass(0);
    return await answer;
  }

  async end(): Promise<void> {
    const stopped = this.server.stop({ deadlineMs: 0 });
    for (let turn = 0; turn < 8; turn++) await this.pass(5_000);
    await stopped;
  }
}

interface Row {
  /** As in the first column of the page. */
  readonly down: string;
  readonly lose: (scene: Scene) => void;
  readonly ready: boolean;
  /** Of {@link SERVERS}, after the lists of those that are gone have lingered. */
  readonly tools: number;
  readonly sick: readonly string[];
  /** Whether calls of the last server are answered by it. */
  readonly isAnswered: boolean;
}

const all = Array.from({ length: SERVERS }, (_, n) => `s${n}`);
const WELL = { ready: true, tools: SERVERS, isAnswered: true } as const;

const ROWS: readonly Row[] = [
  {
    ...WELL,
    down: 'a server',
    lose: (scene) => scene.loseServers(['s1']),
    tools: SERVERS - 1,
    sick: ['upstream:s1'],
  },
  {
    ...WELL,
    down: 'a critical server',
    lose: (scene) => scene.loseServers(['s0']),
    ready: false,
    tools: SERVERS - 1,
    sick: ['upstream:s0'],
  },
  {
    down: 'every server',
    lose: (scene) => scene.loseServers(all),
    ready: false,
    tools: 0,
    sick: all.map((name) => `upstream:${name}`),
    isAnswered: false,
  },
  { ...WELL, down: 'the database', lose: (scene) => void (scene.isStoreDown = true), sick: ['coordinator'] },
  { ...WELL, down: 'the coordinator', lose: (scene) => scene.loseCoordinator(), sick: ['coordinator'] },
  { ...WELL, down: 'the log', lose: (scene) => void (scene.logLevel = 'error'), sick: ['log'] },
  {
    ...WELL,
    down: 'a reader of events',
    lose: ({ server }) =>
      void server.events.listen(() => {
        throw new TypeError('it fails each time');
      }),
    sick: [],
  },
  {
    down: 'all of these',
    lose(scene) {
      for (const row of ROWS) if (row.down !== 'all of these') row.lose(scene);
    },
    ready: false,
    tools: 0,
    sick: [...all.map((name) => `upstream:${name}`), 'coordinator', 'log'],
    isAnswered: false,
  },
];

let scene: Scene;
afterEach(() => scene.end());

describe('a gateway of which something is down', () => {
  it.each(ROWS)(
    'goes on without $down [S001-NF-09] [S001-NF-02]',
    async ({ lose, ready, tools, sick, isAnswered }) => {
      scene = await new Scene().begin();
      expect(scene.statusOf('/health/ready')).toBe(200);
      expect(await scene.listed()).toBe(SERVERS);
      lose(scene);
      for (let minute = 0; minute < 5; minute++) {
        await scene.pass(60_000);
        expect(scene.statusOf('/health/live')).toBe(200);
      }
      expect(scene.statusOf('/health/ready')).toBe(ready ? 200 : 503);
      expect([...scene.sick].toSorted()).toEqual([...sick].toSorted());
      expect(await scene.listed()).toBe(tools);
      const answer = await scene.called(`s${SERVERS - 1}`);
      expect(answer).toContain(isAnswered ? `s${SERVERS - 1} read` : '"error"');
    },
  );

  it('behaves as the page says, row by row [S001-NF-09]', async () => {
    scene = await new Scene().begin();
    const rows = readFileSync(PAGE, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .slice(2)
      .map((line) => line.split('|').map((cell) => cell.trim()));
    expect(rows.map(([, down, ready]) => [down, ready])).toEqual(
      ROWS.map(({ down, ready }) => [down, ready ? '200' : '503']),
    );
  });
});
