import { describe, expect, it } from '@jest/globals';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CLIENT_STEPS } from './client/client-steps.ts';
import { FixtureState } from './fixture/fixture-state.ts';
import { serveHttpFixture } from './fixture/http-fixture.ts';
import { loadRequirementSet, REVISIONS } from './requirement-set.ts';
import { runServerSuite } from './run.ts';

describe('runServerSuite', () => {
  // The other revision has checks with tight time limits; its direct leg is measured by through-omni.ts,
  // alone on the machine.
  it('passes the fixture in every scored scenario of 2025-11-25', async () => {
    const fixture = await serveHttpFixture(new FixtureState(), { port: 0 });
    try {
      const { scored, unscored } = await runServerSuite(fixture.url, '2025-11-25');
      expect(scored).toEqual({ passed: 30, total: 30, failed: [] });
      expect(unscored.failed).toEqual([]);
    } finally {
      await fixture.close();
    }
  }, 60_000);

  it.each([...REVISIONS])(
    'fails a server that answers nothing of %s',
    async (revision) => {
      const server = createServer((_request, response) => void response.writeHead(404).end());
      await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
      try {
        // A TCP server that listens has an address with a port.
        const { port } = server.address() as AddressInfo;
        const { scored } = await runServerSuite(`http://127.0.0.1:${port}/mcp`, revision);
        expect(scored.failed).toContain('tools-list');
        expect(scored.passed).toBeLessThan(scored.total / 2);
      } finally {
        server.closeAllConnections();
        server.close();
      }
    },
    60_000,
  );
});

describe('loadRequirementSet', () => {
  it.each([
    ['2025-11-25', 4, 1],
    ['2026-07-28', 7, 1],
  ] as const)(
    'takes the client scenarios of %s without those of authorization',
    async (revision, ofScored, ofUnscored) => {
      const { scored, unscored } = await loadRequirementSet(revision, 'client');
      expect(scored.length).toBe(ofScored);
      expect(unscored).toEqual(['json-schema-2020-12-preservation']);
      expect(unscored).toHaveLength(ofUnscored);
      expect([...scored, ...unscored].filter((name) => !(name in CLIENT_STEPS))).toEqual([]);
    },
  );

  it('takes the server scenarios only, scored apart from unscored', async () => {
    const { scored, unscored } = await loadRequirementSet('2026-07-28');
    expect(scored).toHaveLength(37);
    expect(unscored).toHaveLength(13);
    expect([...scored, ...unscored].filter((name) => name.startsWith('auth/'))).toEqual([]);
  });
});
