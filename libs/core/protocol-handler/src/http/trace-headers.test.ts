import { describe, expect, it } from '@jest/globals';
import { FrontFixture, initializeText, legacyText, modernText } from '../front.fixture.ts';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const TRACE = ['traceparent', TRACEPARENT, 'Tracestate', 'a=1', 'tracestate', 'b=2', 'baggage', 'user=ada'];
const META = `"traceparent":"${TRACEPARENT}","tracestate":"a=1, b=2","baggage":"user=ada"`;
const CALL = { params: '"name":"files__read"' };
const MODERN = ['MCP-Protocol-Version', '2026-07-28', 'Mcp-Method', 'tools/call', 'Mcp-Name', 'files__read'];

describe('the trace context in the headers of a request', () => {
  it('is in the metadata of the request as it is routed, in both eras [PROTO-R16]', async () => {
    const front = new FrontFixture();
    await front.post(modernText('tools/call', CALL), [...MODERN, ...TRACE]);
    expect(front.dispatch.last.request.message.text).toBe(
      modernText('tools/call', CALL).replace('"_meta":{', `"_meta":{${META},`),
    );
    const session = await front.session();
    await front.post(legacyText('tools/call', CALL), [...session.headers, ...TRACE]);
    expect(front.dispatch.last.request.message.text).toBe(
      legacyText('tools/call', { params: `"_meta":{${META}},"name":"files__read"` }),
    );
  });

  it('reaches the server of a request without parameters too', async () => {
    const front = new FrontFixture();
    const session = await front.session({ path: '/mcp/files' });
    await front.post(legacyText('vendor/x'), [...session.headers, ...TRACE], '/mcp/files');
    expect(front.dispatch.last.request.message.text).toBe(
      legacyText('vendor/x').replace('{', `{"params":{"_meta":{${META}}},`),
    );
  });

  it('leaves a request without it byte for byte', async () => {
    const front = new FrontFixture();
    await front.post(modernText('tools/call', CALL), [...MODERN, 'traceparent', 'wrong']);
    expect(front.dispatch.last.request.message.text).toBe(modernText('tools/call', CALL));
  });

  it('is that of each request of a batch', async () => {
    const front = new FrontFixture();
    const session = await front.session({ version: '2025-03-26' });
    const batch = [legacyText('tools/call', CALL), legacyText('prompts/get', { id: '2', ...CALL })];
    await front.post(`[${batch.join(',')}]`, [...session.headers, ...TRACE]);
    expect(front.dispatch.calls.map(({ request }) => request.message.text)).toEqual(
      batch.map((text) => text.replace('"params":{', `"params":{"_meta":{${META}},`)),
    );
  });

  it('is that of each message that is posted to the transport of 2024-11-05', async () => {
    const front = new FrontFixture({}, { legacySse: true });
    const own = ['Host', 'localhost', 'Authorization', 'Bearer owner'];
    const stream = await front.raw({
      method: 'GET',
      path: '/sse',
      headers: [...own, 'Accept', 'text/event-stream'],
    });
    const query = /sessionId=[0-9a-f]+/.exec(stream.text())?.[0] ?? '';
    const post = (body: string, headers: readonly string[]): Promise<unknown> =>
      front.raw({
        path: '/messages',
        query,
        headers: [...own, 'Content-Type', 'application/json', ...headers],
        body,
      });
    await post(initializeText('2024-11-05'), []);
    await post(legacyText('tools/call', CALL), TRACE);
    expect(front.dispatch.last.request.message.text).toContain(`"_meta":{${META}}`);
  });
});
