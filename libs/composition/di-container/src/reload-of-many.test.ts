import { expect, it } from '@jest/globals';
import { VirtualClock } from '@omni/testing';
import { GatewayScene, SceneClient, ToolServer } from './gateway-scene.fixture.ts';

const COUNT = 200;
const CALL_MS = 5_000;

it('a reload in which one of 200 servers is another one leaves 199 alone, with their calls', async () => {
  const clock = new VirtualClock();
  const make = (name: string): ToolServer =>
    new ToolServer({ clock, name, tools: ['echo'], answersAfterMs: CALL_MS });
  const servers = Array.from({ length: COUNT }, (_, index) => make(`s${index}`));
  const scene = await new GatewayScene(
    servers.map(({ spec }) => spec),
    clock,
  ).start();
  await scene.quiet();
  await clock.advanceAsync(20_000);
  expect(servers.map(({ instances }) => instances.length)).toEqual(servers.map(() => 1));

  const client = new SceneClient(scene.server);
  const calls = servers.map(({ spec: { name } }) =>
    client.modern('tools/call', { name: `${name}__echo`, arguments: {} }),
  );
  await clock.advanceAsync(100);
  const other = make('s7');
  const read = servers.map(({ spec }) => (spec.name === 's7' ? other.spec : { ...spec }));
  const changes = await scene.server.reload(async () => read, { author: 'file', isConfirmed: false });
  expect(changes).toMatchObject({ added: [], removed: [], replaced: ['s7'], changed: [] });
  expect(changes.unchanged).toHaveLength(COUNT - 1);

  await clock.advanceAsync(2 * CALL_MS);
  const answers = await Promise.all(calls);
  expect(answers.filter((answer) => !answer.includes('"result"'))).toEqual([]);
  const untouched = servers.filter(({ spec }) => spec.name !== 's7');
  // No server was opened anew, and none has ended.
  expect(
    untouched.filter(({ instances: [first, ...more] }) => more.length > 0 || first?.isOpen !== true),
  ).toEqual([]);
  expect(other.instances).toHaveLength(1);
  await scene.stop();
});
