import { describe, expect, it } from '@jest/globals';
import type { RpcMessage } from '@omni/jsonrpc';
import {
  internalCall,
  type LifecycleExecutor,
  LifecycleKeeper,
  type LifecycleOwner,
  type UpstreamRecord,
} from '@omni/model';
import {
  type ChildLauncher,
  DEFAULT_LIFECYCLE,
  GatewayError,
  type LifecycleSettings,
  type OpenChannel,
  type UpstreamSpec,
} from '@omni/ports';
import { RecordingCall, ScriptedServer, upstreamSpecOf, VirtualClock } from '@omni/testing';
import { connectionLater, connectionNow, connectionOf } from '../found-connection.fixture.ts';
import { callOf, clientOf, legacyScript } from '../upstream-scene.fixture.ts';
import type { Upstream } from '../upstream.ts';
import { Upstreams, type UpstreamsOptions } from '../upstreams.ts';

const CRASH = new GatewayError('OMNI_UPSTREAM_EXITED', '"up" ended with exit code 3');
const CLIENT = clientOf('{}');
const LATE_MS = 20;
const PROBED: LifecycleSettings = {
  ...DEFAULT_LIFECYCLE,
  probe: { ...DEFAULT_LIFECYCLE.probe, jitter: 0, graceMs: 0 },
};

/** Decides in another thread: what is told and what is commanded takes its time. */
class LateOwner implements LifecycleOwner {
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  adopt({ record, settings }: Parameters<LifecycleOwner['adopt']>[0], executor: LifecycleExecutor) {
    const late = (action: () => void): void => void this.#clock.after(LATE_MS, action);
    let seen = record;
    const decider = new LifecycleKeeper({
      record,
      settings,
      clock: this.#clock,
      random: () => 0,
      executor: {
        execute: (command) => late(() => executor.execute(command)),
        onChanged: (next, notes) =>
          late(() => {
            seen = next;
            executor.onChanged(next, notes);
          }),
      },
    });
    return {
      get record() {
        return seen;
      },
      report: (event: Parameters<LifecycleKeeper['report']>[0]) => late(() => decider.report(event)),
      configure: (next: LifecycleSettings) => late(() => decider.configure(next)),
      release: () => decider.release(),
    };
  }
}

/** One upstream and what was told of it. */
class Scene {
  readonly clock = new VirtualClock();
  readonly server: ScriptedServer;
  readonly upstreams: Upstreams;
  readonly upstream: Upstream;
  readonly records: UpstreamRecord[] = [];
  readonly notes: string[] = [];
  /** Tells that the lists of each connection have been read. */
  readonly listed: ((hasProblem: boolean) => void)[] = [];

  constructor(
    script: ConstructorParameters<typeof ScriptedServer>[0] = legacyScript,
    spec: Partial<UpstreamSpec> = {},
    own: (scene: { readonly clock: VirtualClock }) => Partial<UpstreamsOptions> = () => ({}),
    wrap: (open: OpenChannel) => OpenChannel = (open) => open,
  ) {
    this.server = new ScriptedServer(script);
    this.upstreams = new Upstreams({
      specs: [
        upstreamSpecOf({ kind: 'channel', open: wrap(this.server.open) }, { protocol: 'legacy', ...spec }),
      ],
      clock: this.clock,
      identity: { name: 'omni', version: '1' },
      random: () => 0,
      observer: {
        onStateChanged: ({ record }, notes) => {
          this.records.push(record);
          this.notes.push(...notes.map(({ kind }) => kind));
        },
        onReady: (_name, _connection, onListed) => void this.listed.push(onListed),
        onListsChanged() {},
      },
      ...own(this),
    });
    const upstream = this.upstreams.get('up');
    if (upstream === undefined) throw new TypeError('no upstream');
    this.upstream = upstream;
  }

  get phase(): string {
    return this.upstream.record.state.phase;
  }

  get open(): readonly boolean[] {
    return this.server.instances.map(({ isOpen }) => isOpen);
  }

  async start(ms = 0): Promise<this> {
    this.upstreams.start();
    await this.clock.advanceAsync(ms);
    return this;
  }
}

function late(scene: { readonly clock: VirtualClock }): Partial<UpstreamsOptions> {
  return { lifecycle: new LateOwner(scene.clock) };
}

