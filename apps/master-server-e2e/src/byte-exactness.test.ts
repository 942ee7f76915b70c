import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atEnd, endEverything } from './harness/end-everything.ts';
import { legacyCall, openRawSession, postModern } from './harness/raw-mcp.ts';
import { startRawHttpUpstream, type RawHttpUpstream } from './harness/raw-http-upstream.ts';
import { startOmni, type Omni } from './harness/start-omni.ts';
import { scriptedEntry } from './harness/upstream-entries.ts';

/** Every way in which JSON survives as text and not as values. */
const ARGUMENTS = [
  '{"big":9007199254740993,"huge":1e400,"one":1.0,"minus":-0,"exponent":1E+2,"tiny":0.1000}',
  '{"a":1,"a":2,"b":{"c":1,"c":[1.0]}}',
  String.raw`{"escapes":"\u00e9\/\b\n\ud83d\ude00\u2028","plain":"é😀","lone":"\ud800"}`,
  '{ "spaces" : [ 1 , 2 ] , "nested" : { "__proto__" : { "x" : 1 } , "" : null } }',
  '{"2":"b","1":"a","id":"not the id","name":"other__echo","_meta":{"progressToken":1},"params":{"arguments":{}}}',
];
const STRANGE_RESULT =
  '"content":[{"type":"hologram","depth":1.0,"x":{"y":null}},{"type":"text","text":"\\u00e9 caf\\u00e9","x-unknown":1e400}],"isError":true,"_meta":{"com.example/trace":[1.10,-0]},"x-extra":{"z":1,"a":2}}}';

let omni: Omni;
let recordFolder: string;
const http: Partial<Record<Era, RawHttpUpstream>> = {};
const recordOf = (era: string): string => join(recordFolder, `record-${era}.txt`);

type Era = 'legacy' | 'modern';

beforeAll(async () => {
  http.legacy = await startRawHttpUpstream('legacy');
  http.modern = await startRawHttpUpstream('modern');
  recordFolder = await mkdtemp(join(tmpdir(), 'omni-e2e-'));
  atEnd(() => rm(recordFolder, { recursive: true, force: true }));
  omni = await startOmni({
    mcpServers: {
      'stdio-legacy': scriptedEntry(['--record', recordOf('legacy')]),
      'stdio-modern': scriptedEntry(['--era', 'modern', '--record', recordOf('modern')]),
      'http-legacy': { type: 'http', url: http.legacy.url },
      'http-modern': { type: 'http', url: http.modern.url },
    },
  });
  await omni.ready();
}, 30_000);

afterAll(endEverything);

/** What the upstream received, as text. */
async function received(transport: string, era: Era): Promise<string> {
  return transport === 'stdio' ? await readFile(recordOf(era), 'utf8') : (http[era]?.bodies.join('\n') ?? '');
}

/** Calls a tool and gives the answer's text. */
async function callRaw(era: Era, tool: string, args: string, path = '/mcp'): Promise<string> {
  const url = omni.origin + path;
  if (era === 'modern') {
    const request = {
      id: '"q\\u0031"',
      method: 'tools/call',
      name: tool,
      params: `"name":"${tool}","arguments":${args}`,
    };
    return (await postModern(url, request)).messages.at(-1) ?? '';
  }
  const session = await openRawSession(url);
  const answer = await session.send(legacyCall('"q\\u0031"', tool, args));
  await session.end();
  return answer.messages.at(-1) ?? '';
}

for (const era of ['legacy', 'modern'] as const) {
  for (const transport of ['stdio', 'http']) {
    describe(`a ${era} call to a ${era} server over ${transport}`, () => {
      const upstream = `${transport}-${era}`;
      for (const args of ARGUMENTS) {
        it(`carries ${args.slice(0, 40)}… there and back byte for byte`, async () => {
          for (const [path, tool] of [
            ['/mcp', `${upstream}__echo`],
            [`/mcp/${upstream}`, 'echo'],
          ] as const) {
            const answer = await callRaw(era, tool, args, path);
            expect(answer).toContain(`"structuredContent":${args}}`);
            expect(answer).toContain('"id":"q\\u0031"');
            const arrived = (await received(transport, era))
              .split('\n')
              .filter((line) => line.includes('"tools/call"'))
              .at(-1);
            expect(arrived).toContain(`"name":"echo","arguments":${args}`);
          }
        });
      }

      it('carries unknown content, unknown members and _meta of a result byte for byte [PROTO-R28]', async () => {
        expect(await callRaw(era, `${upstream}__strange`, '{}')).toContain(STRANGE_RESULT);
      });
    });
  }
}

describe('_meta of a request', () => {
  it('reaches the server with unknown members as they are [PROTO-R28]', async () => {
    const meta =
      '"com.example/x":{"n":1.0,"e":"\\u00e9"},"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"';
    const params = '"name":"stdio-modern__echo","x-unknown":[1.0],"arguments":{}';
    await postModern(omni.url, { id: '1', method: 'tools/call', name: 'stdio-modern__echo', meta, params });
    const record = await received('stdio', 'modern');
    expect(record).toContain(meta);
    expect(record).toContain('"x-unknown":[1.0]');
    const session = await openRawSession(omni.url);
    await session.send(legacyCall('1', 'stdio-legacy__echo', '{}', `{${meta}}`));
    expect(await received('stdio', 'legacy')).toContain(`"_meta":{${meta}}`);
  });

  it('keeps its progress token towards the client, and the last progress comes before the answer [S003-PH-04]', async () => {
    const session = await openRawSession(omni.url);
    const legacy = await session.send(
      legacyCall('5', 'stdio-legacy__progress', '{"steps":100}', '{"progressToken":"t\\u00e9"}'),
    );
    const modern = await postModern(omni.url, {
      id: '5',
      method: 'tools/call',
      name: 'stdio-modern__progress',
      meta: '"progressToken":"t\\u00e9"',
      params: '"name":"stdio-modern__progress","arguments":{"steps":100}',
    });
    for (const { messages } of [legacy, modern]) {
      expect(messages).toHaveLength(101);
      expect(messages.slice(0, 100).map((text) => (JSON.parse(text) as { params: unknown }).params)).toEqual(
        Array.from({ length: 100 }, (_, step) => ({ progressToken: 'té', progress: step + 1, total: 100 })),
      );
      expect(messages[100]).toContain('"result"');
    }
  });
});
