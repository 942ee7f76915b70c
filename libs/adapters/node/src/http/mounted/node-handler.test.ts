import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { GatewayError, type Exchange, type MountedFront } from '@omni/ports';
import { SmallBudget } from '@omni/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { nodeHandler } from './node-handler.ts';

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  }
});

async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // Holds: it listens on an address.
  return (server.address() as AddressInfo).port;
}

/** Answers with the body, or the code of what reading it failed with. */
async function echo(exchange: Exchange): Promise<void> {
  const maxBytes = 10;
  let status = 200;
  const body = await exchange.readBody(maxBytes).catch((error: unknown) => {
    const failure = GatewayError.from(error);
    status = failure.facts.httpStatus;
    return failure.code;
  });
  exchange.respond(status, [], body);
}

function frontOf(handle: MountedFront['handle'], more: Partial<MountedFront> = {}): MountedFront {
  return { handle, authenticates: true, ...more };
}

/** What a parser of bodies does. */
function read(request: IncomingMessage, then: (bytes: Buffer) => void): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => then(Buffer.concat(chunks)));
}

async function post(port: number, body: NonNullable<RequestInit['body']>, path = '/mcp'): Promise<string> {
  const url = `http://127.0.0.1:${port}${path}`;
  const response = await fetch(url, { method: 'POST', body, duplex: 'half' });
  return `${response.status} ${await response.text()}`;
}

