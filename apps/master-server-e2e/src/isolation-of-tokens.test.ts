import { afterAll, describe, expect, it } from '@jest/globals';
import { endEverything } from './harness/end-everything.ts';
import { startOmni, type Omni } from './harness/start-omni.ts';
import type { Connect } from './isolation/busy-client.ts';
import { CanaryOracle } from './isolation/canary-oracle.ts';
import { SeededRandom } from './isolation/seeded-random.ts';
import { talkingUpstream } from './isolation/talking-upstream.ts';
import { PRINCIPALS, runTraffic, SEED } from './isolation/traffic.ts';
import { serveLines } from './principals/line-upstream.ts';
import { connectWebSocket, type TextConnection } from './transports/text-connection.ts';

/** Messages that clients and servers receive and that are looked at. */
const MESSAGES = 20_000;

afterAll(endEverything);

function tokenOf(principal: string): string {
  return `token-of-principal-${principal}`;
}

/** Omni as a process in front of a server of each era, with a token for each principal. */
async function startGateway(oracle: CanaryOracle): Promise<Omni> {
  const random = new SeededRandom(SEED);
  const [old, fresh] = await Promise.all(
    (['legacy', 'modern'] as const).map((era) => serveLines(talkingUpstream({ era, random, oracle }))),
  );
  const tokens = Array.from({ length: PRINCIPALS }, (_, index) => ({
    name: `p${index}`,
    token: tokenOf(`p${index}`),
  }));
  const omni = await startOmni({
    auth: { mode: 'token', token: tokenOf('owner'), tokens },
    limits: { maxInstances: 1_000, maxInFlight: 10_000 },
    mcpServers: { old: { url: old }, new: { url: fresh } },
  });
  await omni.ready();
  return omni;
}

/** WebSockets, each opened with the token of its principal; what is sent before it is open waits. */
function overWebSockets(url: string, onFailure: (error: unknown) => void): Connect {
  return (principal, onMessage) => {
    const waiting: string[] = [];
    let connection: TextConnection | undefined;
    let isClosed = false;
    connectWebSocket(url, { headers: { authorization: `Bearer ${tokenOf(principal)}` } }).then((opened) => {
      connection = opened;
      connection.onMessage = onMessage;
      for (const text of waiting) connection.send(text);
      if (isClosed) connection.close();
    }, onFailure);
    return {
      send: (text) => {
        if (connection === undefined) waiting.push(text);
        else if (!isClosed) connection.send(text);
      },
      close: () => {
        isClosed = true;
        connection?.close();
      },
    };
  };
}

describe('two hundred principals, each with its token, who use the same ids over WebSockets', () => {
  it('never receive a byte that is not theirs, whatever is cancelled and whoever leaves', async () => {
    const oracle = new CanaryOracle();
    const omni = await startGateway(oracle);
    const failures: unknown[] = [];
    const connect = overWebSockets(omni.url.replace('http:', 'ws:'), (error) => failures.push(error));
    const { cancels, lives } = await runTraffic(connect, MESSAGES, oracle);
    expect(oracle.leaks).toEqual([]);
    expect(failures).toEqual([]);
    expect(oracle.messages).toBeGreaterThanOrEqual(MESSAGES);
    expect(oracle.canaries).toBeGreaterThan(MESSAGES / 2);
    expect(cancels).toBeGreaterThan(MESSAGES / 500);
    expect(lives).toBeGreaterThan(PRINCIPALS);
  }, 60_000);
});