describe('an upstream whose owner decides a moment later', () => {
  it('takes no calls before its owner knows that it is connected', async () => {
    const scene = await new Scene(legacyScript, {}, late).start();
    await scene.clock.advanceAsync(3 * LATE_MS);
    expect(scene.upstream.connection).toBeDefined();
    const early = connectionLater(scene.upstream, CLIENT);
    expect(early.result).toBeUndefined();
    await scene.clock.advanceAsync(2 * LATE_MS);
    expect(early.result).toBe(scene.upstream.connection);
  });

  // guard: lifecycle/start-undecided
  it('lets calls wait before its start is decided', async () => {
    const scene = new Scene(legacyScript, {}, late);
    expect(connectionNow(scene.upstream, CLIENT)).toMatchObject({ message: '"up" was stopped' });
    await scene.start();
    expect(scene.phase).toBe('stopped');
    const early = connectionLater(scene.upstream, CLIENT);
    expect(early.result).toBeUndefined();
    await scene.clock.advanceAsync(5 * LATE_MS);
    expect(early.result).toBe(scene.upstream.connection);
  });

  it('takes no calls on a lost connection before that is decided, and lets them wait', async () => {
    const scene = await new Scene(legacyScript, {}, late).start(200);
    scene.server.instances[0]?.exit(CRASH);
    expect(scene.phase).toBe('ready');
    expect(scene.upstream.snapshot.facts).toMatchObject({ hasConnection: false, mayBeCalled: false });
    const waiting = connectionLater(scene.upstream, CLIENT);
    expect(waiting.result).toBeUndefined();
    await scene.clock.advanceAsync(2 * LATE_MS);
    expect(waiting.result).toMatchObject({ code: 'OMNI_UPSTREAM_DOWN', data: { retryAfterS: 1 } });
    await scene.clock.advanceAsync(700);
    expect(scene.phase).toBe('ready');
    expect(scene.open).toEqual([false, true]);
  });

  it('opens nothing when it is stopped before its start was decided', async () => {
    const scene = new Scene(legacyScript, {}, late);
    scene.upstreams.start();
    const stopped = scene.upstreams.stop();
    await scene.clock.advanceAsync(1_000);
    await stopped;
    expect(scene.server.instances).toEqual([]);
    await scene.start(1_000);
    expect(scene.open).toEqual([true]);
  });

  it('has closed everything when it has stopped', async () => {
    const scene = await new Scene(legacyScript, {}, late).start(200);
    let isStopped = false;
    const stopped = scene.upstreams.stop().then(() => (isStopped = true));
    await scene.clock.advanceAsync(LATE_MS);
    expect(isStopped).toBe(false);
    expect(connectionNow(scene.upstream, CLIENT)).toMatchObject({ message: '"up" was stopped' });
    await scene.clock.advanceAsync(LATE_MS);
    await stopped;
    expect(scene.open).toEqual([false]);
    await scene.clock.advanceAsync(1_000);
    expect(scene.clock.pendingTimers).toBe(0);
  });

  it('is retired when its calls have ended', async () => {
    const scene = await new Scene(legacyScript, {}, late).start(200);
    const call = new RecordingCall<RpcMessage>();
    connectionOf(scene.upstream, CLIENT).send(internalCall('tools/call', '{}'), call);
    let isRetired = false;
    void scene.upstream.retire(scene.clock.now() + 5_000, undefined).then(() => (isRetired = true));
    await scene.clock.advanceAsync(4_000);
    expect(isRetired).toBe(false);
    await scene.clock.advanceAsync(1_100);
    expect(isRetired).toBe(true);
    expect(scene.open).toEqual([false]);
  });
});

describe('a command that its executor has no use for', () => {
  it('opens no second connection, and tells again of the one that there is', async () => {
    const executors: LifecycleExecutor[] = [];
    const events: string[] = [];
    const record: UpstreamRecord = {
      state: { phase: 'starting', since: 0, isTrial: false },
      history: new Scene().upstream.record.history,
    };
    const owner: LifecycleOwner = {
      adopt(_upstream, executor) {
        executors.push(executor);
        return { record, report: ({ kind }) => void events.push(kind), configure() {}, release() {} };
      },
    };
    const scene = new Scene(legacyScript, {}, () => ({ lifecycle: owner }));
    const [executor] = executors;
    scene.upstream.start();
    executor?.execute({ kind: 'connect' });
    executor?.execute({ kind: 'connect' });
    await scene.clock.advanceAsync(0);
    executor?.execute({ kind: 'connect' });
    await scene.clock.advanceAsync(0);
    expect(scene.open).toEqual([true]);
    expect(events).toEqual(['enabled', 'started', 'connected', 'connected']);
    executor?.execute({ kind: 'abort' });
    executor?.execute({ kind: 'close' });
    executor?.execute({ kind: 'probe' });
    executor?.execute({ kind: 'cut', error: { code: 'OMNI_UPSTREAM_TIMEOUT', message: 'x', hint: 'y' } });
    await scene.clock.advanceAsync(0);
    expect(scene.open).toEqual([false]);
    expect(events).toHaveLength(4);
  });
});

