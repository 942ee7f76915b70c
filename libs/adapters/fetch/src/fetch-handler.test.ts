import { type Exchange, GatewayError, type MountedFront, type Principal, UnreadAnswers } from '@omni/ports';
import { SmallBudget } from '@omni/testing';
import { describe, expect, it } from '@jest/globals';
import { fetchHandler, type FetchMountOptions } from './fetch-handler.ts';

const MIB = 1_048_576;

function frontOf(handle: MountedFront['handle'], more: Partial<MountedFront> = {}): MountedFront {
  return { handle, authenticates: true, ...more };
}

/** Answers with the body, or the code of what reading it failed with. */
async function echo(exchange: Exchange): Promise<void> {
  const read = await exchange.readBody(10).catch(GatewayError.from);
  if (read instanceof GatewayError) exchange.respond(read.facts.httpStatus, [], read.code);
  else exchange.respond(200, [], read);
}

function post(body: RequestInit['body'] | null, more: RequestInit = {}): Request {
  return new Request('http://localhost/mcp', { method: 'POST', body: body ?? null, duplex: 'half', ...more });
}

async function textOf(response: Response | Promise<Response>): Promise<string> {
  const { status } = await response;
  return `${status} ${await (await response).text()}`;
}

/** Never ends; tells when it is cancelled. */
function endless(chunk: Uint8Array): {
  readonly stream: ReadableStream;
  readonly isCancelled: Promise<unknown>;
} {
  let cancel: (reason: unknown) => void = () => {};
  const isCancelled = new Promise((resolve) => (cancel = resolve));
  let isSent = false;
  const stream = new ReadableStream({
    pull: (controller) => {
      if (!isSent) controller.enqueue(chunk);
      isSent = true;
    },
    cancel: (reason: unknown) => cancel(reason),
  });
  return { stream, isCancelled };
}

