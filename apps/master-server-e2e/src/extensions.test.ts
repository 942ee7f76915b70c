import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { officialChecks } from './extensions/official-checks.ts';
import { endEverything } from './harness/end-everything.ts';
import { openRawSession, postModern } from './harness/raw-mcp.ts';
import { startOmni, type Omni } from './harness/start-omni.ts';
import { startServer } from './harness/start-server.ts';
import { scriptedEntry } from './harness/upstream-entries.ts';

const SKILLS = fileURLToPath(new URL('extensions/skills-main.ts', import.meta.url));
const SCENARIOS = ['sep-2640-skills-enumeration', 'sep-2640-skills-manifest', 'sep-2640-skills-directory'];
const EXTENSION = 'io.modelcontextprotocol/skills';

let direct: string;
let omni: Omni;

beforeAll(async () => {
  direct = (await startServer([SKILLS])).url;
  omni = await startOmni({
    mcpServers: {
      remote: { url: direct },
      local: { command: process.execPath, args: [SKILLS, '--stdio'] },
      other: scriptedEntry(),
    },
  });
  await omni.ready();
}, 60_000);

afterAll(endEverything, 30_000);

describe('the official checks of an extension with methods of its own', () => {
  it.each(SCENARIOS)(
    'give for %s on the endpoint of its server what they give without Omni',
    async (scenario) => {
      const expected = await officialChecks(direct, scenario);
      expect(Object.values(expected)).toContain('SUCCESS');
      expect(Object.values(expected)).not.toContain('FAILURE');
      for (const server of ['remote', 'local'])
        expect(await officialChecks(`${omni.url}/${server}`, scenario)).toEqual(expected);
    },
    120_000,
  );

  it.each(SCENARIOS)(
    'find no promise of %s on the endpoint of all servers, which does not serve its methods',
    async (scenario) => {
      const { 'wire-schema-valid': wire, ...checks } = await officialChecks(omni.url, scenario);
      expect(wire).toBe('SUCCESS');
      expect([...new Set(Object.values(checks))]).toEqual(['SKIPPED']);
    },
    60_000,
  );
});

describe('an extension with methods of its own', () => {
  it('is offered to both eras exactly where its methods are answered', async () => {
    for (const [url, isServed] of [
      [`${omni.url}/remote`, true],
      [omni.url, false],
    ] as const) {
      const discovered = await postModern(url, { id: '1', method: 'server/discover' });
      const listed = await postModern(url, { id: '2', method: 'skills/list' });
      expect(discovered.messages.at(-1)?.includes(EXTENSION)).toBe(isServed);
      expect(listed.messages.at(-1)?.includes('"skills":[')).toBe(isServed);
      const session = await openRawSession(url);
      const legacy = await session.send('{"jsonrpc":"2.0","id":3,"method":"skills/list"}');
      expect(legacy.messages.at(-1)?.includes('"skills":[')).toBe(isServed);
    }
  });
});
