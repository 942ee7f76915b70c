import { createServer } from 'node:http';
import { nodeHandler } from '@omni/node';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import express from 'express';
import { HOSTS, onNode } from './hosts.fixture.ts';
import {
  type Host,
  INITIALIZE,
  legacyRequest,
  MAX_BODY_BYTES,
  modernRequest,
  MountScene,
} from './mount-scene.fixture.ts';

const CALL = { name: 'tools__greet', arguments: {} };

describe.each(Object.entries(HOSTS))('a server mounted in %s', (_name, startHost) => {
  let scene: MountScene;
  let host: Host;

  beforeEach(async () => {
    scene = new MountScene();
    await scene.start();
    host = await startHost(scene.server.front());
  });

  afterEach(async () => {
    await scene.server.stop({ deadlineMs: 0 });
    await host.close();
  });

  it('leaves the other routes to the host', async () => {
    const response = await host.send(host.beside, {});
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('hello');
  });

  it.each(['/mcp', '/mcp/'])('answers a modern call at %s', async (path) => {
    const response = await host.send(`${host.mounted}${path}`, modernRequest('tools/call', CALL));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toMatchObject({
      id: 1,
      result: { content: [{ text: 'done by the tool' }] },
    });
  });

  it('shows one server at an endpoint of its own', async () => {
    const call = modernRequest('tools/call', { ...CALL, name: 'greet' });
    const response = await host.send(`${host.mounted}/mcp/tools`, call);
    expect(await response.json()).toMatchObject({ result: { content: [{ text: 'done by the tool' }] } });
    const unknown = await host.send(`${host.mounted}/mcp/others`, call);
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toMatchObject({ error: { data: { code: 'OMNI_SERVER_UNKNOWN' } } });
  });

  it('serves a legacy session with its stream, until the client ends it', async () => {
    const url = `${host.mounted}/mcp`;
    const opened = await host.send(url, legacyRequest(INITIALIZE));
    expect(opened.status).toBe(200);
    expect(await opened.json()).toMatchObject({ result: { protocolVersion: '2025-11-25' } });
    const session = opened.headers.get('mcp-session-id') ?? '';
    const initialized = await host.send(url, legacyRequest({ method: 'notifications/initialized' }, session));
    expect(initialized.status).toBe(202);
    const headers = { 'mcp-session-id': session, accept: 'text/event-stream', 'x-user': 'ada' };
    const stream = await host.send(url, { headers });
    expect(stream.status).toBe(200);
    expect(stream.headers.get('content-type')).toBe('text/event-stream');
    const call = { id: 2, method: 'tools/call', params: CALL };
    const answer = await host.send(url, legacyRequest(call, session));
    expect(await answer.text()).toContain('done by the tool');
    const ended = await host.send(url, { method: 'DELETE', headers });
    expect(ended.status).toBe(200);
    // The stream ends with its session.
    await stream.text();
    const late = await host.send(url, legacyRequest(call, session));
    expect(late.status).toBe(404);
    await late.text();
  });

  it('keeps the session of one user from another', async () => {
    const url = `${host.mounted}/mcp`;
    const opened = await host.send(url, legacyRequest(INITIALIZE));
    const session = opened.headers.get('mcp-session-id') ?? '';
    await opened.text();
    const stolen = await host.send(url, legacyRequest({ id: 2, method: 'tools/list' }, session, 'eve'));
    expect(stolen.status).toBe(404);
    await stolen.text();
  });

  it('streams what a tool reports before it answers', async () => {
    const call = modernRequest('tools/call', {
      name: 'tools__report',
      arguments: {},
      _meta: { progressToken: 'mine' },
    });
    const response = await host.send(`${host.mounted}/mcp`, call);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const events = (await response.text()).split('\n').filter((line) => line.startsWith('data: '));
    expect(events).toHaveLength(2);
    expect(events[0]).toContain('"progressToken":"mine"');
    expect(events[1]).toContain('done by the tool');
  });

  it('cancels a call whose client goes', async () => {
    const controller = new AbortController();
    const isCalled = scene.sent('tools/call');
    const isCancelled = scene.sent('notifications/cancelled');
    const call = modernRequest('tools/call', { name: 'tools__wait', arguments: {} });
    const answer = host.send(`${host.mounted}/mcp`, { ...call, signal: controller.signal });
    // Over a connection nothing comes of it; a function answers that nobody waits for the answer.
    const settled = answer.then(
      ({ status }) => status,
      () => 499,
    );
    await isCalled;
    controller.abort();
    await isCancelled;
    expect(await settled).toBe(499);
  });

  it('refuses who the host does not know', async () => {
    const response = await host.send(`${host.mounted}/mcp`, modernRequest('tools/call', CALL, {}));
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: { data: { code: 'OMNI_AUTH_REQUIRED' } } });
    expect(scene.received).not.toContain('tools/call');
  });

  it('refuses a body beyond the limit, whether its length is declared or not', async () => {
    // JSON, so that parsers of hosts let it pass.
    const declared = { ...modernRequest('tools/call', CALL), body: `[${' '.repeat(MAX_BODY_BYTES)}]` };
    const chunks = new ReadableStream({
      start(controller) {
        for (const text of ['[', ' '.repeat(MAX_BODY_BYTES), ']'])
          controller.enqueue(new TextEncoder().encode(text));
        controller.close();
      },
    });
    const chunked: RequestInit = { ...declared, body: chunks, duplex: 'half' };
    for (const request of [declared, chunked]) {
      const response = await host.send(`${host.mounted}/mcp`, request);
      expect(response.status).toBe(413);
      expect(await response.json()).toMatchObject({ error: { data: { code: 'OMNI_BODY_TOO_LARGE' } } });
    }
  });

  it('says that nothing is there at other paths below it', async () => {
    const response = await host.send(`${host.mounted}/elsewhere`, modernRequest('tools/call', CALL));
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { data: { code: 'OMNI_PATH_UNKNOWN' } } });
  });
});

