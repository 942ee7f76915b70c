import { describe, expect, it } from '@jest/globals';
import type { HeaderList } from '@omni/ports';
import { FrontFixture, initializeText, legacyText, modernText } from '../front.fixture.ts';

const NAMES = ['x-tenant', 'x-region'];
const SENT = ['X-Tenant', 'acme', 'Cookie', 's=1', 'X-Other', 'no', 'X-Region', 'eu', 'x-region', 'us'];
const FORWARDABLE = ['x-tenant', 'acme', 'x-region', 'eu, us'];
const CALL = { params: '"name":"files__read"' };
const MODERN = ['MCP-Protocol-Version', '2026-07-28', 'Mcp-Method', 'tools/call', 'Mcp-Name', 'files__read'];

/** What of the headers each routed request has with it. */
function routed({ dispatch }: FrontFixture): readonly (HeaderList | undefined)[] {
  return dispatch.calls.map(({ request }) => request.forwardable);
}

/** Opens a stream of the transport of 2024-11-05 and posts messages to it. */
async function postedTo(front: FrontFixture, version: string, bodies: readonly string[]): Promise<void> {
  const own = ['Host', 'localhost', 'Authorization', 'Bearer owner'];
  const stream = await front.raw({
    method: 'GET',
    path: '/sse',
    headers: [...own, 'Accept', 'text/event-stream'],
  });
  const query = /sessionId=[0-9a-f]+/.exec(stream.text())?.[0] ?? '';
  for (const body of [initializeText(version), ...bodies])
    await front.raw({
      path: '/messages',
      query,
      headers: [...own, 'Content-Type', 'application/json', ...SENT],
      body,
    });
}

describe('the headers of a client that a server may be told', () => {
  it('go with requests of both eras, and no other headers do', async () => {
    const front = new FrontFixture({}, { forwardable: NAMES });
    await front.post(modernText('tools/call', CALL), [...MODERN, ...SENT]);
    const session = await front.session();
    await front.post(legacyText('tools/call', CALL), [...session.headers, ...SENT]);
    await front.post(legacyText('prompts/get', { id: '2', ...CALL }), [
      ...session.headers,
      'X-Region',
      'asia',
    ]);
    expect(routed(front)).toEqual([FORWARDABLE, FORWARDABLE, ['x-region', 'asia']]);
  });

  it('go with vendor requests and with each of a batch', async () => {
    const front = new FrontFixture({}, { forwardable: NAMES });
    const scoped = await front.session({ path: '/mcp/files' });
    await front.post(legacyText('vendor/x'), [...scoped.headers, ...SENT], '/mcp/files');
    const session = await front.session({ version: '2025-03-26' });
    await front.post(
      `[${legacyText('tools/call', CALL)},${legacyText('prompts/get', { id: '2', ...CALL })}]`,
      [...session.headers, ...SENT],
    );
    expect(routed(front)).toEqual([FORWARDABLE, FORWARDABLE, FORWARDABLE]);
  });

  it('are those of the post that has brought the message, over HTTP+SSE', async () => {
    const front = new FrontFixture({}, { forwardable: NAMES, legacySse: true });
    const batch = `[${legacyText('tools/call', { id: '3', ...CALL })}]`;
    await postedTo(front, '2025-03-26', [
      legacyText('tools/call', CALL),
      modernText('tools/call', { id: '2', ...CALL }),
      batch,
    ]);
    expect(routed(front)).toEqual([FORWARDABLE, FORWARDABLE, FORWARDABLE]);
  });

  it('are not looked for when no server wants any', async () => {
    const front = new FrontFixture({}, { legacySse: true });
    await front.post(modernText('tools/call', CALL), [...MODERN, ...SENT]);
    const session = await front.session();
    await front.post(legacyText('tools/call', CALL), [...session.headers, ...SENT]);
    await postedTo(front, '2024-11-05', [legacyText('tools/call', CALL)]);
    expect(routed(front)).toEqual([undefined, undefined, undefined]);
  });
});
