import { describe, expect, it } from '@jest/globals';
import type { ChannelListener, ChildLauncher, ChildSpec, UpstreamTransport } from '@omni/ports';
import { ScriptedHttpClient, ScriptedServer, upstreamSpecOf, VirtualClock } from '@omni/testing';
import { connect } from '../connect.ts';
import { connectionContextOf, credentialsOf } from '../connection/connection-context.fixture.ts';
import { StartLimiter } from './start-limiter.ts';

const EVENTS = { onClosed() {}, onListsChanged() {}, onResourceUpdated: () => false, onReinitialized() {} };

const PROCESS: UpstreamTransport = { kind: 'stdio', command: 'x', args: [], env: {} };

/** Processes that say nothing. */
function sceneOf() {
  const clock = new VirtualClock();
  const server = new ScriptedServer(() => {});
  const launched: string[] = [];
  const launcher: ChildLauncher = {
    launch(spec: ChildSpec, listener: ChannelListener) {
      launched.push(spec.upstream);
      return Object.assign(server.open(listener), { pid: 1 });
    },
    close: () => Promise.resolve(),
  };
  const starts = new StartLimiter({ maxStarting: 2, maxStartsPerSecond: 20, clock });
  const http = new ScriptedHttpClient();
  const context = connectionContextOf(clock, { launcher, starts, http });
  const start = (name: string, transport: UpstreamTransport = PROCESS): (() => void) => {
    const spec = upstreamSpecOf(transport, { name });
    const credentials = credentialsOf(spec, context);
    return connect(
      { spec, context, credentials, events: EVENTS, binding: undefined, era: 'legacy', onReport() {} },
      () => {},
    );
  };
  return { clock, launched, http, starts, start };
}

describe('processes of servers', () => {
  // guard: starting/all-processes
  it('are not started before there are limits [S000-BOOT-02]', () => {
    const { starts, start, launched } = sceneOf();
    expect(() => start('a')).toThrow('before limits and telemetry were there');
    expect(launched).toEqual([]);
    // Negative control: they are then.
    starts.open();
    start('a');
    expect(launched).toEqual(['a']);
  });

  it('are alone in that: what runs elsewhere is not started, and waits for no turn', () => {
    const { start, http } = sceneOf();
    for (const name of ['a', 'b', 'c'])
      start(name, { kind: 'http', url: `http://${name}.test/mcp`, headers: {} });
    expect(http.exchanges.map(({ request }) => request.url)).toEqual([
      'http://a.test/mcp',
      'http://b.test/mcp',
      'http://c.test/mcp',
    ]);
  });

  it('wait for their turn, in which their time begins, and give it back when they are given up', () => {
    const { starts, start, launched, clock } = sceneOf();
    starts.open();
    const giveUpA = start('a');
    start('b');
    const giveUpC = start('c');
    start('d');
    expect(launched).toEqual(['a', 'b']);
    giveUpC();
    giveUpA();
    expect(launched).toEqual(['a', 'b', 'd']);
    // What hangs keeps nobody waiting.
    start('e');
    clock.advance(2_999);
    expect(launched).toHaveLength(3);
    clock.advance(1);
    expect(launched).toEqual(['a', 'b', 'd', 'e']);
  });
});
