import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { fetchHandler } from '@omni/fetch';
import { nodeHandler } from '@omni/node';
import type { MountedFront } from '@omni/ports';
import express from 'express';
import { fastify, type FastifyRequest } from 'fastify';
import { type Context, Hono } from 'hono';
import Koa from 'koa';
import { type Host, principalNamed } from './mount-scene.fixture.ts';

type StartHost = (front: MountedFront) => Promise<Host>;

const basePath = '/omni';

/** Listens on a free port. */
export function onNode(server: Server): Promise<Host> {
  return new Promise((resolve) => {
    const onListening = (): void => {
      // Holds: it listens on an address.
      const { port } = server.address() as AddressInfo;
      const origin = `http://127.0.0.1:${port}`;
      resolve({
        mounted: `${origin}/omni`,
        beside: `${origin}/hello`,
        send: (url, init) => fetch(url, init),
        close: async () => {
          server.closeAllConnections();
          await new Promise((closed) => server.close(closed));
        },
      });
    };
    if (server.listening) onListening();
    else server.listen(0, '127.0.0.1', onListening);
  });
}

/** Every host of the tests: each has MCP below `/omni`, and a route of its own at `/hello`. */
export const HOSTS: Readonly<Record<string, StartHost>> = {
  'node:http': (front) => {
    const handler = nodeHandler(front, {
      basePath,
      principalOf: ({ headers }) => principalNamed(headers['x-user']),
    });
    const server = createServer((request, response) => {
      if (request.url === '/hello') response.end('hello');
      else handler(request, response);
    });
    return onNode(server);
  },

  express: (front) => {
    const app = express();
    app.use(
      '/omni',
      nodeHandler(front, { principalOf: (request) => principalNamed(request.headers['x-user']) }),
    );
    app.use(express.json());
    app.get('/hello', (_request, response) => void response.send('hello'));
    return onNode(createServer(app));
  },

  'express below a router, without cutting the path': (front) => {
    const app = express();
    const router = express.Router();
    const handler = nodeHandler(front, {
      basePath: '/omni/',
      principalOf: (request: express.Request) => principalNamed(request.get('x-user')),
    });
    router.all('/omni/*rest', handler);
    app.use(router);
    app.get('/hello', (_request, response) => void response.send('hello'));
    return onNode(createServer(app));
  },

  'express behind a parser that keeps the bytes': (front) => {
    const app = express();
    app.use(
      express.json({
        verify: (request, _response, bytes) => void Object.assign(request, { rawBody: bytes }),
      }),
    );
    app.use(
      '/omni',
      nodeHandler(front, { principalOf: (request) => principalNamed(request.headers['x-user']) }),
    );
    app.get('/hello', (_request, response) => void response.send('hello'));
    return onNode(createServer(app));
  },

  fastify: async (front) => {
    const app = fastify();
    const handler = nodeHandler(front, {
      basePath,
      principalOf: (request) => principalNamed(request.headers['x-user']),
    });
    app.register(async (scope) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
      scope.all('/omni/*', (request, reply) => {
        reply.hijack();
        handler(request.raw, reply.raw);
      });
    });
    app.get('/hello', () => 'hello');
    await app.ready();
    return await onNode(app.server);
  },

  'fastify with a parser of buffers': async (front) => {
    const app = fastify();
    const handler = nodeHandler(front, {
      basePath,
      principalOf: (_request, { headers }: FastifyRequest) => principalNamed(headers['x-user']),
      bodyOf: (_request, { body }: FastifyRequest) => (body instanceof Uint8Array ? body : undefined),
    });
    app.register(async (scope) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
      scope.all('/omni/*', (request, reply) => {
        reply.hijack();
        handler(request.raw, reply.raw, request);
      });
    });
    app.get('/hello', () => 'hello');
    await app.ready();
    return await onNode(app.server);
  },

  koa: (front) => {
    const app = new Koa();
    const handler = nodeHandler(front, {
      basePath,
      principalOf: (_request, context: Koa.Context) => principalNamed(context.get('x-user') || undefined),
    });
    app.use((context, next) => {
      if (!context.path.startsWith('/omni/')) return next();
      context.respond = false;
      handler(context.req, context.res, context);
      return undefined;
    });
    app.use((context) => void (context.body = 'hello'));
    return onNode(createServer((request, response) => void app.callback()(request, response)));
  },

  hono: async (front) => {
    const app = new Hono();
    const handler = fetchHandler(front, {
      basePath,
      principalOf: (_request, context: Context) => principalNamed(context.req.header('x-user')),
    });
    app.all('/omni/*', (context) => handler(context.req.raw, context));
    app.get('/hello', (context) => context.text('hello'));
    const server = await new Promise<Server>((resolve) => {
      const started = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, () =>
        // Holds: it makes an HTTP/1.1 server unless it is told otherwise.
        resolve(started as Server),
      );
    });
    return await onNode(server);
  },

  'a fetch function': (front) => {
    const handler = fetchHandler(front, {
      basePath: '/omni/',
      principalOf: (request) => principalNamed(request.headers.get('x-user') ?? undefined),
    });
    return Promise.resolve({
      mounted: 'http://localhost/omni',
      beside: 'http://localhost/hello',
      send: (url, init) => {
        const request = new Request(url, init);
        return new URL(url).pathname === '/hello' ? Promise.resolve(new Response('hello')) : handler(request);
      },
      close: () => Promise.resolve(),
    });
  },
};
