import { GatewayError, type Principal, type Refusal, type RequestFacts } from '@omni/ports';
import { LOOPBACK_CONNECTION, RecordingExchange, type RecordedRequest } from '@omni/testing';
import { describe, expect, it } from '@jest/globals';
import type { Authentication } from '../collaborators.ts';
import { FrontFixture, modernText } from '../front.fixture.ts';
import type { EndpointDecision } from './endpoint-access.ts';

const OWNER: Principal = { id: 'owner', kind: 'token' };
const REFUSAL: Refusal = {
  error: new GatewayError('OMNI_AUTH_REQUIRED', 'This token has ended'),
  challenge: 'Bearer realm="elsewhere", error="invalid_token"',
};

/** Knows `Bearer known` at once; a test answers for everybody else. */
class SlowAuthentication implements Authentication {
  readonly asked: {
    readonly facts: RequestFacts;
    readonly answer: (answer: Principal | Refusal) => void;
    readonly fail: (reason: Error) => void;
  }[] = [];

  authenticate(facts: RequestFacts): Principal | Promise<Principal | Refusal> {
    if (facts.header('authorization') === 'Bearer known') return OWNER;
    return new Promise((answer, fail) => this.asked.push({ facts, answer, fail }));
  }
}

/** One request, as far as it is. */
interface Asked {
  readonly exchange: RecordingExchange;
  /** `waits`, `admitted`, or the code of the refusal. */
  outcome(): string;
  challenge(): string | undefined;
}

interface Ingress {
  readonly name: string;
  ask(front: FrontFixture, request?: RecordedRequest): Asked;
  /** How a refusal shows. */
  refused(code: string): string;
  readonly hasChallenge: boolean;
}

function requestOf(request: RecordedRequest, token = 'slow'): RecordingExchange {
  const headers = ['Host', 'localhost', 'Authorization', `Bearer ${token}`, ...(request.headers ?? [])];
  return new RecordingExchange({ ...request, headers });
}

function ofExchange(front: FrontFixture, exchange: RecordingExchange, admitted: () => boolean): Asked {
  front.handler.handle(exchange);
  return {
    exchange,
    outcome: () => {
      if (admitted()) return 'admitted';
      if (exchange.state === 'none') return 'waits';
      // Every refusal of the front has this shape.
      return (exchange.json() as { error: { data: { code: string } } }).error.data.code;
    },
    challenge: () => exchange.responseHeader('www-authenticate'),
  };
}

const POST: RecordedRequest = {
  headers: [
    ...['Content-Type', 'application/json', 'Accept', 'application/json, text/event-stream'],
    ...['MCP-Protocol-Version', '2026-07-28', 'Mcp-Method', 'tools/call', 'Mcp-Name', 'files__read'],
  ],
  body: modernText('tools/call', { params: '"name":"files__read"' }),
};

const INGRESSES: readonly Ingress[] = [
  {
    name: 'a request over HTTP',
    ask: (front, request = {}) =>
      ofExchange(front, requestOf({ ...POST, ...request }), () => front.dispatch.calls.length > 0),
    refused: (code) => code,
    hasChallenge: true,
  },
  {
    name: 'a stream of HTTP+SSE',
    ask(front, request = {}) {
      const headers = ['Accept', 'text/event-stream'];
      const exchange = requestOf({ method: 'GET', path: '/sse', headers, ...request });
      return ofExchange(front, exchange, () => exchange.state === 'streaming');
    },
    refused: (code) => code,
    hasChallenge: true,
  },
  {
    name: 'an upgrade',
    ask(front, request = {}) {
      const exchange = requestOf({ method: 'GET', ...request });
      let decided: EndpointDecision | undefined;
      void Promise.resolve(front.handler.admitChannel(exchange)).then((decision) => (decided = decision));
      return {
        exchange,
        outcome: () => {
          if (decided === undefined) return 'waits';
          return decided.kind === 'admitted' ? 'admitted' : decided.error.code;
        },
        challenge: () => (decided?.kind === 'refused' ? decided.headers[1] : undefined),
      };
    },
    refused: (code) => code,
    hasChallenge: true,
  },
  {
    name: 'a health page',
    ask(front, request = {}) {
      const exchange = requestOf({ method: 'GET', path: '/health/live', ...request });
      front.handler.handle(exchange);
      return {
        exchange,
        outcome: () => {
          if (exchange.state === 'none') return 'waits';
          return exchange.text() === '{"trusted":true}' ? 'admitted' : exchange.text();
        },
        challenge: () => exchange.responseHeader('www-authenticate'),
      };
    },
    // The page is for everybody, its details are not.
    refused: () => '{"trusted":false}',
    hasChallenge: false,
  },
];