describe('lists', () => {
  it('that were read make an upstream well, on the connection that it has', async () => {
    const scene = await new Scene().start();
    scene.listed[0]?.(false);
    expect(scene.upstream.record.state).toMatchObject({ isListed: true, hasListProblem: false });
    scene.server.instances[0]?.exit(CRASH);
    await scene.clock.advanceAsync(500);
    scene.listed[0]?.(false);
    expect(scene.upstream.record.state).toMatchObject({ phase: 'ready', isListed: false });
    scene.listed[1]?.(true);
    expect(scene.upstream.record.state).toMatchObject({ isListed: true, hasListProblem: true });
    expect(scene.notes).toEqual([
      ...['started', 'connected', 'disconnected', 'recovery_attempt'],
      ...['started', 'connected', 'recovery_success', 'degraded'],
    ]);
  });
});

describe('a probe', () => {
  it('is sent on the connection every 30 s, and an answer is a sign of life [X000-06]', async () => {
    const scene = await new Scene(
      (message, instance) => {
        if (message.method === 'ping') instance.reply(message, '{}');
        else legacyScript(message, instance);
      },
      { lifecycle: PROBED },
    ).start();
    await scene.clock.advanceAsync(300_000);
    const pings = scene.server.instances[0]?.received.filter(({ method }) => method === 'ping');
    expect(pings).toHaveLength(10);
    expect(scene.open).toEqual([true]);
    expect(scene.upstream.record.history.lastSeenAt).toBe(scene.clock.now());
  });

  it('that is missed three times ends a server that hangs, with what runs, and starts another', async () => {
    const scene = await new Scene(legacyScript, { lifecycle: PROBED }).start();
    await scene.clock.advanceAsync(35_000);
    expect(scene.upstream.record.state).toMatchObject({ phase: 'ready', misses: 1 });
    await scene.clock.advanceAsync(19_999);
    expect(scene.open).toEqual([true]);
    await scene.clock.advanceAsync(1);
    expect(scene.open).toEqual([false]);
    expect(connectionNow(scene.upstream, CLIENT)).toMatchObject({
      code: 'OMNI_UPSTREAM_DOWN',
      message: '"up" is down: The server did not answer 3 probes in a row',
    });
    await scene.clock.advanceAsync(500);
    expect(scene.open).toEqual([false, true]);
  });

  it('that is missed while a call runs only degrades', async () => {
    const scene = await new Scene(legacyScript, { lifecycle: PROBED, callTimeoutMs: 600_000 }).start();
    const call = new RecordingCall<RpcMessage>();
    connectionOf(scene.upstream, CLIENT).send(callOf(CLIENT), call);
    await scene.clock.advanceAsync(120_000);
    expect(scene.open).toEqual([true]);
    expect(scene.upstream.record.state).toMatchObject({ phase: 'ready', misses: expect.any(Number) });
    expect(call.failure).toBeUndefined();
  });

  // guard: lifecycle/one-process
  it('never has a second process beside the one that is ended', async () => {
    let release = (): void => {};
    const scene = await new Scene(legacyScript, { lifecycle: PROBED }, undefined, (open) => (listener) => {
      const instance = open(listener);
      const close = instance.close.bind(instance);
      instance.close = () => new Promise((resolve) => (release = () => void close().then(resolve)));
      return instance;
    }).start();
    await scene.clock.advanceAsync(55_000 + 900);
    expect(scene.phase).toBe('starting');
    expect(scene.server.instances).toHaveLength(1);
    release();
    await scene.clock.advanceAsync(0);
    expect(scene.server.instances).toHaveLength(2);
    expect(scene.phase).toBe('ready');
  });

  it('is given up when the connection is lost, replaced or left', async () => {
    let given = 0;
    const scene = new Scene(legacyScript, { lifecycle: PROBED }, () => ({
      prober: { begin: () => () => void given++ },
    }));
    await scene.start();
    await scene.clock.advanceAsync(30_000);
    scene.server.instances[0]?.exit(CRASH);
    expect(given).toBe(1);
    await scene.clock.advanceAsync(31_000);
    await scene.upstreams.stop();
    expect(given).toBe(2);
  });

  it('whose connection fails ends it at once, with that failure', async () => {
    const gone = new GatewayError('OMNI_UPSTREAM_UNREACHABLE', 'refused');
    const scene = new Scene(legacyScript, { lifecycle: PROBED }, ({ clock }) => ({
      prober: { begin: (_options, done) => clock.after(10, () => done(gone)) },
    }));
    await scene.start();
    const call = new RecordingCall<RpcMessage>();
    connectionOf(scene.upstream, CLIENT).send(internalCall('tools/call', '{}'), call);
    await scene.clock.advanceAsync(30_010);
    expect(scene.phase).toBe('down');
    expect(scene.open).toEqual([false]);
    expect(call.failure).toBe(gone);
  });
});

