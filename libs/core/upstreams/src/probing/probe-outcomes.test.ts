import { describe, expect, it } from '@jest/globals';
import { parseMessage } from '@omni/jsonrpc';
import type { CallHandler, UpstreamCall } from '@omni/model';
import { type Era, GatewayError } from '@omni/ports';
import { VirtualClock } from '@omni/testing';
import type { OpenConnection } from '../connection/open-connection.ts';
import { probe, type ProbeOutcome } from './probe.ts';

/** One probe of a connection that does what a test says. */
class Scene {
  readonly clock = new VirtualClock();
  readonly outcomes: ProbeOutcome[] = [];
  call: UpstreamCall | undefined;
  handler: CallHandler | undefined;
  isCancelled = false;
  readonly giveUp: () => void;

  constructor(era: Era = 'legacy') {
    const connection: Pick<OpenConnection, 'era' | 'heardAtMs' | 'probe'> = {
      era,
      heardAtMs: 0,
      probe: (call, handler) => {
        this.call = call;
        this.handler = handler;
        return { cancel: () => void (this.isCancelled = true) };
      },
    };
    this.giveUp = probe(
      {
        upstream: 'up',
        // Holds: a probe asks for nothing else.
        connection: connection as OpenConnection,
        clock: this.clock,
        identity: { name: 'omni', version: '1' },
        timeoutMs: 5_000,
      },
      (outcome) => this.outcomes.push(outcome),
    );
  }

  answer(text: string): void {
    const message = parseMessage(text, { maxDepth: 9, maxElements: 99 });
    if (message.kind !== 'response') throw new TypeError('no response');
    this.handler?.onAnswer({ kind: 'message', message, status: 200 });
  }
}

describe('what a probe finds', () => {
  it('asks a legacy server by ping, and a modern one by server/discover, on its connection [X000-06]', () => {
    expect(new Scene('legacy').call).toMatchObject({ method: 'ping', text: '', isInternal: true });
    expect(new Scene('modern').call).toMatchObject({
      method: 'server/discover',
      text: expect.stringContaining('"io.modelcontextprotocol/protocolVersion"'),
    });
  });

  it.each([
    ['a result', '{"jsonrpc":"2.0","id":1,"result":{}}'],
    ['a refusal', '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no ping"}}'],
  ])('takes %s for a sign of life', (_what, text) => {
    const scene = new Scene();
    scene.answer(text);
    expect(scene.outcomes).toEqual(['alive']);
    expect(scene.clock.pendingTimers).toBe(0);
  });

  it('is silent after its time, and takes no later answer', () => {
    const scene = new Scene();
    scene.clock.advance(4_999);
    expect(scene.outcomes).toEqual([]);
    scene.clock.advance(1);
    expect(scene.outcomes).toEqual(['silent']);
    expect(scene.isCancelled).toBe(true);
  });

  it('tells nothing when it is given up', () => {
    const scene = new Scene();
    scene.giveUp();
    scene.clock.advance(60_000);
    expect(scene.outcomes).toEqual([]);
    expect(scene.isCancelled).toBe(true);
  });

  it.each([
    ['OMNI_UPSTREAM_EXITED', undefined],
    ['OMNI_UPSTREAM_UNREACHABLE', undefined],
    ['OMNI_UPSTREAM_HTTP_STATUS', 503],
    ['OMNI_UPSTREAM_HTTP_STATUS', 401],
  ] as const)('takes %s %s for an end', (code, status) => {
    const scene = new Scene();
    const error = new GatewayError(code, 'gone', status === undefined ? {} : { data: { status } });
    scene.handler?.onFailure(error, 'sent');
    expect(scene.outcomes).toEqual([error]);
  });

  it.each([
    ['OMNI_UPSTREAM_HTTP_STATUS', 429, 'alive'],
    ['OMNI_UPSTREAM_HTTP_STATUS', 403, 'alive'],
    ['OMNI_UPSTREAM_PROTOCOL', undefined, 'alive'],
    ['OMNI_UPSTREAM_TOO_LARGE', undefined, 'alive'],
    // It does not read what it is sent.
    ['OMNI_OVERLOADED', undefined, 'silent'],
  ] as const)('takes %s %s for %s', (code, status, outcome) => {
    const scene = new Scene();
    scene.handler?.onFailure(
      new GatewayError(code, 'x', status === undefined ? {} : { data: { status } }),
      'sent',
    );
    expect(scene.outcomes).toEqual([outcome]);
  });
});
