import { afterAll, describe, expect, it } from '@jest/globals';
import { createMasterServer, inProcessUpstream } from '@omni/container';
import { parseConfigurationText } from '@omni/container/node';
import { createChannelPair } from '@omni/model';
import { atEnd, endEverything } from './harness/end-everything.ts';
import type { Connect } from './isolation/busy-client.ts';
import { CanaryOracle } from './isolation/canary-oracle.ts';
import { confusedRelay } from './isolation/confused-relay.ts';
import { SeededRandom } from './isolation/seeded-random.ts';
import { talkingUpstream } from './isolation/talking-upstream.ts';
import { PRINCIPALS, runTraffic, SEED } from './isolation/traffic.ts';

/** Messages that clients and servers receive and that are looked at. */
const MESSAGES = Number(process.env['OMNI_LEAK_MESSAGES'] ?? 200_000);
afterAll(endEverything);

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
    const channel = near({ onMessage, onFramingError() {}, onClose() {} });
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
    });
  }
});
