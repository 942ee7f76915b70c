import { afterAll, describe, expect, it } from '@jest/globals';
import { createMasterServer, inProcessUpstream } from '@omni/container';
import { parseConfigurationText } from '@omni/container/node';
import { createChannelPair } from '@omni/wire';
import { atEnd, endEverything } from './harness/end-everything.ts';
import { BusyClient, type Connect, type Speech } from './isolation/busy-client.ts';
import { CanaryOracle } from './isolation/canary-oracle.ts';
import { confusedRelay } from './isolation/confused-relay.ts';
import { SeededRandom } from './isolation/seeded-random.ts';
import { talkingUpstream } from './isolation/talking-upstream.ts';

/** Messages that clients and servers receive and that are looked at. */
const MESSAGES = Number(process.env['OMNI_LEAK_MESSAGES'] ?? 200_000);
const PRINCIPALS = 200;
const SEED = 4711;
/** Of ten clients in a row. */
const SPEECHES: readonly Speech[] = [
  { version: '2025-11-25', canBeAsked: false },
  { version: '2026-07-28', canBeAsked: false },
  { version: '2025-11-25', canBeAsked: true },
  { version: '2025-06-18', canBeAsked: false },
  { version: '2026-07-28', canBeAsked: false },
  { version: '2025-03-26', canBeAsked: false },
  { version: '2026-07-28', canBeAsked: false },
  { version: '2025-03-26', canBeAsked: true },
  { version: '2026-07-28', canBeAsked: false },
  { version: '2024-11-05', canBeAsked: false },
];

afterAll(endEverything, 20_000);

interface Traffic {
  readonly oracle: CanaryOracle;
  readonly cancels: number;
  readonly lives: number;
}

/** Lets clients talk until so many messages have been looked at. */
async function runTraffic(connect: Connect, messages: number, oracle = new CanaryOracle()): Promise<Traffic> {
  const clients = Array.from(
    { length: PRINCIPALS },
    (_, index) =>
      new BusyClient({
        principal: `p${index}`,
        speech: SPEECHES[index % SPEECHES.length] ?? { version: '2025-11-25', canBeAsked: false },
        tools: ['old__talk', 'new__talk'],
        oracle,
        random: new SeededRandom(SEED + index),
        connect,
        goesOn: () => oracle.messages < messages,
      }),
  );
  for (const client of clients) client.start();
  await Promise.all(clients.map(({ done }) => done));
  const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
  return { oracle, cancels: sum(clients.map(({ cancels }) => cancels)), lives: sum(clients.map(({ lives }) => lives)) };
}

/** A gateway in this process with a server of each era; every principal is another one. */
async function startGateway(oracle: CanaryOracle): Promise<Connect> {
  const random = new SeededRandom(SEED);
  const configuration = {
    ...parseConfigurationText('{"limits":{"maxInstances":1000,"maxInFlight":10000}}', 'host.json', {}),
    upstreams: (['legacy', 'modern'] as const).map((era) =>
      inProcessUpstream(era === 'legacy' ? 'old' : 'new', talkingUpstream({ era, random, oracle })),
    ),
  };
  const server = createMasterServer({ configuration });
  atEnd(() => server.stop({ deadlineMs: 1_000 }));
  await server.start();
  await server.whenSettled();
  return (principal, onMessage) => {
    const [near, far] = createChannelPair();
    const connection = server.bind(far, { principal: { id: principal, kind: 'token' } });
    const channel = near({ onMessage, onGarbage() {}, onClose() {} });
    return { send: (text) => void channel.send(text), close: () => void connection.close() };
  };
}

describe('two hundred principals who use the same ids and progress tokens', () => {
  it(
    'never receive a byte that is not theirs, whatever is cancelled and whoever leaves',
    async () => {
      const oracle = new CanaryOracle();
      const begin = performance.now();
      const { cancels, lives } = await runTraffic(await startGateway(oracle), MESSAGES, oracle);
      process.stdout.write(
        `isolation of answers: ${oracle.messages} messages with ${oracle.canaries} canaries, ${cancels} cancelled calls, ${lives} connections, ${((performance.now() - begin) / 1000).toFixed(1)} s\n`,
      );
      expect(oracle.leaks).toEqual([]);
      expect(oracle.messages).toBeGreaterThanOrEqual(MESSAGES);
      expect(oracle.canaries).toBeGreaterThan(MESSAGES / 2);
      expect(cancels).toBeGreaterThan(MESSAGES / 500);
      expect(lives).toBeGreaterThan(PRINCIPALS);
    },
    60_000 + MESSAGES / 5,
  );

  for (const confusion of ['swaps', 'repeats'] as const) {
    it(`would notice a relay that ${confusion} answers`, async () => {
      const { oracle } = await runTraffic(confusedRelay(confusion, 500), 10_000);
      expect(oracle.leaks.length).toBeGreaterThan(0);
    }, 10_000);
  }
});
