import { describe, expect, it } from '@jest/globals';
import type { HeaderList, HttpResponseListener } from '@omni/ports';
import { ScriptedCredentials, ScriptedHttpClient, upstreamSpecOf, VirtualClock } from '@omni/testing';
import { connectionContextOf, credentialsOf } from '../connection/connection-context.fixture.ts';
import { sendAuthorized } from './authorized-exchange.ts';
import { InstanceHttp } from '../cookies/instance-http.ts';
import { postHeaders } from './http-headers.ts';

class Answer implements HttpResponseListener {
  readonly log: string[] = [];

  onHead(status: number, _headers: HeaderList): void {
    this.log.push(String(status));
  }

  onData(chunk: Uint8Array): void {
    this.log.push(new TextDecoder().decode(chunk));
  }

  onEnd(): void {
    this.log.push('end');
  }

  onError(): void {
    this.log.push('error');
  }
}

/** A request with the token `first`, which is under way. */
function send(forwarded: readonly string[] = [], configured: Readonly<Record<string, string>> = {}) {
  const provider = new ScriptedCredentials();
  const clock = new VirtualClock();
  const http = new ScriptedHttpClient();
  const context = connectionContextOf(clock, { http, credentials: provider });
  const url = 'http://up.test/mcp';
  const headers = postHeaders(
    credentialsOf(upstreamSpecOf({ kind: 'http', url, headers: configured }), context),
    '1',
  );
  const rotate = (token: string): void => provider.set('up', { headers: { authorization: token } });
  rotate('first');
  const answer = new Answer();
  const instance = new InstanceHttp(http, clock);
  const again = () =>
    sendAuthorized(
      instance,
      headers,
      {
        method: 'POST',
        url,
        headers: headers.list.concat('mcp-method', 'tools/call', forwarded),
        body: '{"id":1}',
      },
      answer,
      forwarded,
    );
  const call = again();
  const tokens = (): unknown[] => http.exchanges.map((exchange) => exchange.headers('authorization')[0]);
  return { provider, http, rotate, answer, call, tokens, again, clock };
}

describe('sendAuthorized', () => {
  it('passes on what comes', () => {
    const { http, answer } = send();
    http.last.json(200, '{}');
    expect(answer.log).toEqual(['200', '{}', 'end']);
    expect(http.exchanges).toHaveLength(1);
  });

  it('sends a request once more that was refused for credentials that others have followed', () => {
    const { http, rotate, answer, tokens } = send();
    rotate('second');
    const [first] = http.exchanges;
    first?.json(401, '{"no":true}');
    expect(first?.isAborted).toBe(true);
    http.last.json(200, '{}');
    expect(tokens()).toEqual(['first', 'second']);
    expect(answer.log).toEqual(['200', '{}', 'end']);
    expect(http.last.request).toEqual({
      ...first?.request,
      headers: first?.request.headers.map((value) => (value === 'first' ? 'second' : value)),
    });
  });

  it('asks for newer credentials, and sends the request once more when there are some', async () => {
    const { http, provider, rotate, answer, tokens } = send();
    provider.onRefused = async () => rotate('second');
    http.last.json(401, '');
    await new Promise(setImmediate);
    expect(tokens()).toEqual(['first', 'second']);
    http.last.json(200, '{}');
    expect(answer.log).toEqual(['200', '{}', 'end']);
  });

  // guard: credentials/one-retry
  it('sends no request for the third time', async () => {
    const { http, provider, rotate, answer, tokens } = send();
    let issued = 1;
    provider.onRefused = async () => rotate(`token ${++issued}`);
    http.last.json(401, 'a');
    await new Promise(setImmediate);
    http.last.json(401, 'b');
    await new Promise(setImmediate);
    expect(tokens()).toEqual(['first', 'token 2']);
    expect(answer.log).toEqual(['401', 'b', 'end']);
    expect(provider.refused).toHaveLength(1);
  });

  // guard: credentials/unchanged
  it('does not send the same credentials again', async () => {
    const { http, provider, rotate, answer } = send();
    // Another object with the same values.
    provider.onRefused = async () => rotate('first');
    http.last.json(401, 'a');
    await new Promise(setImmediate);
    expect(http.exchanges).toHaveLength(1);
    expect(answer.log).toEqual(['401', 'end']);
  });

  it('passes a refusal on as it is when there is nobody to ask', () => {
    const { http, answer } = send();
    http.last.json(401, 'who are you?');
    expect(answer.log).toEqual(['401', 'who are you?', 'end']);
  });

  it.each([400, 403, 404, 407, 500])('takes %i for an answer', (status) => {
    const { http, rotate, answer } = send();
    rotate('second');
    http.last.json(status, 'no');
    expect(http.exchanges).toHaveLength(1);
    expect(answer.log).toEqual([String(status), 'no', 'end']);
  });

  it('sends nothing more and tells nothing when it was given up meanwhile', async () => {
    const { http, provider, rotate, answer, call } = send();
    provider.onRefused = async () => rotate('second');
    http.last.json(401, '');
    call.abort();
    await new Promise(setImmediate);
    expect(http.exchanges).toHaveLength(1);
    expect(answer.log).toEqual([]);
  });

  it('stays paused, and can be resumed and given up', () => {
    const { http, rotate, call } = send();
    call.pause();
    rotate('second');
    http.last.json(401, '');
    expect(http.last.isPaused).toBe(true);
    call.resume();
    expect(http.last.isPaused).toBe(false);
    call.abort();
    expect(http.last.isAborted).toBe(true);
  });
});

