import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CHROMIUM, type OpenPage, type Site, startBrowser, startSite } from './browser/chromium.ts';
import type { PageClient } from './browser/page.ts';
import { endEverything } from './harness/end-everything.ts';
import { startOmni, type Omni } from './harness/start-omni.ts';
import { sdk1Entry } from './harness/upstream-entries.ts';

afterAll(endEverything);

const TOKEN = 'a-token-of-the-tests-0123456789abcdef';
const AUTHORIZED = { Authorization: `Bearer ${TOKEN}` };
const JSON_AND_EVENTS = { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' };
const INITIALIZE =
  '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"page","version":"1"}}}';
const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';

const describeInChromium = CHROMIUM === undefined ? describe.skip : describe;
const TITLE =
  CHROMIUM === undefined
    ? 'pages in a browser: NOT TRIED, for Chromium is not installed'
    : 'pages in Chromium';

// Each needs a browser to start, which takes seconds where all processors are busy.
const TIME_MS = 60_000;

describeInChromium(TITLE, () => {
  let listed: Site;
  let unlisted: Site;
  let open: Omni;
  let guarded: Omni;

  beforeAll(async () => {
    const browser = await startBrowser();
    [listed, unlisted] = await Promise.all([startSite(browser), startSite(browser)]);
    const server = {
      allowedOrigins: [`http://localhost:${listed.port}`, `http://app.example:${listed.port}`],
      legacySse: true,
    };
    const mcpServers = { sdk1: sdk1Entry() };
    [open, guarded] = await Promise.all([
      startOmni({ server, mcpServers }),
      startOmni({ auth: { mode: 'token', token: TOKEN }, server, mcpServers }),
    ]);
    await Promise.all([open.ready(), guarded.ready()]);
  }, TIME_MS);

  const omniOf = (mode: string): Omni => (mode === 'open' ? open : guarded);

  describe.each(['open', 'token'])('with auth.mode %s', (mode) => {
    it.each<[PageClient, string]>([
      ['legacy', '2025-11-25 with a session'],
      ['auto', '2026-07-28 without a session'],
      ['modern', '2026-07-28 without a session'],
      ['sdk1', '2025-11-25 with a session'],
    ])(
      'a page of a listed origin works as any client: %s',
      async (client, connected) => {
        const page = await listed.open();
        const headers = mode === 'open' ? {} : AUTHORIZED;
        expect(await page.run('use', omniOf(mode).url, client, headers)).toEqual([
          `connect: ${connected}`,
          'list: true',
          'add: 3',
          'count: 1 2 3 Counted to 3.',
          expect.stringMatching(/^ask: (?:1 )?accept {"name":"Ada"}$/),
          'end: undefined',
        ]);
      },
      TIME_MS,
    );

    it(
      'a page of an origin that is not listed, of this machine too, can do nothing',
      async () => {
        const omni = omniOf(mode);
        const before = await sessionsOf(omni);
        for (const page of [await unlisted.open(), await unlisted.open('app.example')])
          await expectNothing(page, omni);
        expect(await sessionsOf(omni)).toBe(before);
      },
      TIME_MS,
    );
  });

  it(
    'a page reads why it is refused: that a token is missing, that its session is lost, that there is no OAuth',
    async () => {
      const page = await listed.open('app.example');
      const without = await page.run('ask', guarded.url, {
        method: 'POST',
        headers: JSON_AND_EVENTS,
        body: INITIALIZE,
      });
      expect(without).toMatch(/^401, no session: .*OMNI_AUTH_REQUIRED/);
      const lost = await page.run('ask', guarded.url, {
        method: 'POST',
        headers: {
          ...JSON_AND_EVENTS,
          ...AUTHORIZED,
          'Mcp-Session-Id': '0'.repeat(32),
          'Mcp-Param-City': 'Berlin',
        },
        body: PING,
      });
      expect(lost).toMatch(/^404, no session: .*OMNI_SESSION_UNKNOWN/);
      const headers = { 'MCP-Protocol-Version': '2025-11-25' };
      const oauth = await page.run('ask', `${guarded.origin}/.well-known/oauth-protected-resource/mcp`, {
        headers,
      });
      expect(oauth).toMatch(/^404, no session: .*Authorization: Bearer/);
      const known = await page.run('ask', guarded.url, {
        method: 'POST',
        headers: { ...JSON_AND_EVENTS, ...AUTHORIZED },
        body: INITIALIZE,
      });
      expect(known).toMatch(/^200, a session: /);
    },
    TIME_MS,
  );

  it(
    'a client in a page that has forgotten its token says so, and what to send',
    async () => {
      const page = await listed.open();
      const [first] = await page.run('use', guarded.url, 'sdk1', {});
      expect(first).toMatch(/^connect failed: .*(?:OMNI_AUTH_REQUIRED|valid token)/);
    },
    TIME_MS,
  );

  it(
    'a page of a listed origin may open a WebSocket in open mode',
    async () => {
      const page = await listed.open();
      expect(await page.run('openWebSocket', open.url.replace('http:', 'ws:'))).toBe('open');
      // A page cannot send a token with it.
      expect(await page.run('openWebSocket', guarded.url.replace('http:', 'ws:'))).toBe('refused');
    },
    TIME_MS,
  );
});

async function expectNothing(page: OpenPage, omni: Omni): Promise<void> {
  const kept = expect.stringMatching(/^kept from the page: TypeError/);
  const post = { method: 'POST', body: INITIALIZE };
  expect(
    await page.run('ask', omni.url, { ...post, headers: { ...JSON_AND_EVENTS, ...AUTHORIZED } }),
  ).toEqual(kept);
  // These a browser sends without asking first.
  expect(await page.run('ask', omni.url, { ...post, headers: { 'Content-Type': 'text/plain' } })).toEqual(
    kept,
  );
  expect(await page.run('ask', `${omni.origin}/sse`, {})).toEqual(kept);
  expect(await page.run('ask', `${omni.origin}/health/ready`, {})).toEqual(kept);
  expect(await page.run('openWebSocket', omni.url.replace('http:', 'ws:'))).toBe('refused');
}

/** How many sessions and channels there are. */
async function sessionsOf({ origin }: Omni): Promise<string> {
  const page = await (await fetch(`${origin}/health/ready`, { headers: AUTHORIZED })).text();
  const [found] = /"sessions":\d+,"connections":\d+/.exec(page) ?? [];
  if (found === undefined) throw new Error(`no sessions in ${page}`);
  return found;
}
