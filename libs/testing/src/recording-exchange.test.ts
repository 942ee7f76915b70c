import { describe, expect, it } from '@jest/globals';
import { LOOPBACK_CONNECTION, RecordingExchange } from './recording-exchange.ts';

describe('RecordingExchange', () => {
  it('joins headers of the same name', () => {
    const exchange = new RecordingExchange({ headers: ['X-A', ' 1 ', 'x-a', '2'] });
    expect(exchange.header('x-a')).toBe('1, 2');
    expect(exchange.header('x-b')).toBeUndefined();
  });

  it('shows the facts of the connection that it was given', () => {
    const certificate = { subject: 'CN=a', issuer: 'CN=b', fingerprint: 'AB', alternativeNames: ['DNS:a'] };
    const connection = {
      listener: { kind: 'https', host: '::', port: 443 },
      connection: 'connection-7',
      peerAddress: '192.0.2.1',
      peerCertificate: certificate,
    } as const;
    expect(new RecordingExchange({ connection })).toMatchObject(connection);
    expect(new RecordingExchange()).toMatchObject(LOOPBACK_CONNECTION);
  });

  it('tells the last listener alone that the client left', () => {
    const exchange = new RecordingExchange();
    const heard: string[] = [];
    exchange.onGone(() => heard.push('first'));
    exchange.onGone(() => heard.push('second'));
    exchange.leave();
    expect(heard).toEqual(['second']);
  });

  it('refuses a body beyond the limit', async () => {
    const exchange = new RecordingExchange({ body: 'äb' });
    await expect(exchange.readBody(2)).rejects.toMatchObject({ code: 'OMNI_BODY_TOO_LARGE' });
    await expect(exchange.readBody(3)).resolves.toHaveLength(3);
  });

  it('does not let itself be answered twice', () => {
    const exchange = new RecordingExchange();
    exchange.respond(202, []);
    expect(() => exchange.respond(200, [])).toThrow('already answered');
    expect(() => exchange.stream(200, [])).toThrow('already answered');
  });

  it('shows the data of events and leaves comments out', () => {
    const exchange = new RecordingExchange();
    const stream = exchange.stream(200, []);
    stream.write(': note\n\nevent: message\ndata: {\ndata: }\n\n');
    stream.write(new TextEncoder().encode('data: 2\n\n'));
    stream.end();
    expect(exchange.events()).toEqual(['{\n}', '2']);
    expect(exchange.state).toBe('ended');
  });

  it('holds a writer back while a test plays a slow reader', () => {
    const exchange = new RecordingExchange();
    const stream = exchange.stream(200, []);
    const drained: string[] = [];
    exchange.backlogBytes = 5;
    expect(stream.write('x')).toBe(false);
    stream.onDrain(() => drained.push('drained'));
    exchange.drain();
    expect(stream.write('y')).toBe(true);
    expect(drained).toEqual(['drained']);
  });

  it('takes nothing and drains never once the client has left', () => {
    const exchange = new RecordingExchange();
    const stream = exchange.stream(200, []);
    const heard: string[] = [];
    exchange.onGone(() => heard.push('gone'));
    stream.onDrain(() => heard.push('drained'));
    exchange.leave();
    exchange.drain();
    expect(stream.write('x')).toBe(false);
    expect(exchange.text()).toBe('');
    expect(heard).toEqual(['gone']);
  });

  it('does not say that a client left that has its answer', () => {
    const exchange = new RecordingExchange();
    const heard: string[] = [];
    exchange.onGone(() => heard.push('gone'));
    exchange.respond(200, [], '{}');
    exchange.leave();
    expect(heard).toEqual([]);
    expect(exchange.json()).toEqual({});
  });
});
