import { describe, expect, it } from '@jest/globals';
import { FrontFixture, initializeText, legacyText, modernText } from '../front.fixture.ts';

/** Headers that clients of both eras send, of every revision, and in every wrong way. */
const MIRRORS: readonly (readonly string[])[] = [
  ['Mcp-Method', 'initialize'],
  ['Mcp-Method', 'tools/list', 'Mcp-Name', 'files__read'],
  ['MCP-Protocol-Version', '2025-03-26'],
  ['MCP-Protocol-Version', '2026-07-28'],
  ['MCP-Protocol-Version', '2026-07-28', 'Mcp-Method', 'ping', 'Mcp-Param-City', 'Berlin'],
];
const CANCEL = '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}';

describe('the era of a message over HTTP', () => {
  it.each([...MIRRORS, ['MCP-Protocol-Version', '2099-01-01']])(
    'of an initialize is legacy, whatever headers come with it: %s %s',
    async (...headers) => {
      const exchange = await new FrontFixture().post(initializeText(), headers);
      expect(exchange.json()).toMatchObject({ id: 'hello', result: { protocolVersion: '2025-11-25' } });
      expect(exchange.responseHeader('mcp-session-id')).toMatch(/^[0-9a-f]{32}$/);
    },
  );

  it.each(MIRRORS)(
    'of what comes in a session is legacy, whatever else its headers say: %s %s',
    async (...headers) => {
      const front = new FrontFixture();
      const session = await front.session();
      const inSession = ['Mcp-Session-Id', session.id, ...headers];
      const { call } = await session.call('7');
      const listed = await front.post(legacyText('tools/list'), inSession);
      expect(listed.json()).toMatchObject({ result: { seenBy: 'all legacy' } });
      expect((await front.post(CANCEL, inSession)).status).toBe(202);
      expect(call.cancels).toHaveLength(1);
    },
  );

  it('of a notification with an envelope is that of its session', async () => {
    const front = new FrontFixture();
    const session = await front.session();
    const { call } = await session.call('7');
    const envelope = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}';
    await session.post(CANCEL.replace('{"requestId":7}', `{"requestId":7,${envelope}}`));
    expect(call.cancels).toHaveLength(1);
  });

  it('of a request with an envelope is modern, whatever session its headers name', async () => {
    const front = new FrontFixture();
    const { id } = await front.session();
    for (const session of [id, 'forged']) {
      const mirrors = ['MCP-Protocol-Version', '2026-07-28', 'Mcp-Method', 'tools/list'];
      const exchange = await front.post(modernText('tools/list'), ['Mcp-Session-Id', session, ...mirrors]);
      expect(exchange.json()).toMatchObject({ result: { seenBy: 'all modern' } });
    }
  });

  it.each([
    ['a request', legacyText('tools/list')],
    ['a notification', CANCEL],
  ])(
    'is not made by Mcp-Method: %s without session and envelope is told what is missing',
    async (_what, body) => {
      const exchange = await new FrontFixture().post(body, ['Mcp-Method', 'tools/list']);
      expect(exchange.status).toBe(400);
      expect(exchange.json()).toMatchObject({ error: { data: { code: 'OMNI_SESSION_REQUIRED' } } });
    },
  );

  it.each([
    ['2026-07-28', -32602],
    ['2099-01-01', -32022],
  ])(
    'of a request without session and envelope is told in the terms of its version header %s',
    async (version, code) => {
      const exchange = await new FrontFixture().post(legacyText('tools/list'), [
        'MCP-Protocol-Version',
        version,
      ]);
      expect(exchange.status).toBe(400);
      expect(exchange.json()).toMatchObject({ id: 1, error: { code } });
    },
  );

  it('does not hide a version that nobody speaks: it is refused in a session, too', async () => {
    const front = new FrontFixture();
    const { id } = await front.session();
    for (const body of [legacyText('ping'), CANCEL]) {
      const exchange = await front.post(body, ['Mcp-Session-Id', id, 'MCP-Protocol-Version', '1999-01-01']);
      expect(exchange.status).toBe(400);
      expect(exchange.json()).toMatchObject({ error: { code: -32022 } });
    }
  });

  it('of a lost session is legacy: its client begins anew', async () => {
    const headers = [
      'Mcp-Session-Id',
      'lost',
      'Mcp-Method',
      'tools/list',
      'MCP-Protocol-Version',
      '2026-07-28',
    ];
    const exchange = await new FrontFixture().post(legacyText('tools/list'), headers);
    expect(exchange.status).toBe(404);
  });
});