describe('a server mounted at /mcp of express itself', () => {
  it('has its endpoints there', async () => {
    const scene = new MountScene();
    await scene.start();
    const app = express();
    const principalOf = () => ({ id: 'ada', kind: 'token' }) as const;
    app.all(['/mcp', '/mcp/*rest'], nodeHandler(scene.server.front(), { principalOf }));
    const host = await onNode(createServer(app));
    const origin = new URL(host.mounted).origin;
    const all = await host.send(`${origin}/mcp`, modernRequest('tools/call', CALL));
    const one = await host.send(
      `${origin}/mcp/tools`,
      modernRequest('tools/call', { ...CALL, name: 'greet' }),
    );
    const texts = [await all.text(), await one.text()];
    await scene.server.stop({ deadlineMs: 0 });
    await host.close();
    for (const text of texts) expect(text).toContain('done by the tool');
  });
});

describe('a server mounted behind express.json()', () => {
  it('says how to mount, and does not blame the client', async () => {
    const scene = new MountScene();
    await scene.start();
    const app = express();
    app.use(express.json());
    const principalOf = () => ({ id: 'ada', kind: 'token' }) as const;
    app.use('/omni', nodeHandler(scene.server.front(), { principalOf }));
    const host = await onNode(createServer(app));
    const response = await host.send(`${host.mounted}/mcp`, modernRequest('tools/call', CALL));
    const { error } = (await response.json()) as { error: { code: number; data: object } };
    await scene.server.stop({ deadlineMs: 0 });
    await host.close();
    expect(response.status).toBe(500);
    expect(error.code).toBe(-32603);
    expect(error.data).toMatchObject({
      code: 'OMNI_BODY_TAKEN',
      hint: expect.stringContaining('before the parser of bodies'),
    });
  });
});