describe('sendAuthorized where a server leads elsewhere', () => {
  it.each([
    [307, '/mcp/docs/1', 'http://up.test/mcp/docs/1'],
    [308, 'mcp/', 'http://up.test/mcp/'],
    [307, 'http://up.test:80/other?x=1#part', 'http://up.test/other?x=1'],
  ])('goes on within the origin: %i to %s', (status, location, url) => {
    const { http, answer } = send();
    const [first] = http.exchanges;
    first?.respond(status, 'text/html', '', ['Location', location, 'Content-Length', '0']);
    expect(first?.isAborted).toBe(false);
    expect(http.last.request).toEqual({ ...first?.request, url });
    http.last.json(200, '{}');
    expect(answer.log).toEqual(['200', '{}', 'end']);
  });

  it('waits for no body on the way', () => {
    const { http } = send();
    const [first] = http.exchanges;
    first?.head(307, ['location', '/a']);
    expect(first?.isAborted).toBe(true);
    expect(http.last.request.url).toBe('http://up.test/a');
  });

  // guard: http/redirect-origin
  it.each([
    'https://up.test/mcp',
    'http://up.test:81/',
    '//evil.test/',
    'http://me:you@up.test/',
    'http://[',
  ])('takes the answer for one that leads out of the origin: %s', (location) => {
    const { http, answer } = send();
    http.last.respond(307, '', '', ['location', location]);
    expect(http.exchanges).toHaveLength(1);
    expect(answer.log).toEqual(['307', 'end']);
  });

  it.each([301, 302, 303, 300, 304])('takes %i, which changes the request, for an answer', (status) => {
    const { http, answer } = send();
    http.last.respond(status, '', '', ['location', '/a']);
    expect(answer.log).toEqual([String(status), 'end']);
  });

  // guard: http/redirects
  it('gives up where a server leads in a circle', () => {
    const { http, answer } = send();
    for (let round = 0; round < 6; round++) http.last.respond(308, '', '', ['location', '/mcp']);
    expect(http.exchanges).toHaveLength(6);
    expect(answer.log).toEqual(['308', 'end']);
  });

  it('sends newer credentials to the address that it was led to', () => {
    const { http, rotate, tokens } = send();
    http.last.respond(307, '', '', ['location', '/a']);
    rotate('second');
    http.last.json(401, '');
    expect(http.exchanges.map(({ request }) => request.url)).toEqual([
      'http://up.test/mcp',
      'http://up.test/a',
      'http://up.test/a',
    ]);
    expect(tokens()).toEqual(['first', 'first', 'second']);
  });
});

describe('cookies', () => {
  const cookieOf = (http: ScriptedHttpClient): string[] => http.last.headers('cookie');

  it('come back to the server that set them, with the next request and behind a redirect', () => {
    const { http, again } = send();
    http.last.respond(307, '', '', ['location', '/mcp/a', 'Set-Cookie', 'lb=1; Path=/; HttpOnly']);
    expect(cookieOf(http)).toEqual(['lb=1']);
    http.last.json(200, '{}', ['set-cookie', 'x=y; Path=/', 'set-cookie', 'lb=2; Path=/']);
    again();
    expect(cookieOf(http)).toEqual(['lb=2; x=y']);
  });

  it('stand behind those of the configuration', () => {
    const { http, again } = send([], { Cookie: 'tenant=7' });
    expect(cookieOf(http)).toEqual(['tenant=7']);
    http.last.json(200, '{}', ['set-cookie', 'lb=1']);
    again();
    expect(cookieOf(http)).toEqual(['tenant=7; lb=1']);
  });

  it('are no newer credentials', () => {
    const { http, answer } = send();
    http.last.json(401, 'no', ['set-cookie', 'lb=1']);
    expect(http.exchanges).toHaveLength(1);
    expect(answer.log).toEqual(['401', 'no', 'end']);
  });

  // guard: cookies/forwarded
  it('are not kept from the answer to a client that was passed on by its own headers', () => {
    const { http, again } = send(['x-user', 'ada']);
    http.last.json(200, '{}', ['set-cookie', 'user=ada']);
    again();
    expect(cookieOf(http)).toEqual([]);
  });
});
