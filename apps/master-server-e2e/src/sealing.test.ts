import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { SECRET, taskServer } from './advisories/task-server.ts';
import { endEverything } from './harness/end-everything.ts';
import { errorOf, openRawSession, postModern, type RawAnswer } from './harness/raw-mcp.ts';
import { startOmni, type Omni } from './harness/start-omni.ts';
import { sdk1Entry } from './harness/upstream-entries.ts';
import { serveLines } from './principals/line-upstream.ts';

const KEYS = { OLD_KEY: randomBytes(32).toString('base64'), NEW_KEY: randomBytes(32).toString('base64url') };
const TOKENS = { ada: 'ada-Zr9tLw2kM3vXq7', bo: 'bo-w2kM3vXq7Zr9tL' } as const;
type Name = keyof typeof TOKENS;

let before: Omni;
let after: Omni;
let alone: Omni;

beforeAll(async () => {
  const tasks = await serveLines(taskServer('legacy', []));
  const start = (keys: readonly string[]): Promise<Omni> =>
    startOmni(
      {
        auth: { mode: 'token', tokens: Object.entries(TOKENS).map(([name, token]) => ({ name, token })) },
        sealing: { keys },
        mcpServers: {
          notes: { ...sdk1Entry(), protocol: 'legacy' },
          tasks: { url: tasks, protocol: 'legacy' },
        },
      },
      { environment: KEYS },
    );
  [before, after, alone] = await Promise.all([
    start(['${OLD_KEY}']),
    start(['${NEW_KEY}', '${OLD_KEY}']),
    start([]),
  ]);
  await Promise.all([before, after, alone].map((omni) => omni.ready()));
}, 60_000);

afterAll(endEverything);

function bearer(name: Name): Record<string, string> {
  return { authorization: `Bearer ${TOKENS[name]}` };
}

function askForm(omni: Omni, rest = ''): Promise<RawAnswer> {
  const name = 'notes__ask_form';
  const params = `"name":"${name}","arguments":{}${rest}`;
  const capabilities = '{"elicitation":{"form":{}}}';
  return postModern(
    omni.url,
    { id: '1', method: 'tools/call', name, params, capabilities },
    { headers: bearer('ada') },
  );
}

describe('Omnis with the same sealing keys', () => {
  it('know the tasks of each other, also after a change of keys, and still whose they are', async () => {
    const start =
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"tasks__long","arguments":{},"task":{"ttl":60000}}}';
    const session = await openRawSession(before.url, { headers: bearer('ada') });
    const id = /"taskId":"([^"]+)"/.exec((await session.send(start)).text)?.[1] ?? '';
    expect(id).not.toBe('');
    const about = `{"jsonrpc":"2.0","id":2,"method":"tasks/get","params":{"taskId":"${id}"}}`;
    const get = async (omni: Omni, name: Name): Promise<boolean> => {
      const other = await openRawSession(omni.url, { headers: bearer(name) });
      return (await other.send(about)).text.includes(SECRET);
    };
    expect(await get(after, 'ada')).toBe(true);
    expect(await get(after, 'bo')).toBe(false);
    expect(await get(alone, 'ada')).toBe(false);
  });

  it('say that a call waits elsewhere, where others know nothing of it', async () => {
    const state = /"requestState":("[^"]+")/.exec((await askForm(before)).text)?.[1] ?? '';
    const answers = `,"requestState":${state},"inputResponses":{"q1":{"action":"accept","content":{"name":"Bo"}}}`;
    const said = async (omni: Omni): Promise<readonly unknown[]> => {
      const error = errorOf((await askForm(omni, answers)).messages.at(-1));
      return [error?.omni, error?.message];
    };
    expect(await said(after)).toEqual([
      'OMNI_STATE_INVALID',
      expect.stringContaining('waits in another Omni'),
    ]);
    expect(await said(alone)).toEqual([
      'OMNI_STATE_INVALID',
      expect.stringContaining('does not belong to this call'),
    ]);
    // It is still there for who finds the way back.
    expect((await askForm(before, answers)).text).toContain('accept');
  });

  it('tell the keys to nobody', () => {
    const said = [before, after].map(({ process }) => process.stdout + process.stderr).join('');
    expect(Object.values(KEYS).filter((key) => said.includes(key))).toEqual([]);
  });
});