describe('nodeHandler', () => {
  // guard: mount/taken-body
  it('refuses a body of which the host has kept what it parsed alone', async () => {
    const handler = nodeHandler(frontOf(echo));
    const port = await listen((request, response) =>
      read(request, (bytes) => {
        Object.assign(request, { body: JSON.parse(bytes.toString()) });
        handler(request, response);
      }),
    );
    expect(await post(port, '{}')).toBe('500 OMNI_BODY_TAKEN');
  });

  it('takes an empty body from behind a parser', async () => {
    const handler = nodeHandler(frontOf(echo));
    const port = await listen((request, response) => read(request, () => handler(request, response)));
    expect(await post(port, '')).toBe('200 ');
  });

  // guard: mount/kept-body-limit
  it.each(['rawBody', 'body'])(
    'takes the bytes that the host has kept as %s, up to the limit',
    async (name) => {
      const handler = nodeHandler(frontOf(echo));
      const port = await listen((request, response) =>
        read(request, (bytes) => {
          Object.assign(request, { body: {}, [name]: bytes });
          handler(request, response);
        }),
      );
      expect(await post(port, '0123456789')).toBe('200 0123456789');
      expect(await post(port, '0123456789x')).toBe('413 OMNI_BODY_TOO_LARGE');
    },
  );

  it('takes the bytes that the host hands over', async () => {
    const bodyOf = (_request: IncomingMessage, bytes: Buffer): Buffer => bytes;
    const handler = nodeHandler(frontOf(echo), { bodyOf });
    const port = await listen((request, response) =>
      read(request, (bytes) => handler(request, response, bytes)),
    );
    expect(await post(port, 'bytes')).toBe('200 bytes');
  });

  it('counts bodies that are not complete', async () => {
    const handler = nodeHandler(
      frontOf(
        async (exchange) => {
          const failure = await exchange.readBody(1_000_000).catch(GatewayError.from);
          exchange.respond(200, [], failure instanceof GatewayError ? failure.code : 'read');
        },
        { budget: new SmallBudget(10_000) },
      ),
    );
    const port = await listen(handler);
    const chunks = new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(20_000));
        controller.enqueue(new Uint8Array(20_000));
        controller.close();
      },
    });
    expect(await post(port, chunks)).toBe('200 OMNI_OVERLOADED');
  });

  // guard: mount/answered-by-host
  it('says nothing where the host has answered meanwhile', async () => {
    let answer: () => void = () => {};
    const outcomes: unknown[] = [];
    const handler = nodeHandler(
      frontOf((exchange) => {
        answer = () => {
          try {
            exchange.respond(200, [], 'late');
            outcomes.push(exchange.stream(200, []).write('late'));
          } catch (error) {
            outcomes.push(error);
          }
        };
      }),
    );
    const port = await listen((request, response) => {
      handler(request, response);
      response.writeHead(503).write('busy');
      answer();
      response.end();
    });
    expect(await post(port, '')).toBe('503 busy');
    expect(outcomes).toEqual([false]);
  });

  it('answers 500 where the host fails to say who it is', async () => {
    const errors: unknown[] = [];
    const logger = {
      debugging: false,
      debug() {},
      info() {},
      warn() {},
      error: (fields: unknown) => void errors.push(fields),
    };
    const handler = nodeHandler(frontOf(echo, { logger }), {
      principalOf: () => {
        throw new RangeError('planted secret');
      },
    });
    const answer = await post(await listen(handler), '');
    expect(answer).toContain('500');
    expect(answer).toContain('OMNI_INTERNAL');
    expect(answer).not.toContain('planted');
    expect(errors).toHaveLength(1);
  });

  // guard: mount/beside-base-path
  it.each([
    ['/omni/mcp', undefined, '200 /mcp of /omni'],
    ['/omni/mcp/?a=b', undefined, '200 /mcp/ of /omni'],
    ['/omni', undefined, '200 / of /omni'],
    ['/mcp', undefined, '404'],
    ['/omnibus/mcp', undefined, '404'],
    // A framework has taken `/omni` off.
    ['/mcp', '/omni/mcp', '200 /mcp of /omni'],
    ['/mcp?a=b', '/omni/mcp?a=b', '200 /mcp of /omni'],
    ['/', '/omni', '200 / of /omni'],
    // A framework has taken off what stands before it.
    ['/omni/mcp', '/api/omni/mcp', '200 /mcp of /api/omni'],
    ['/mcp', '/api/omni/mcp', '200 /mcp of /api/omni'],
    // It has taken off something else.
    ['/mcp', '/api/mcp', '404'],
    ['/mcp', '/xomni/mcp', '404'],
    ['/', '/api', '404'],
    ['/mcp', '/omni/v1/mcp', '404'],
  ])('below /omni serves %s (of %s) as %s', async (url, originalUrl, expected) => {
    const handler = nodeHandler(
      frontOf((exchange) => exchange.respond(200, [], `${exchange.path} of ${exchange.basePath}`)),
      { basePath: '/omni/' },
    );
    const port = await listen((request, response) => {
      if (originalUrl !== undefined) Object.assign(request, { originalUrl });
      handler(request, response);
    });
    expect(await post(port, '', url)).toContain(expected);
  });

  it('answers that the host is at fault for a body that is no bytes', async () => {
    const bodyOf = (): Uint8Array => '{}' as unknown as Uint8Array;
    expect(await post(await listen(nodeHandler(frontOf(echo), { bodyOf })), '{}')).toContain('500');
  });

  it('waits for whom the host names later, and lets its failure reach nobody', async () => {
    const named: unknown[] = [];
    const handler = nodeHandler(
      frontOf(async (exchange) => {
        named.push(await Promise.resolve(exchange.principal).catch((error: Error) => error.message));
        exchange.respond(200, [], 'done');
      }),
      {
        principalOf: async ({ url }) => {
          await Promise.resolve();
          if (url === '/fails') throw new RangeError('planted');
          return url === '/ada' ? { id: 'ada', kind: 'token' } : null;
        },
      },
    );
    const port = await listen(handler);
    for (const path of ['/ada', '/nobody', '/fails']) await post(port, '', path);
    expect(named).toEqual([{ id: 'ada', kind: 'token' }, undefined, 'planted']);
  });

  it('is not asked for a client that has gone while the host was busy', async () => {
    let asked = 0;
    const handler = nodeHandler(frontOf(() => void (asked += 1)));
    const isHandled = new Promise<void>((resolve) => {
      void listen((request, response) => {
        response.on('close', () => {
          handler(request, response);
          resolve();
        });
        request.socket.destroy();
      }).then((port) => post(port, '').catch(() => {}));
    });
    await isHandled;
    expect(asked).toBe(0);
  });

  it('hears that the client of a request has gone that waits behind another', async () => {
    let gone = 0;
    let bothAsked: () => void = () => {};
    const areAsked = new Promise<void>((resolve) => (bothAsked = resolve));
    let bothGone: () => void = () => {};
    const areGone = new Promise<void>((resolve) => (bothGone = resolve));
    let asked = 0;
    const handler = nodeHandler(
      frontOf((exchange) => {
        exchange.onGone(() => {
          gone += 1;
          if (gone === 2) bothGone();
        });
        asked += 1;
        if (asked === 2) bothAsked();
      }),
    );
    const socket = connect(await listen(handler), '127.0.0.1');
    const request = 'GET /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n';
    socket.write(request + request);
    await areAsked;
    socket.destroy();
    await areGone;
    expect(gone).toBe(2);
  });

  it('is refused where nothing would tell who sends a request', () => {
    expect(() => nodeHandler(frontOf(echo, { authenticates: false }))).toThrow(
      expect.objectContaining({ code: 'OMNI_MOUNT_UNPROTECTED' }),
    );
  });
});