describe('an upstream that cannot be started', () => {
  type Launcher = ChildLauncher & { launches: number; program: string | undefined };

  function launcherOf(reason: string, program?: string): Launcher {
    return {
      launches: 0,
      program,
      launch(_spec, listener) {
        this.launches++;
        const data = reason === 'exit' ? { exitCode: 78 } : { reason };
        const code = reason === 'exit' ? 'OMNI_UPSTREAM_EXITED' : 'OMNI_UPSTREAM_SPAWN_FAILED';
        queueMicrotask(() => listener.onClose(new GatewayError(code, 'no such command', { data })));
        return { pid: undefined, send: () => true, close: () => Promise.resolve() };
      },
      startable(this: { program: string | undefined }) {
        return Promise.resolve(this.program);
      },
      close: () => Promise.resolve(),
    };
  }

  async function startedWith(reason: string, program?: string) {
    const launcher = launcherOf(reason, program);
    const clock = new VirtualClock();
    const upstreams = new Upstreams({
      specs: [
        upstreamSpecOf(
          { kind: 'stdio', command: 'tool', args: [], env: {} },
          { protocol: 'legacy', permanentExitCodes: [78] },
        ),
      ],
      launcher,
      clock,
      identity: { name: 'omni', version: '1' },
      observer: { onStateChanged() {}, onReady() {}, onListsChanged() {} },
    });
    const upstream = upstreams.get('up');
    if (upstream === undefined) throw new TypeError('no upstream');
    upstreams.start();
    await clock.advanceAsync(600_000);
    return { launcher, clock, upstream };
  }

  it('is not started again, and comes back when what it needs is there', async () => {
    const { launcher, clock, upstream } = await startedWith('ENOENT');
    expect(launcher.launches).toBe(1);
    expect(connectionNow(upstream, CLIENT)).toMatchObject({
      code: 'OMNI_UPSTREAM_DISABLED',
      message: '"up" cannot run as it is configured: no such command',
    });
    await upstream.look();
    await clock.advanceAsync(0);
    expect(launcher.launches).toBe(1);
    launcher.program = 'tool 755';
    await upstream.look();
    expect(launcher.launches).toBe(2);
  });

  it('for what cannot be seen is started again only when what would be started is another', async () => {
    const { launcher, clock, upstream } = await startedWith('EACCES', 'tool 755');
    for (let look = 0; look < 100; look++) await upstream.look();
    expect(launcher.launches).toBe(1);
    // Negative control: another file of that name.
    launcher.program = 'tool 755 later';
    await upstream.look();
    await clock.advanceAsync(0);
    expect(launcher.launches).toBe(2);
  });

  it('for what its program says is tried with other credentials or another definition only', async () => {
    const { launcher, clock, upstream } = await startedWith('exit');
    expect(launcher.launches).toBe(1);
    launcher.program = 'tool 755';
    await upstream.look();
    expect(launcher.launches).toBe(1);
    upstream.update({ ...upstream.spec, critical: true }, 0);
    await clock.advanceAsync(0);
    expect(launcher.launches).toBe(2);
  });

  it('for want of something that passes is tried again', async () => {
    const { launcher, upstream } = await startedWith('EMFILE');
    expect(launcher.launches).toBeGreaterThan(5);
    await upstream.look();
    expect(upstream.record.state.phase).toBe('down');
  });
});

describe('another definition', () => {
  it('arms again what was given up, with its own numbers', async () => {
    const lifecycle: LifecycleSettings = {
      ...DEFAULT_LIFECYCLE,
      breaker: { ...DEFAULT_LIFECYCLE.breaker, disableAfterMs: 5_000 },
    };
    let isWell = false;
    const scene = await new Scene(
      (message, instance) => (isWell ? legacyScript(message, instance) : instance.exit(CRASH)),
      { lifecycle },
    ).start();
    await scene.clock.advanceAsync(60_000);
    expect(scene.upstream.record.state).toMatchObject({ phase: 'disabled', by: 'auto_downtime' });
    expect(connectionNow(scene.upstream, CLIENT)).toMatchObject({
      code: 'OMNI_UPSTREAM_DISABLED',
      message: '"up" is switched off: it was down for 5 seconds',
    });
    isWell = true;
    scene.upstream.update({ ...scene.upstream.spec, lifecycle: DEFAULT_LIFECYCLE }, 0);
    await scene.clock.advanceAsync(0);
    expect(scene.phase).toBe('ready');
  });

  it('says by what it is switched off', async () => {
    const scene = await new Scene().start();
    scene.upstream.update(
      { ...scene.upstream.spec, enabled: false, disabledReason: 'missing_env:[TOKEN]' },
      scene.clock.now(),
    );
    expect(scene.upstream.record.state).toMatchObject({ phase: 'disabled', by: 'missing_env' });
    expect(scene.open).toEqual([true]);
    await scene.clock.advanceAsync(0);
    expect(scene.open).toEqual([false]);
  });
});
