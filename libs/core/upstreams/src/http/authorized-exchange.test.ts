import { describe, expect, it } from '@jest/globals';
import type { HeaderList, HttpResponseListener } from '@omni/ports';
import { ScriptedCredentials, ScriptedHttpClient, upstreamSpecOf, VirtualClock } from '@omni/testing';
import { connectionContextOf, credentialsOf } from '../connection/connection-context.fixture.ts';
import { sendAuthorized } from './authorized-exchange.ts';
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
function send() {
  const provider = new ScriptedCredentials();
  const clock = new VirtualClock();
  const http = new ScriptedHttpClient();
  const context = connectionContextOf(clock, { http, credentials: provider });
  const url = 'http://up.test/mcp';
  const headers = postHeaders(
    credentialsOf(upstreamSpecOf({ kind: 'http', url, headers: {} }), context),
    '1',
  );
  const rotate = (token: string): void => provider.set('up', { headers: { authorization: token } });
  rotate('first');
  const answer = new Answer();
  const call = sendAuthorized(
    http,
    headers,
    { method: 'POST', url, headers: headers.list.concat('mcp-method', 'tools/call'), body: '{"id":1}' },
    answer,
  );
  const tokens = (): unknown[] => http.exchanges.map((exchange) => exchange.headers('authorization')[0]);
  return { provider, http, rotate, answer, call, tokens };
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