function slow(): { readonly front: FrontFixture; readonly authentication: SlowAuthentication } {
  const authentication = new SlowAuthentication();
  return { front: frontOf(authentication), authentication };
}

function frontOf(authentication: Authentication): FrontFixture {
  return new FrontFixture({ maxInFlight: 2_000, maxSessions: 2_000 }, { legacySse: true, authentication });
}

function pendingOf(front: FrontFixture): unknown {
  return front.handler.getStatus().details?.['authenticating'];
}

function from(peerAddress: string): RecordedRequest {
  return { connection: { ...LOOPBACK_CONNECTION, peerAddress } };
}

describe.each(INGRESSES)('$name that takes time to authenticate', ({ ask, refused, hasChallenge }) => {
  // guard: request/body-while-waiting
  it('waits, unread, and goes on when the principal is known', async () => {
    const { front, authentication } = slow();
    const asked = ask(front);
    await front.settle();
    expect(asked.outcome()).toBe('waits');
    expect(asked.exchange.isBodyRead).toBe(false);
    expect(pendingOf(front)).toBe(1);
    authentication.asked[0]?.answer(OWNER);
    await front.settle();
    expect(asked.outcome()).toBe('admitted');
    expect(pendingOf(front)).toBe(0);
  });

  it('is refused with the challenge of the refusal', async () => {
    const { front, authentication } = slow();
    const asked = ask(front);
    authentication.asked[0]?.answer(REFUSAL);
    await front.settle();
    expect(asked.outcome()).toBe(refused('OMNI_AUTH_REQUIRED'));
    expect(asked.challenge()).toBe(hasChallenge ? REFUSAL.challenge : undefined);
    expect(asked.exchange.isBodyRead).toBe(false);
    expect(front.complaints).toEqual([]);
  });

  // guard: authentication/failure
  it.each<[string, Authentication['authenticate']]>([
    [
      'throws',
      () => {
        throw new RangeError('planted');
      },
    ],
    ['is rejected', () => Promise.reject(new RangeError('planted'))],
    ['is rejected with a refusal of clients', () => Promise.reject(REFUSAL.error)],
  ])('is refused as a failure of Omni when the authentication %s', async (_how, authenticate) => {
    const front = frontOf({ authenticate });
    const asked = ask(front);
    await front.settle();
    expect(asked.outcome()).toBe(refused('OMNI_INTERNAL'));
    expect(asked.exchange.text()).not.toContain('planted');
    expect(front.complaints).toEqual(['the authentication failed; its requests are refused']);
    expect(front.clock.pendingTimers).toBe(0);
  });

  it('leaves nothing behind when the client goes, and is not answered later', async () => {
    const { front, authentication } = slow();
    const asked = ask(front);
    await front.settle();
    asked.exchange.leave();
    await front.settle();
    expect(pendingOf(front)).toBe(0);
    expect(front.clock.pendingTimers).toBe(0);
    authentication.asked[0]?.answer(OWNER);
    await front.settle();
    expect(asked.outcome()).not.toBe('admitted');
    expect(asked.exchange.state).toBe('none');
    expect(asked.exchange.isBodyRead).toBe(false);
  });

  it('is refused once Omni stops, at once', async () => {
    const { front, authentication } = slow();
    const before = ask(front);
    await front.settle();
    const stopped = front.handler.stop({ deadlineMs: 1_000 });
    const after = ask(front);
    await stopped;
    await front.settle();
    expect(before.outcome()).toBe(refused('OMNI_SHUTTING_DOWN'));
    expect(after.outcome()).toBe(refused('OMNI_SHUTTING_DOWN'));
    for (const { answer } of authentication.asked) answer(OWNER);
    await front.settle();
    expect(before.outcome()).toBe(refused('OMNI_SHUTTING_DOWN'));
    expect(front.clock.pendingTimers).toBe(0);
  });

  // guard: pending/deadline
  it('is refused when the answer does not come within ten seconds', async () => {
    const { front, authentication } = slow();
    const asked = ask(front);
    await front.clock.advanceAsync(9_999);
    expect(asked.outcome()).toBe('waits');
    await front.clock.advanceAsync(1);
    expect(asked.outcome()).toBe(refused('OMNI_AUTH_UNAVAILABLE'));
    authentication.asked[0]?.answer(OWNER);
    await front.settle();
    expect(asked.outcome()).toBe(refused('OMNI_AUTH_UNAVAILABLE'));
    expect(pendingOf(front)).toBe(0);
  });

  // guard: pending/room
  it('leaves room to others when one address asks for all of it', async () => {
    const { front, authentication } = slow();
    const greedy = Array.from({ length: 1_100 }, () => ask(front, from('192.0.2.1')));
    const others = Array.from({ length: 251 }, (_, at) => ask(front, from(`198.51.100.${at}`)));
    await front.settle();
    expect(greedy.filter((asked) => asked.outcome() === 'waits')).toHaveLength(1_000);
    expect(greedy.at(-1)?.outcome()).toBe(refused('OMNI_OVERLOADED'));
    expect(others.filter((asked) => asked.outcome() === 'waits')).toHaveLength(250);
    const late = ask(front, from('203.0.113.1'));
    await front.settle();
    expect(late.outcome()).toBe(refused('OMNI_OVERLOADED'));
    for (const { answer } of authentication.asked) answer(REFUSAL);
    await front.settle();
    expect(pendingOf(front)).toBe(0);
    const again = ask(front, from('192.0.2.1'));
    await front.settle();
    expect(again.outcome()).toBe('waits');
  });

  it('shows the facts of its connection to the authentication', () => {
    const { front, authentication } = slow();
    const certificate = { subject: 'CN=a', issuer: 'CN=b', fingerprint: 'AB', alternativeNames: ['DNS:a'] };
    const connection = {
      listener: { kind: 'https', host: '::', port: 443 },
      connection: 'connection-7',
      peerAddress: '192.0.2.1',
      peerCertificate: certificate,
    } as const;
    const { exchange } = ask(front, { connection });
    expect(authentication.asked[0]?.facts).toMatchObject({ ...connection, path: exchange.path });
  });

  it('is asked about only where host and path are good', async () => {
    const { front, authentication } = slow();
    const exchanges = [
      new RecordingExchange({ path: '/mcp', headers: ['Host', 'evil.example'] }),
      requestOf({ method: 'GET', path: '/nowhere' }),
      requestOf({ method: 'POST', path: '/health/live' }),
    ];
    for (const exchange of exchanges) front.handler.handle(exchange);
    expect(exchanges.map(({ status }) => status)).toEqual([403, 404, 405]);
    expect(authentication.asked).toEqual([]);
    // Negative control: a good one is.
    ask(front);
    await front.settle();
    expect(authentication.asked).toHaveLength(1);
  });
});

