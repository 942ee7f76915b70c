import { describe, expect, it } from '@jest/globals';
import {
  type ClientBinding,
  type ClientContext,
  endpointOf,
  type ListSource,
  type ListSources,
  type UpstreamConnection,
} from '@omni/model';
import { type Era, GatewayError, silentLogger } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import { listOf, toolsOf } from '../catalogue.fixture.ts';
import { VariantReader } from './variant-reader.ts';

const LIST_WAIT_MS = 5_000;

function clientOf(capabilities: string, server?: string, era: Era = 'legacy'): ClientContext {
  return {
    principal: { id: 'ada', kind: 'token' },
    era,
    endpoint: endpointOf(server),
    session: undefined,
    capabilities,
    clientInfo: '{}',
  };
}

/** A connection of a session that declares this. Nothing else of it is looked at here. */
function connectionOf(capabilities: string): UpstreamConnection {
  const binding = { version: '2025-11-25', capabilities } as ClientBinding;
  return { binding } as UpstreamConnection;
}

class FakeSource implements ListSource {
  readonly connection: UpstreamConnection;
  readonly capabilities = '{}';
  isUp = true;
  releases = 0;

  constructor(capabilities: string) {
    this.connection = connectionOf(capabilities);
  }

  isOpen(): boolean {
    return this.isUp;
  }

  release(): void {
    this.releases++;
  }
}

/** Servers `a` and `b`; what is opened, read and published is done by the test. */
class Scene implements ListSources {
  readonly clock = new VirtualClock();
  readonly log: string[] = [];
  readonly opened: {
    readonly upstream: string;
    readonly done: (result: ListSource | undefined | GatewayError) => void;
  }[] = [];
  readonly reading: {
    readonly source: ListSource;
    /** @param problem - Why the prompts could not be listed. */
    readonly finish: (names: readonly string[], problem?: string) => void;
    readonly fail: () => void;
  }[] = [];
  /** Servers whose instance for all clients is not up. */
  down = '';
  found: ListSource | undefined;
  unread = '';
  names = ['a', 'b'];
  listAgeMs: number | undefined;
  readonly lists = new VariantReader({
    upstreams: () => this.names,
    variantKeyOf: ({ era, capabilities }) => (capabilities === '{}' ? undefined : `${era} ${capabilities}`),
    isRead: (upstream) => upstream !== this.unread,
    read: (source) =>
      new Promise((resolve, reject) => {
        const finish = (names: readonly string[], problem?: string): void =>
          resolve({ ...toolsOf('a', names), prompts: listOf([], { problem }) });
        this.reading.push({ source, finish, fail: () => reject(new GatewayError('OMNI_INTERNAL', 'no')) });
      }),
    publish: (variantKey, upstream, catalogue, isNews) => {
      const what = catalogue?.tools.items.map(({ key }) => key).join(' ') ?? 'as for all';
      this.log.push(`${upstream} for ${variantKey}: ${what}${isNews ? ', news' : ''}`);
    },
    forget: (variantKey) => this.log.push(`forgotten: ${variantKey}`),
    listAgeMs: () => this.listAgeMs,
    clock: this.clock,
    logger: silentLogger,
  });

  open(
    upstream: string,
    _client: ClientContext,
    done: (result: ListSource | undefined | GatewayError) => void,
  ): void {
    this.opened.push({ upstream, done });
  }

  isUp(upstream: string): boolean {
    return upstream !== this.down;
  }

  find(): ListSource | undefined {
    return this.found;
  }

  /** A client lists: whether it is answered already. */
  list(client: ClientContext): { isAnswered: boolean; readonly cancel: () => void } {
    const state = { isAnswered: false, cancel: () => {} };
    state.cancel = this.lists.whenKnown(client, this, 'list', () => (state.isAnswered = true));
    return state;
  }

  /** The server of the latest opening tells its tools. */
  async tell(source: ListSource, names: readonly string[]): Promise<void> {
    this.opened.at(-1)?.done(source);
    this.reading.at(-1)?.finish(names);
    await this.clock.advanceAsync(0);
  }
}

const A = clientOf('{"roots":{}}', 'a');
const VARIANT = 'legacy {"roots":{}}';