describe('fetchHandler', () => {
  // guard: fetch/taken-body
  it('refuses a body that the host has read', async () => {
    const handler = fetchHandler(frontOf(echo));
    const used = post('{}');
    await used.text();
    expect(await textOf(handler(used))).toBe('500 OMNI_BODY_TAKEN');
    const locked = post('{}');
    locked.body?.getReader();
    expect(await textOf(handler(locked))).toBe('500 OMNI_BODY_TAKEN');
  });

  it('takes the bytes that the host hands over, up to the limit', async () => {
    const bodyOf = (_request: Request, bytes: Uint8Array): Uint8Array => bytes;
    const handler = fetchHandler(frontOf(echo), { bodyOf });
    expect(await textOf(handler(post(null), new Uint8Array(10).fill(65)))).toBe('200 AAAAAAAAAA');
    expect(await textOf(handler(post(null), new Uint8Array(11)))).toBe('413 OMNI_BODY_TOO_LARGE');
  });

  // guard: fetch/declared-length
  it('refuses a declared length beyond the limit without reading', async () => {
    const { stream } = endless(new Uint8Array(1));
    const handler = fetchHandler(frontOf(echo));
    const request = post(stream, { headers: { 'content-length': '11' } });
    expect(await textOf(handler(request))).toBe('413 OMNI_BODY_TOO_LARGE');
    expect(request.bodyUsed).toBe(false);
  });

  // guard: fetch/body-limit
  it('stops reading a body that goes on beyond the limit', async () => {
    const { stream, isCancelled } = endless(new Uint8Array(11));
    expect(await textOf(fetchHandler(frontOf(echo))(post(stream)))).toBe('413 OMNI_BODY_TOO_LARGE');
    await isCancelled;
  });

  // guard: fetch/room
  it('counts bodies that are not complete, and lets go of them', async () => {
    const budget = new SmallBudget(10_000);
    const read = async (exchange: Exchange): Promise<void> => {
      const found = await exchange.readBody(MIB).catch(GatewayError.from);
      exchange.respond(200, [], found instanceof GatewayError ? found.code : String(found.byteLength));
    };
    const handler = fetchHandler(frontOf(read, { budget }));
    expect(await textOf(handler(post(new Uint8Array(9_000))))).toBe('200 9000');
    const { stream, isCancelled } = endless(new Uint8Array(20_000));
    expect(await textOf(handler(post(stream)))).toBe('200 OMNI_OVERLOADED');
    await isCancelled;
    expect(budget.held).toBe(0);
  });

  it('ends the reading of a body whose client goes', async () => {
    const controller = new AbortController();
    const { stream } = endless(new Uint8Array(1));
    let code = '';
    let isRead: () => void = () => {};
    const wasRead = new Promise<void>((resolve) => (isRead = resolve));
    const handler = fetchHandler(
      frontOf(async (exchange) => {
        const reading = exchange.readBody(10);
        controller.abort();
        code = GatewayError.from(await reading.catch((error: unknown) => error)).code;
        isRead();
      }),
    );
    expect(await textOf(handler(post(stream, { signal: controller.signal })))).toBe('499 ');
    await wasRead;
    expect(code).toBe('OMNI_BODY_INCOMPLETE');
  });

  it('tells at once of a client that has gone before', async () => {
    let gone = 0;
    const handler = fetchHandler(frontOf((exchange) => exchange.onGone(() => (gone += 1))));
    expect(await textOf(handler(post(null, { signal: AbortSignal.abort() })))).toBe('499 ');
    expect(gone).toBe(1);
  });

  it('does not follow a signal beyond the answer', async () => {
    const controller = new AbortController();
    let gone = 0;
    const handler = fetchHandler(
      frontOf((exchange) => {
        exchange.onGone(() => (gone += 1));
        if (exchange.path === '/mcp') return exchange.respond(200, [], 'whole');
        const stream = exchange.stream(200, []);
        stream.write('streamed');
        stream.end();
      }),
    );
    const { signal } = controller;
    const whole = await handler(post(null, { signal }));
    const streamed = await handler(new Request('http://localhost/other', { signal }));
    controller.abort();
    expect(gone).toBe(0);
    expect(await textOf(whole)).toBe('200 whole');
    expect(await textOf(streamed)).toBe('200 streamed');
  });

  it('hears of a client that reads no further', async () => {
    let gone = 0;
    const writes: boolean[] = [];
    const handler = fetchHandler(
      frontOf((exchange) => {
        const stream = exchange.stream(200, []);
        exchange.onGone(() => {
          gone += 1;
          writes.push(stream.write('late'));
        });
        writes.push(stream.write('first'));
      }),
    );
    const reader = (await handler(post(null))).body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect(gone).toBe(1);
    expect(writes).toEqual([true, false]);
  });

  it.each<[string, FetchMountOptions<unknown>]>([
    ['a body that is no bytes', { bodyOf: () => '{}' as unknown as Uint8Array }],
    ['a user who is called as the owner of Omni', { principalOf: () => ({ id: 'owner', kind: 'token' }) }],
  ])('answers that the host is at fault for %s', async (_what, options) => {
    const handler = fetchHandler(frontOf(echo), options);
    expect(await textOf(handler(post('{}')))).toMatch(/^500 .*OMNI_INTERNAL/);
  });

  it('cuts the answer of who has most unread when all have too much', async () => {
    const unread = new UnreadAnswers(3 * MIB);
    const gone: string[] = [];
    const handler = fetchHandler(
      frontOf(
        (exchange) => {
          // The host names everybody at once.
          const principal = exchange.principal as Principal;
          exchange.belongsTo(principal);
          exchange.onGone(() => gone.push(principal.id));
          exchange.stream(200, []).write(new Uint8Array(principal.id === 'ada' ? MIB : 2.5 * MIB));
        },
        { unread },
      ),
      { principalOf: (_request, id: string): Principal => ({ id, kind: 'token' }) },
    );
    const adas = await handler(post(null), 'ada');
    const eves = await handler(post(null), 'eve');
    expect(gone).toEqual(['eve']);
    await expect(eves.arrayBuffer()).rejects.toThrow();
    expect(unread.total).toBe(MIB);
    await adas.body?.cancel();
    expect(unread.total).toBe(0);
  });

  // guard: fetch/second-answer
  it('answers once', async () => {
    let second: unknown;
    const handler = fetchHandler(
      frontOf((exchange) => {
        exchange.respond(200, [], 'first');
        try {
          exchange.respond(200, [], 'second');
        } catch (error) {
          second = error;
        }
      }),
    );
    expect(await textOf(handler(post(null)))).toBe('200 first');
    expect(second).toMatchObject({ code: 'OMNI_INTERNAL' });
  });

  it('takes the host from the URL where the runtime shows it there alone', async () => {
    const handler = fetchHandler(frontOf((exchange) => exchange.respond(200, [], exchange.header('host'))));
    expect(await textOf(handler(new Request('https://omni.example:8443/mcp')))).toBe('200 omni.example:8443');
    const named = new Request('http://internal/mcp', { headers: { host: 'omni.example' } });
    expect(await textOf(handler(named))).toBe('200 omni.example');
  });

  it('knows of the connection what the host says, and nothing that a header or the URL says', async () => {
    const handler = fetchHandler(
      frontOf((exchange) => {
        const { listener, connection, peerAddress, principal } = exchange;
        exchange.respond(200, [], JSON.stringify({ listener, connection, peerAddress, principal }));
      }),
    );
    const headers = { 'x-forwarded-for': '127.0.0.1', principal: 'owner' };
    const seen = await (await handler(new Request('https://127.0.0.1:7431/mcp', { headers }))).json();
    expect(seen).toEqual({
      listener: { kind: 'https', host: '', port: 0 },
      connection: expect.stringMatching(/^request-\d+$/),
    });
  });

  it.each([
    ['/omni/mcp', '200 /mcp'],
    ['/omni/mcp/?a=b#c', '200 /mcp/'],
    ['/omni', '200 /'],
    ['/mcp', '404'],
    ['/omnibus/mcp', '404'],
  ])('below /omni serves %s as %s', async (path, expected) => {
    const handler = fetchHandler(
      frontOf((exchange) => exchange.respond(200, [], exchange.path)),
      { basePath: '/omni/' },
    );
    expect(await textOf(handler(new Request(`http://localhost${path}`)))).toContain(expected);
  });

  it('answers 500 where the host fails to say who it is', async () => {
    const handler = fetchHandler(frontOf(echo), {
      principalOf: () => {
        throw new RangeError('planted secret');
      },
    });
    const answer = await textOf(handler(post(null)));
    expect(answer).toContain('OMNI_INTERNAL');
    expect(answer).not.toContain('planted');
  });

  it('answers without a body where there is none by the status', async () => {
    const handler = fetchHandler(frontOf((exchange) => exchange.respond(204, [])));
    const response = await handler(post(null));
    expect(response.body).toBeNull();
    expect(response.headers.get('content-length')).toBeNull();
  });

  it('is refused where nothing would tell who sends a request', () => {
    expect(() => fetchHandler(frontOf(echo, { authenticates: false }))).toThrow(
      expect.objectContaining({ code: 'OMNI_MOUNT_UNPROTECTED' }),
    );
  });
});