describe('an authentication that is slow for others', () => {
  it('lets a known principal pass without any wait', () => {
    const { front } = slow();
    const posted = requestOf(POST, 'known');
    front.handler.handle(posted);
    const page = requestOf({ method: 'GET', path: '/health/live' }, 'known');
    front.handler.handle(page);
    const stream = requestOf(
      { method: 'GET', path: '/sse', headers: ['Accept', 'text/event-stream'] },
      'known',
    );
    front.handler.handle(stream);
    // Not one microtask has run since.
    expect(posted.isBodyRead).toBe(true);
    expect(page.json()).toEqual({ trusted: true });
    expect(stream.state).toBe('streaming');
    expect(front.handler.admitChannel(requestOf({}, 'known'))).toMatchObject({ kind: 'admitted' });
    expect(pendingOf(front)).toBe(0);
  });

  it('serves known principals while there is no room for others', async () => {
    const { front } = slow();
    for (let at = 0; at < 1_000; at++) front.handler.handle(requestOf({ ...POST, ...from(`peer ${at}`) }));
    expect(pendingOf(front)).toBe(1_000);
    const stranger = requestOf({ ...POST, ...from('one more') });
    front.handler.handle(stranger);
    expect(stranger.status).toBe(503);
    expect(stranger.responseHeader('retry-after')).toBe('1');
    expect(stranger.text()).not.toContain('limits.');
    const known = requestOf(POST, 'known');
    front.handler.handle(known);
    await front.settle();
    expect(front.dispatch.calls).toHaveLength(1);
  });

  it('holds a message of HTTP+SSE unread', async () => {
    const { front, authentication } = slow();
    const headers = ['Accept', 'text/event-stream'];
    const stream = requestOf({ method: 'GET', path: '/sse', headers }, 'known');
    front.handler.handle(stream);
    const query = /sessionId=[0-9a-f]+/.exec(stream.text())?.[0] ?? '';
    const post = requestOf({ ...POST, path: '/messages', query });
    front.handler.handle(post);
    await front.settle();
    expect(post.isBodyRead).toBe(false);
    authentication.asked[0]?.answer(OWNER);
    await front.settle();
    expect(post.status).toBe(202);
  });

  it('refuses the unknown server of a principal that took time, and no sooner', async () => {
    const { front, authentication } = slow();
    const exchange = requestOf({ ...POST, path: '/mcp/nowhere' });
    front.handler.handle(exchange);
    await front.settle();
    expect(exchange.state).toBe('none');
    authentication.asked[0]?.answer(OWNER);
    await front.settle();
    expect(exchange.status).toBe(404);
  });
});
