import type { RecordingExchange } from '@omni/testing';
import { describe, expect, it } from '@jest/globals';
import { FrontFixture, initializeText, legacyText, LISTED_ORIGIN } from '../front.fixture.ts';

const ASKED = 'authorization,content-type,mcp-param-city,x-of-a-server';
const FROM_PAGE = ['Host', 'localhost', 'Origin', LISTED_ORIGIN];

function preflight(
  front: FrontFixture,
  {
    origin = LISTED_ORIGIN,
    path = '/mcp',
    more = [],
  }: { origin?: string; path?: string; more?: string[] } = {},
): Promise<RecordingExchange> {
  const asked = ['Access-Control-Request-Method', 'POST', 'Access-Control-Request-Headers', ASKED];
  return front.raw({
    method: 'OPTIONS',
    path,
    headers: ['Host', 'localhost', 'Origin', origin, ...asked, ...more],
  });
}

function permissions({ responseHeaders }: RecordingExchange): readonly string[] {
  return responseHeaders.filter((_, at) => at % 2 === 0).filter((name) => name.startsWith('Access-Control-'));
}

describe('a page of a listed origin', () => {
  it.each(['/mcp', '/mcp/files', '/health/live', '/.well-known/oauth-protected-resource', '/nowhere'])(
    'may ask before it has shown a token: %s',
    async (path) => {
      const exchange = await preflight(new FrontFixture(), { path });
      expect([exchange.status, exchange.text()]).toEqual([204, '']);
      expect(exchange.responseHeader('access-control-allow-origin')).toBe(LISTED_ORIGIN);
      expect(exchange.responseHeader('access-control-allow-methods')).toBe('GET, POST, DELETE');
      expect(exchange.responseHeader('access-control-allow-headers')).toBe(ASKED);
      expect(exchange.responseHeader('vary')).toBe('Origin');
      // What a browser sends by itself, such as cookies, is never asked for.
      expect(exchange.responseHeader('access-control-allow-credentials')).toBeUndefined();
    },
  );

  it('is let into a private network when its browser asks for that', async () => {
    const name = 'Access-Control-Request-Private-Network';
    const [asked, unasked] = [
      await preflight(new FrontFixture(), { more: [name, 'true'] }),
      await preflight(new FrontFixture()),
    ];
    expect(asked.responseHeader('access-control-allow-private-network')).toBe('true');
    expect(unasked.responseHeader('access-control-allow-private-network')).toBeUndefined();
  });

  it('reads the id of its session, and its streams', async () => {
    const front = new FrontFixture();
    const opened = await front.post(initializeText(), ['Origin', LISTED_ORIGIN]);
    expect(opened.responseHeader('access-control-expose-headers')).toMatch(/^Mcp-Session-Id\b/);
    expect(opened.responseHeader('access-control-allow-origin')).toBe(LISTED_ORIGIN);
    const session = [
      'Mcp-Session-Id',
      opened.responseHeader('mcp-session-id') ?? '',
      'Accept',
      'text/event-stream',
    ];
    const stream = await front.raw({
      method: 'GET',
      headers: [...FROM_PAGE, 'Authorization', 'Bearer owner', ...session],
    });
    expect([stream.state, stream.responseHeader('access-control-allow-origin')]).toEqual([
      'streaming',
      LISTED_ORIGIN,
    ]);
    expect(stream.responseHeader('vary')).toBe('Origin');
  });

  it.each([
    ['without a token', 401, { headers: FROM_PAGE }],
    ['at a path that is none', 404, { path: '/nowhere', method: 'GET', headers: FROM_PAGE }],
    ['by another method', 405, { method: 'PUT', headers: [...FROM_PAGE, 'Authorization', 'Bearer owner'] }],
    [
      'with another type',
      415,
      { headers: [...FROM_PAGE, 'Authorization', 'Bearer owner', 'Content-Type', 'text/plain'] },
    ],
    ['under another name', 403, { headers: ['Host', 'evil.example', 'Origin', LISTED_ORIGIN] }],
  ])('reads why it is refused %s: %d', async (_what, status, request) => {
    const exchange = await new FrontFixture().raw(request);
    expect(exchange.status).toBe(status);
    expect(exchange.responseHeader('access-control-allow-origin')).toBe(LISTED_ORIGIN);
    expect(exchange.json()).toMatchObject({ error: { message: expect.any(String) } });
  });

  it('reads that its session is lost', async () => {
    const exchange = await new FrontFixture().post(legacyText('ping'), [
      'Origin',
      LISTED_ORIGIN,
      'Mcp-Session-Id',
      'x',
    ]);
    expect([exchange.status, exchange.responseHeader('access-control-allow-origin')]).toEqual([
      404,
      LISTED_ORIGIN,
    ]);
  });
});

// guard: page/listed
describe('a page of another origin', () => {
  it.each([
    'https://evil.example',
    'http://localhost:3000',
    'null',
    `${LISTED_ORIGIN}, https://evil.example`,
  ])('is told nothing: %s', async (origin) => {
    const front = new FrontFixture();
    const asked = await preflight(front, { origin });
    const called = await front.post(initializeText(), ['Origin', origin]);
    expect([asked.status, called.status]).toEqual([403, 403]);
    expect([permissions(asked), permissions(called)]).toEqual([[], []]);
    expect(front.handler.getStatus().details).toMatchObject({ sessions: 0 });
  });

  // guard: endpoint/page-without-origin
  it.each([
    ['cross-site', 403],
    ['same-site', 403],
    ['same-origin', 200],
    ['none', 200],
  ])(
    'opens no stream by a frame or a picture, for which browsers send no Origin: %s',
    async (site, status) => {
      const front = new FrontFixture({}, { legacySse: true });
      const sent = [
        'Host',
        'localhost',
        'Authorization',
        'Bearer owner',
        'Accept',
        '*/*',
        'Sec-Fetch-Site',
        site,
      ];
      const exchange = await front.raw({ method: 'GET', path: '/sse', headers: sent });
      expect(exchange.status).toBe(status);
      expect(front.handler.getStatus().details).toMatchObject({ connections: status === 200 ? 1 : 0 });
      // Health pages are for everybody.
      expect((await front.raw({ method: 'GET', path: '/health/live', headers: sent })).status).toBe(200);
    },
  );

  it('is not hidden by a request without one', async () => {
    expect(permissions(await new FrontFixture().post(initializeText()))).toEqual([]);
  });
});
