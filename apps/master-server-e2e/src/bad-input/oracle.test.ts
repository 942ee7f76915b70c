import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { BackgroundClient } from './background-client.ts';
import { Oracle, type GatewayLoad } from './oracle.ts';
import { callText, modernPost } from './request-bytes.ts';
import { anyOf, exact, refused, refusedAndCut, served, type Expectation, type Row } from './row.ts';

const CALM: GatewayLoad = { descriptors: 20, children: 3, sessions: 0, inFlight: 0, listens: 0 };
const REFUSAL =
  '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"no","data":{"code":"OMNI_JSON_INVALID","hint":"h"}}}';
const RESULT = '{"jsonrpc":"2.0","id":7,"result":{"structuredContent":{"v":1}}}';

function http(status: number, body: string): string {
  return `HTTP/1.1 ${status} x\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

function rowOf(expectation: Expectation): Row {
  return {
    id: 'X',
    title: 'a row',
    withinMs: 200,
    cases: [{ name: 'a case', bytes: modernPost(callText()), expect: expectation }],
  };
}

describe('Oracle', () => {
  const servers: Server[] = [];
  let log = '';
  let isAlive = true;
  let tally = 0;
  let load = CALM;
  let failures: string[] = [];

  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
    log = '';
    isAlive = true;
    tally = 0;
    load = CALM;
    failures = [];
  });

  /** A gateway that answers every connection in the same way. */
  async function fake(onRequest: (socket: Socket) => void): Promise<number> {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => onRequest(socket));
    });
    servers.push(server);
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    // A server that listens has an address with a port.
    return (server.address() as AddressInfo).port;
  }

  async function oracleOn(onRequest: (socket: Socket) => void): Promise<Oracle> {
    return oracleAt(await fake(onRequest));
  }

  function oracleAt(port: number): Oracle {
    const probe = (): Promise<void> => Promise.resolve(void (tally += 1));
    const gateway = {
      port,
      isAlive: () => isAlive,
      log: () => log,
      measure: () => Promise.resolve(load),
      memory: () => 0,
      tally: () => tally,
      probe,
    };
    return new Oracle({ gateway, goodClient: { failures: () => failures }, canaries: ['planted-secret'] });
  }

  const says = (text: string) => (socket: Socket) => void socket.write(text);

  it('finds nothing wrong with a gateway that does what is expected', async () => {
    const oracle = await oracleOn(says(http(400, REFUSAL)));
    expect(await oracle.run(rowOf(refused('OMNI_JSON_INVALID')))).toEqual([]);
    expect(await oracle.settled(CALM, 0)).toEqual([]);
  });

  it.each<[string, string, Expectation]>([
    [
      'serves what it should refuse',
      http(200, RESULT.replace('structuredContent', 'x')),
      refused('OMNI_JSON_INVALID'),
    ],
    ['refuses what it should pass', http(400, REFUSAL), exact('"v":1')],
    ['changes what it passes', http(200, RESULT.replace('structuredContent', 'x')), exact('"v":1.0')],
    ['refuses with another documented code', http(400, REFUSAL), refused('OMNI_MESSAGE_INVALID')],
    [
      'refuses with a code that is not documented',
      http(400, REFUSAL.replace('OMNI_JSON_INVALID', 'OMNI_NONE')),
      refused('OMNI_JSON_INVALID'),
    ],
    [
      'refuses with the JSON-RPC code of another row',
      http(400, REFUSAL.replace('-32700', '-32600')),
      refused('OMNI_JSON_INVALID'),
    ],
    ['refuses with the status of another row', http(500, REFUSAL), refused('OMNI_JSON_INVALID')],
    ['gives no hint', http(400, REFUSAL.replace('"hint":"h"', '"x":1')), refused('OMNI_JSON_INVALID')],
    ['refuses in HTML', http(400, '<html>'), refused('OMNI_JSON_INVALID')],
    ['leaves the connection open', http(400, REFUSAL), refusedAndCut('OMNI_JSON_INVALID')],
    ['answers where the connection should end', http(400, REFUSAL), { kind: 'cut' }],
    ['does neither of two things', http(400, REFUSAL), anyOf(served(), refused('OMNI_MESSAGE_INVALID'))],
    ['answers half of what it announced', http(400, REFUSAL).slice(0, -10), refused('OMNI_JSON_INVALID')],
  ])('notices a gateway that %s', async (_what, answer, expectation) => {
    const oracle = await oracleOn(says(answer));
    expect(await oracle.run(rowOf(expectation))).toHaveLength(1);
  });

  it('notices a gateway that says nothing, within the time of the row', async () => {
    const oracle = await oracleOn(() => {});
    expect(await oracle.run(rowOf(refused('OMNI_JSON_INVALID')))).toEqual([
      'a case: expected OMNI_JSON_INVALID, got no answer',
    ]);
  });

  it('notices a gateway that hangs up, and one that is gone', async () => {
    const oracle = await oracleOn((socket) => socket.destroy());
    isAlive = false;
    expect(await oracle.run(rowOf(refused('OMNI_JSON_INVALID')))).toEqual([
      'a case: expected OMNI_JSON_INVALID, got a closed connection without an answer',
      'the gateway has ended',
    ]);
  });

  it('notices a call that was carried out although it was refused', async () => {
    const oracle = await oracleOn((socket) => {
      tally += 1;
      socket.write(http(400, REFUSAL));
    });
    expect(await oracle.run(rowOf(refused('OMNI_JSON_INVALID')))).toEqual([
      '1 calls reached the server, 0 were answered with its result',
    ]);
  });

  it('notices crashes, failures inside and secrets in the log, each once', async () => {
    const oracle = await oracleOn(says(http(400, REFUSAL)));
    log =
      'omni: crashed, uncaught TypeError\n{"level":"error","msg":"a request failed inside Omni"}\n{"level":"info","msg":"planted-secret"}\n';
    expect(await oracle.run(rowOf(refused('OMNI_JSON_INVALID')))).toHaveLength(3);
    expect(await oracle.run(rowOf(refused('OMNI_JSON_INVALID')))).toEqual([]);
  });

  it('lets Omni say that several servers have failed', async () => {
    const oracle = await oracleOn(says(http(400, REFUSAL)));
    log = '{"level":"error","count":3,"event":"fleet.multiple_failures","msg":"fleet.multiple_failures"}\n';
    expect(await oracle.run(rowOf(refused('OMNI_JSON_INVALID')))).toEqual([]);
  });

  it('notices what the good client noticed', async () => {
    const oracle = await oracleOn(says(http(400, REFUSAL)));
    failures = ['call 3: 500'];
    expect(await oracle.run(rowOf(refused('OMNI_JSON_INVALID')))).toEqual([
      'the good client noticed: call 3: 500',
    ]);
  });

  it.each(['descriptors', 'children', 'sessions', 'inFlight', 'listens'] as const)(
    'notices %s that are left over',
    async (key) => {
      const oracle = await oracleOn(says(http(400, REFUSAL)));
      load = { ...CALM, [key]: CALM[key] + 1 };
      expect(await oracle.settled(CALM, 60)).toEqual([`${key}: ${CALM[key]} before, ${CALM[key] + 1} after`]);
    },
  );

  it('reports a scenario that throws', async () => {
    const oracle = await oracleOn(says(http(400, REFUSAL)));
    const run = (): Promise<readonly string[]> => Promise.reject(new Error('lost'));
    expect(await oracle.run({ id: 'X', title: 'a row', cases: [{ name: 'a scenario', run }] })).toEqual([
      'a scenario: Error: lost',
    ]);
  });
});

describe('BackgroundClient', () => {
  it.each<[string, (socket: Socket) => void]>([
    ['answers wrongly', (socket) => void socket.write(http(200, '{"jsonrpc":"2.0","id":1,"result":{}}'))],
    ['hangs up', (socket) => void socket.destroy()],
  ])('fails on a gateway that %s', async (_what, onRequest) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', () => onRequest(socket));
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    // A server that listens has an address with a port.
    const client = new BackgroundClient({ port: (server.address() as AddressInfo).port, tool: 'good__echo' });
    client.start();
    while (client.failures().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await client.stop();
    server.close();
    expect(client.failures()[0]).toMatch(/^call 1: /);
  });
});