describe('VariantReader', () => {
  it('opens and reads nothing for clients that declare nothing', () => {
    const scene = new Scene();
    expect(scene.list(clientOf('{}')).isAnswered).toBe(true);
    expect(scene.clock.pendingTimers).toBe(0);
    expect(scene.lists.isProvisional(clientOf('{}'))).toBe(false);
    expect(scene.opened).toEqual([]);
  });

  it('reads once for all clients that declare the same, and none is told of what it has not missed', async () => {
    const scene = new Scene();
    const waiting = [scene.list(A), scene.list(A)];
    expect(scene.opened).toHaveLength(1);
    expect(waiting.some(({ isAnswered }) => isAnswered)).toBe(false);
    await scene.tell(new FakeSource(A.capabilities), ['x']);
    expect(scene.list(A).isAnswered).toBe(true);
    expect(scene.log).toEqual([`a for ${VARIANT}: x`]);
    expect(waiting.every(({ isAnswered }) => isAnswered)).toBe(true);
    expect(scene.opened).toHaveLength(1);
    expect(scene.lists.isProvisional(A)).toBe(false);
  });

  it('says at no cost that nothing is to be found out any more', async () => {
    const scene = new Scene();
    expect(scene.lists.mayBeProvisional).toBe(false);
    scene.list(A);
    expect(scene.lists.mayBeProvisional).toBe(true);
    expect(scene.lists.isProvisional(A)).toBe(true);
    const source = new FakeSource(A.capabilities);
    await scene.tell(source, ['x']);
    expect(scene.lists.mayBeProvisional).toBe(false);
    source.isUp = false;
    scene.lists.onBaseChanged('a');
    expect(scene.lists.mayBeProvisional).toBe(true);
    scene.lists.stop();
    expect(scene.lists.mayBeProvisional).toBe(false);
  });

  it('does not wait for a server that is not there any more', () => {
    const scene = new Scene();
    const all = clientOf(A.capabilities);
    const waiting = scene.list(all);
    scene.opened[0]?.done(undefined);
    expect(waiting.isAnswered).toBe(false);
    scene.names = ['a'];
    expect(scene.list(all).isAnswered).toBe(true);
    expect(waiting.isAnswered).toBe(true);
    expect(scene.lists.isProvisional(all)).toBe(false);
    expect(scene.lists.mayBeProvisional).toBe(false);
  });

  it('asks each server of the endpoint of all, but none that has offered nothing yet', async () => {
    const scene = new Scene();
    const all = clientOf(A.capabilities);
    scene.unread = 'b';
    const first = scene.list(all);
    expect(scene.opened.map(({ upstream }) => upstream)).toEqual(['a']);
    await scene.tell(new FakeSource(A.capabilities), []);
    scene.unread = '';
    const second = scene.list(all);
    expect(first.isAnswered).toBe(true);
    expect(second.isAnswered).toBe(false);
    expect(scene.opened.map(({ upstream }) => upstream)).toEqual(['a', 'b']);
    scene.opened[1]?.done(undefined);
    expect(second.isAnswered).toBe(true);
    expect(scene.reading).toHaveLength(1);
    expect(scene.lists.isProvisional(all)).toBe(false);
  });

  it('lets a list wait no longer than it may, a call longer, and tells what was missed', async () => {
    const scene = new Scene();
    const first = scene.list(A);
    let isCallAnswered = false;
    scene.lists.whenKnown(A, scene, 'call', () => (isCallAnswered = true));
    await scene.clock.advanceAsync(LIST_WAIT_MS);
    expect(first.isAnswered).toBe(true);
    expect(isCallAnswered).toBe(false);
    expect(scene.list(A).isAnswered).toBe(true);
    expect(scene.lists.isProvisional(A)).toBe(true);
    await scene.tell(new FakeSource(A.capabilities), ['x']);
    expect(isCallAnswered).toBe(true);
    expect(scene.log).toEqual([`a for ${VARIANT}: x, news`]);
    expect(scene.clock.pendingTimers).toBe(1);
  });

  it('answers at once when a server cannot be read, and tries again five seconds later', async () => {
    const scene = new Scene();
    const first = scene.list(A);
    scene.opened[0]?.done(new GatewayError('OMNI_OVERLOADED', 'full'));
    expect(first.isAnswered).toBe(true);
    expect(scene.list(A).isAnswered).toBe(true);
    expect(scene.opened).toHaveLength(1);
    // Nobody has to list again for it.
    await scene.clock.advanceAsync(5_000);
    const source = new FakeSource(A.capabilities);
    expect(scene.list(A).isAnswered).toBe(true);
    scene.opened[1]?.done(source);
    scene.reading[0]?.fail();
    source.isUp = false;
    await scene.clock.advanceAsync(9_999);
    expect(scene.opened).toHaveLength(2);
    await scene.clock.advanceAsync(1);
    source.isUp = true;
    await scene.tell(source, ['x']);
    expect(scene.opened).toHaveLength(3);
    expect(source.releases).toBe(2);
    expect(scene.log).toEqual([`a for ${VARIANT}: x, news`]);
  });

  // guard: variant/unreadable
  it('asks again for a list that could not be read, less and less often, and tells what it missed', async () => {
    const scene = new Scene();
    const source = new FakeSource(A.capabilities);
    const first = scene.list(A);
    scene.opened[0]?.done(source);
    scene.reading[0]?.finish(['x'], 'error -32603');
    await scene.clock.advanceAsync(4_999);
    expect(first.isAnswered).toBe(true);
    expect(scene.reading).toHaveLength(1);
    await scene.clock.advanceAsync(1);
    scene.reading[1]?.finish(['x'], 'error -32603');
    await scene.clock.advanceAsync(9_999);
    expect(scene.reading).toHaveLength(2);
    await scene.clock.advanceAsync(1);
    scene.reading[2]?.finish(['x', 'y']);
    await scene.clock.advanceAsync(600_000);
    expect(scene.reading).toHaveLength(3);
    expect(scene.opened).toHaveLength(1);
    expect(scene.log.at(-1)).toBe(`a for ${VARIANT}: x y, news`);
    expect(scene.clock.pendingTimers).toBe(0);
  });

  it('asks again with the next client where the instance that told is gone, and makes nobody wait for it', async () => {
    const scene = new Scene();
    const source = new FakeSource(A.capabilities);
    scene.list(A);
    scene.opened[0]?.done(source);
    scene.reading[0]?.finish(['x'], 'error -32603');
    await scene.clock.advanceAsync(0);
    source.isUp = false;
    for (let attempt = 1; attempt <= 6; attempt++) {
      await scene.clock.advanceAsync(300_000);
      scene.opened[attempt]?.done(new GatewayError('OMNI_UPSTREAM_EXITED', 'gone'));
    }
    await scene.clock.advanceAsync(600_000);
    const opened = scene.opened.length;
    expect(opened).toBeLessThan(9);
    expect(scene.list(A).isAnswered).toBe(true);
    expect(scene.opened).toHaveLength(opened + 1);
    await scene.tell(new FakeSource(A.capabilities), ['x', 'y']);
    expect(scene.log.at(-1)).toBe(`a for ${VARIANT}: x y, news`);
  });

  it('waits for no server whose instance for all is not up, and no second time for one that has kept a list waiting', async () => {
    const scene = new Scene();
    scene.down = 'a';
    expect(scene.list(A).isAnswered).toBe(true);
    expect(scene.opened).toHaveLength(1);
    scene.down = '';
    const second = scene.list(A);
    expect(second.isAnswered).toBe(false);
    await scene.clock.advanceAsync(LIST_WAIT_MS);
    expect(second.isAnswered).toBe(true);
    scene.opened[0]?.done(new GatewayError('OMNI_UPSTREAM_TIMEOUT', 'slow'));
    await scene.clock.advanceAsync(5_000);
    expect(scene.opened).toHaveLength(2);
    expect(scene.list(A).isAnswered).toBe(true);
    await scene.tell(new FakeSource(A.capabilities), ['x']);
    expect(scene.log).toEqual([`a for ${VARIANT}: x, news`]);
  });

  it('keeps nothing of a request that is cancelled while it waits', async () => {
    const scene = new Scene();
    const [gone, other] = [scene.list(A), scene.list(A)];
    const timers = scene.clock.pendingTimers;
    gone.cancel();
    expect(scene.clock.pendingTimers).toBe(timers - 1);
    await scene.tell(new FakeSource(A.capabilities), ['x']);
    expect([gone.isAnswered, other.isAnswered]).toEqual([false, true]);
  });

  it('does not take what an instance tells that ends in between', async () => {
    const scene = new Scene();
    const source = new FakeSource(A.capabilities);
    const { log } = scene;
    const first = scene.list(A);
    scene.opened[0]?.done(source);
    source.isUp = false;
    scene.reading[0]?.finish([]);
    await scene.clock.advanceAsync(0);
    expect(first.isAnswered).toBe(true);
    expect(log).toEqual([]);
  });

  it('goes on with the next client that waits when the one whose instance was asked leaves', async () => {
    const scene = new Scene();
    const waiting = [scene.list(A), scene.list(A), scene.list(A)];
    scene.opened[0]?.done(new GatewayError('OMNI_CANCELLED', 'The session has ended'));
    const source = new FakeSource(A.capabilities);
    scene.opened[1]?.done(source);
    source.isUp = false;
    scene.reading[0]?.finish([]);
    await scene.clock.advanceAsync(0);
    expect(scene.opened).toHaveLength(3);
    expect(waiting.some(({ isAnswered }) => isAnswered)).toBe(false);
    await scene.tell(new FakeSource(A.capabilities), ['x']);
    expect(waiting.every(({ isAnswered }) => isAnswered)).toBe(true);
    expect(scene.log).toEqual([`a for ${VARIANT}: x`]);
  });

  it('asks the next client at once when the only one has left', () => {
    const scene = new Scene();
    const first = scene.list(A);
    scene.opened[0]?.done(new GatewayError('OMNI_CANCELLED', 'The session has ended'));
    scene.list(A);
    expect(first.isAnswered).toBe(true);
    expect(scene.opened).toHaveLength(2);
  });

  it('does not have a server started again and again that ends when it is read', async () => {
    const scene = new Scene();
    for (let list = 0; list < 10; list++) {
      const opened = scene.opened.length;
      scene.list(A);
      if (scene.opened.length === opened) continue;
      const source = new FakeSource(A.capabilities);
      source.isUp = false;
      await scene.tell(source, []);
    }
    expect(scene.opened).toHaveLength(3);
    await scene.clock.advanceAsync(5_000);
    scene.list(A);
    expect(scene.opened).toHaveLength(4);
  });

  it.each([
    [undefined, 60_000],
    [90_000, 90_000],
    [1, 5_000],
  ])(
    'reads lists again that are too old, for a client that asks: configured %s',
    async (configured, ageMs) => {
      const scene = new Scene();
      scene.listAgeMs = configured;
      scene.list(A);
      await scene.tell(new FakeSource(A.capabilities), ['x']);
      await scene.clock.advanceAsync(ageMs - 1);
      expect(scene.list(A).isAnswered).toBe(true);
      expect(scene.reading).toHaveLength(1);
      await scene.clock.advanceAsync(1);
      let isCallAnswered = false;
      scene.lists.whenKnown(A, scene, 'call', () => (isCallAnswered = true));
      expect(isCallAnswered).toBe(true);
      expect(scene.reading).toHaveLength(1);
      const waiting = [scene.list(A), scene.list(A)];
      expect(scene.reading).toHaveLength(2);
      expect(waiting.some(({ isAnswered }) => isAnswered)).toBe(false);
      scene.reading[1]?.finish(['y']);
      await scene.clock.advanceAsync(0);
      expect(waiting.every(({ isAnswered }) => isAnswered)).toBe(true);
      expect(scene.log.at(-1)).toBe(`a for ${VARIANT}: y, news`);
      expect(scene.list(A).isAnswered).toBe(true);
      expect(scene.reading).toHaveLength(2);
    },
  );

  // guard: variant/fresh-wait
  it('lets a list wait a second for what is too old, and not at all where its instance is gone', async () => {
    const scene = new Scene();
    const source = new FakeSource(A.capabilities);
    scene.list(A);
    await scene.tell(source, ['x']);
    await scene.clock.advanceAsync(60_000);
    const slow = scene.list(A);
    await scene.clock.advanceAsync(999);
    expect(slow.isAnswered).toBe(false);
    await scene.clock.advanceAsync(1);
    expect(slow.isAnswered).toBe(true);
    scene.reading[1]?.finish(['x']);
    await scene.clock.advanceAsync(60_000);
    source.isUp = false;
    expect(scene.list(A).isAnswered).toBe(true);
    expect(scene.reading).toHaveLength(2);
    expect(scene.opened).toHaveLength(1);
    expect(scene.clock.pendingTimers).toBe(0);
  });

  it('reads from an instance that declares a change before anything could be read', async () => {
    const scene = new Scene();
    scene.list(A);
    scene.opened[0]?.done(new GatewayError('OMNI_OVERLOADED', 'full'));
    scene.lists.onListsChanged('a', new FakeSource(A.capabilities));
    scene.reading[0]?.finish(['x']);
    await scene.clock.advanceAsync(0);
    expect(scene.log).toEqual([`a for ${VARIANT}: x, news`]);
  });

  it('reads again, at most once a second, when an instance of such clients declares a change, and never for others', async () => {
    const scene = new Scene();
    scene.list(A);
    await scene.tell(new FakeSource(A.capabilities), ['x']);
    const other = new FakeSource(A.capabilities);
    scene.lists.onListsChanged('a', new FakeSource('{"sampling":{}}'));
    scene.lists.onListsChanged('b', other);
    await scene.clock.advanceAsync(1_000);
    expect(scene.reading).toHaveLength(1);
    for (let change = 0; change < 20; change++) scene.lists.onListsChanged('a', other);
    expect(scene.reading.slice(1).map(({ source }) => source)).toEqual([other]);
    scene.reading[1]?.finish(['x', 'y']);
    await scene.clock.advanceAsync(999);
    expect(scene.reading).toHaveLength(2);
    await scene.clock.advanceAsync(1);
    scene.reading[2]?.finish(['x']);
    await scene.clock.advanceAsync(0);
    expect(scene.log.slice(1)).toEqual([`a for ${VARIANT}: x y, news`, `a for ${VARIANT}: x, news`]);
  });

  it('goes on with the instance of another client when the one that told is gone', async () => {
    const scene = new Scene();
    const source = new FakeSource(A.capabilities);
    scene.list(A);
    await scene.tell(source, ['x']);
    await scene.clock.advanceAsync(1_000);
    source.isUp = false;
    expect(scene.list(A).isAnswered).toBe(true);
    expect(scene.reading).toHaveLength(1);
    scene.found = new FakeSource(A.capabilities);
    expect(scene.list(A).isAnswered).toBe(true);
    expect(scene.reading.at(-1)?.source).toBe(scene.found);
    expect(scene.opened).toHaveLength(1);
  });

  it('reads again when what is for all has changed, at once from an instance that is there, else when somebody asks', async () => {
    const scene = new Scene();
    const source = new FakeSource(A.capabilities);
    scene.list(A);
    await scene.tell(source, ['x']);
    await scene.clock.advanceAsync(1_000);
    scene.lists.onBaseChanged('a');
    expect(scene.reading).toHaveLength(2);
    scene.reading[1]?.finish(['x']);
    await scene.clock.advanceAsync(1_000);
    source.isUp = false;
    scene.lists.onBaseChanged('a');
    expect(scene.reading).toHaveLength(2);
    expect(scene.log.at(-1)).toBe(`a for ${VARIANT}: as for all, news`);
    const asked = scene.list(A);
    await scene.tell(new FakeSource(A.capabilities), ['z']);
    expect(asked.isAnswered).toBe(true);
    expect(scene.log.at(-1)).toBe(`a for ${VARIANT}: z`);
  });

  it('keeps the lists of sixteen variantKeys, those that were asked for last, each for a minute at least', async () => {
    const scene = new Scene();
    for (let index = 0; index < 16; index++) scene.list(clientOf(`{"x${index}":{}}`, 'a'));
    await scene.clock.advanceAsync(59_000);
    const client = clientOf('{"y":{}}', 'a');
    const opened = scene.opened.length;
    expect(scene.list(client).isAnswered).toBe(true);
    expect(scene.lists.isProvisional(client)).toBe(true);
    expect(scene.opened.length).toBe(opened);
    scene.list(clientOf('{"x0":{}}', 'a'));
    await scene.clock.advanceAsync(1_000);
    scene.list(client);
    expect(scene.log).toEqual(['forgotten: legacy {"x1":{}}']);
    expect(scene.opened.length).toBe(opened + 1);
  });

  // guard: variant/fair
  it('makes room for a user who has asked for less when another one keeps all', async () => {
    const scene = new Scene();
    const ofBob = (capabilities: string): ClientContext => ({
      ...clientOf(capabilities, 'a'),
      principal: { id: 'bob', kind: 'token' },
    });
    for (let index = 0; index < 16; index++) scene.list(clientOf(`{"x${index}":{}}`, 'a'));
    scene.list(ofBob('{"y0":{}}'));
    expect(scene.log).toEqual(['forgotten: legacy {"x0":{}}']);
    // An equal part, and no more.
    for (let index = 1; index < 16; index++) scene.list(ofBob(`{"y${index}":{}}`));
    expect(scene.log).toHaveLength(8);
    expect(scene.list(clientOf('{"x0":{}}', 'a')).isAnswered).toBe(true);
    expect(scene.log).toHaveLength(8);
    scene.lists.stop();
    await scene.clock.advanceAsync(0);
  });

  it('leaves nothing behind when it stops, and nobody waiting', async () => {
    const scene = new Scene();
    const waiting = scene.list(A);
    scene.lists.stop();
    const source = new FakeSource(A.capabilities);
    scene.opened[0]?.done(source);
    await scene.clock.advanceAsync(0);
    expect(waiting.isAnswered).toBe(true);
    expect(scene.reading).toHaveLength(0);
    expect(source.releases).toBe(1);
    expect(scene.clock.pendingTimers).toBe(0);
  });
});
