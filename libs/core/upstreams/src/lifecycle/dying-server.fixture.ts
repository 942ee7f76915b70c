import { LifecycleKeeper, type LifecycleOwner } from '@omni/model';
import { DEFAULT_LIFECYCLE, type OpenChannel, type UpstreamSpec } from '@omni/ports';
import { ScriptedServer, upstreamSpecOf, VirtualClock } from '@omni/testing';
import { legacyScript } from '../upstream-scene.fixture.ts';
import { Upstreams, type UpstreamsOptions } from '../upstreams.ts';

/** Without chance. */
export const PROBED = { ...DEFAULT_LIFECYCLE, probe: { ...DEFAULT_LIFECYCLE.probe, jitter: 0 } };

/** How long a process takes to go when it is told to: two steps of the launcher. */
const DYING_MS = 4_000;

/** One server whose process takes a while to end. */
export function dyingServer(
  spec: Partial<UpstreamSpec>,
  {
    script = legacyScript,
    options = () => ({}),
  }: {
    script?: ConstructorParameters<typeof ScriptedServer>[0];
    options?: (clock: VirtualClock) => Partial<UpstreamsOptions>;
  } = {},
) {
  const clock = new VirtualClock();
  const server = new ScriptedServer(script);
  let alive = 0;
  let mostAlive = 0;
  const open: OpenChannel = (listener) => {
    mostAlive = Math.max(mostAlive, ++alive);
    const instance = server.open(listener);
    const close = instance.close.bind(instance);
    let closing: Promise<void> | undefined;
    (instance as { close: () => Promise<void> }).close = () =>
      (closing ??= new Promise((resolve) => {
        clock.after(DYING_MS, () => {
          alive--;
          void close().then(resolve);
        });
      }));
    return instance;
  };
  const upstreams = new Upstreams({
    specs: [upstreamSpecOf({ kind: 'channel', open }, { name: 'up', lifecycle: PROBED, ...spec })],
    clock,
    identity: { name: 'omni', version: '1' },
    random: () => 0,
    observer: {
      onStateChanged() {},
      onReady: (_name, _connection, onListed) => onListed(false),
      onListsChanged() {},
    },
    ...options(clock),
  });
  const upstream = upstreams.get('up');
  if (upstream === undefined) throw new TypeError('no upstream');
  return {
    clock,
    server,
    upstreams,
    upstream,
    get mostAlive() {
      return mostAlive;
    },
    async start() {
      upstreams.start();
      await clock.advanceAsync(0);
    },
  };
}

export const answersPings: typeof legacyScript = (message, instance) => {
  if (message.method === 'ping') instance.reply(message, '{}');
  else legacyScript(message, instance);
};

/** Decides in another thread: a moment later. */
export const laterOwner = (clock: VirtualClock): LifecycleOwner => ({
  adopt({ record, settings }, executor) {
    let shown = record;
    const lifecycle = new LifecycleKeeper({
      record,
      settings,
      clock,
      random: () => 0,
      executor: {
        execute: (command) => void clock.after(1, () => executor.execute(command)),
        onChanged: (next, notes) =>
          void clock.after(1, () => {
            shown = next;
            executor.onChanged(next, notes);
          }),
      },
    });
    return {
      get record() {
        return shown;
      },
      report: (event) => void clock.after(1, () => lifecycle.report(event)),
      configure: (next) => lifecycle.configure(next),
      release: () => lifecycle.release(),
    };
  },
});
