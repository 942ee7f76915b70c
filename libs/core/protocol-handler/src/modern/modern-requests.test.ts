import { describe, expect, it } from '@jest/globals';
import { FrontFixture } from '../front.fixture.ts';

describe('ModernRequests', () => {
  it('discovers versions, capabilities and who answers', async () => {
    const front = new FrontFixture();
    front.views.instructionsText = 'Say "please"';
    const exchange = await front.modern('server/discover', { path: '/mcp/files' });
    expect(exchange.json()).toEqual({
      jsonrpc: '2.0',
      id: 1,
      result: {
        resultType: 'complete',
        supportedVersions: [
          '2026-07-28',
          '2025-11-25',
          '2025-06-18',
          '2025-03-26',
          '2024-11-05',
          '2024-10-07',
        ],
        capabilities: { tools: { listChanged: true }, experimental: { files: { era: 'modern' } } },
        instructions: 'Say "please"',
        ttlMs: 60_000,
        cacheScope: 'private',
        _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'omni', version: '1.2.3' } },
      },
    });
  });

  it('leaves instructions out when there are none', async () => {
    expect((await new FrontFixture().modern('server/discover')).text()).not.toContain('instructions');
  });

  it.each([
    ['tools/list', 'tools'],
    ['prompts/list', 'prompts'],
    ['resources/list', 'resources'],
    ['resources/templates/list', 'templates'],
  ])('answers %s from the offer, in the form of its era', async (method, kind) => {
    const exchange = await new FrontFixture().modern(method, { path: '/mcp/files' });
    expect(exchange.status).toBe(200);
    expect(exchange.json()).toEqual({
      jsonrpc: '2.0',
      id: 1,
      result: { [kind]: [], seenBy: 'files modern' },
    });
  });

  it('sends a long list with its length, the same bytes for the same list', async () => {
    const front = new FrontFixture();
    const tools = Array.from({ length: 1_000 }, (_, index) => ({ name: `tool-${index}`, description: 'ä' }));
    front.views.list = () => JSON.stringify({ tools });
    const [first, second] = [await front.modern('tools/list'), await front.modern('tools/list')];
    expect(first.json()).toEqual({ jsonrpc: '2.0', id: 1, result: { tools } });
    expect(first.responseHeader('content-length')).toBe(
      String(new TextEncoder().encode(first.text()).byteLength),
    );
    expect(second.text()).toBe(first.text());
    expect(first.state).toBe('ended');
    expect(second.state).toBe('ended');
    expect(front.handler.getStatus().details).toMatchObject({ inFlight: 0 });
  });

  it('sends a long list that has changed as it is now', async () => {
    const front = new FrontFixture();
    const listed: string[] = [];
    for (const letter of ['a', 'b', 'a']) {
      front.views.list = () => JSON.stringify({ tools: [letter.repeat(20_000)] });
      listed.push(
        ...(JSON.parse((await front.modern('tools/list')).text()) as { result: { tools: string[] } }).result
          .tools,
      );
    }
    expect(listed.map((text) => text.charAt(0))).toEqual(['a', 'b', 'a']);
  });

  it('holds lists until the servers have settled', async () => {
    const front = new FrontFixture();
    front.views.isSettled = false;
    const [stays, leaves] = [await front.modern('tools/list'), await front.modern('tools/list')];
    leaves.leave();
    expect(front.views.waiting).toBe(1);
    front.views.settle();
    expect(stays.status).toBe(200);
    expect(leaves.status).toBe(0);
    expect(front.handler.getStatus().details).toMatchObject({ inFlight: 0 });
  });

  it.each([
    ['"cursor":""', 'tools'],
    ['"cursor":null', 'tools'],
    ['"cursor":"abc"', undefined],
    ['"cursor":5', undefined],
    ['"cursor":{}', undefined],
  ])('takes only the empty cursor and none: %s', async (params, kind) => {
    const exchange = await new FrontFixture().modern('tools/list', { params });
    expect(exchange.status).toBe(200);
    expect(exchange.json()).toMatchObject(
      kind === undefined ? { error: { code: -32602 } } : { result: { [kind]: [] } },
    );
  });

  it('declares tasks where calls may become some, whatever servers declare', async () => {
    const front = new FrontFixture();
    const declared = async (): Promise<unknown> =>
      (
        (await front.modern('server/discover')).json() as {
          result: { capabilities: Record<string, unknown> };
        }
      ).result.capabilities['extensions'];
    expect(await declared()).toBeUndefined();
    front.dispatch.tasksAreMade = true;
    expect(await declared()).toEqual({ 'io.modelcontextprotocol/tasks': {} });
  });

  it('carries vendor methods on the endpoint of one server only', async () => {
    const front = new FrontFixture();
    const all = await front.modern('vendor/x');
    const one = await front.modern('vendor/x', { path: '/mcp/files' });
    front.dispatch.last.result('{"vendor":1}');
    expect(all.status).toBe(404);
    expect(one.json()).toMatchObject({ result: { vendor: 1 } });
    expect(front.dispatch.calls).toHaveLength(1);
  });
});
