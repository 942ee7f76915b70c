import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import { faultOfAnswer, faultOfList, isRefusal } from './answer-check.ts';
import { echoText, tokenOf } from './echo-tool.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json';
// A multiple of 64: its whole text is compared as well.
const ID = 1_000_000_000;

function answer(id: number, bytes: number, text = echoText(tokenOf(id), bytes)): string {
  return JSON.stringify({ result: { content: [{ type: 'text', text }] }, jsonrpc: '2.0', id });
}

function fault(
  body: string,
  bytes: number,
  options: { head?: string; chunks?: number; id?: number } = {},
): string | undefined {
  const { head = HEAD, chunks = 1, id = ID } = options;
  const buffer = Buffer.from(body);
  const size = Math.ceil(buffer.length / chunks);
  const parts = Array.from({ length: chunks }, (_, index) =>
    buffer.subarray(index * size, (index + 1) * size),
  );
  return faultOfAnswer(head, parts, { dialect: 'modern', id, bytes });
}

describe('faultOfAnswer', () => {
  it('accepts a right answer, plain or as an event, in one chunk or in many', () => {
    for (const bytes of [200, 10_000, 100_000]) {
      for (const chunks of [1, 2, 3, 50]) {
        expect(fault(answer(ID, bytes), bytes, { chunks })).toBeUndefined();
        expect(fault(`event: message\ndata: ${answer(ID, bytes)}\n\n`, bytes, { chunks })).toBeUndefined();
      }
    }
  });

  it('notices an HTTP error', () => {
    expect(fault(answer(ID, 200), 200, { head: 'HTTP/1.1 500 Internal Server Error' })).toBe('status');
  });

  it('notices an answer that is too short', () => {
    expect(fault(answer(ID, 200), 10_000)).toBe('size');
  });

  it('notices the answer to another call', () => {
    expect(fault(answer(ID + 1, 200), 200)).toBe('id');
    expect(fault(answer(ID, 200, echoText(tokenOf(ID + 1), 200)), 200)).toBe('token');
  });

  it('notices a changed text in the calls that are sampled', () => {
    const changed = `${echoText(tokenOf(ID), 200).slice(0, -1)}!`;
    expect(fault(answer(ID, 200, changed), 200)).toBe('content');
    const unsampled = ID + 1;
    expect(
      fault(answer(unsampled, 200, `${echoText(tokenOf(unsampled), 200).slice(0, -1)}!`), 200, {
        id: unsampled,
      }),
    ).toBeUndefined();
  });
});

describe('faultOfList', () => {
  const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: ID, result: { tools: [] } }));
  const expected = { dialect: 'modern' as const, id: ID, bytes: body.length };

  it('accepts the list of the right size under the right id', () => {
    expect(faultOfList(HEAD, [body.subarray(0, 20), body.subarray(20)], expected)).toBeUndefined();
  });

  it.each([
    ['status', 'HTTP/1.1 500 Internal Server Error', expected],
    ['size', HEAD, { ...expected, bytes: body.length + 1 }],
    ['id', HEAD, { ...expected, id: ID + 1 }],
  ])('notices a wrong %s', (fault, head, wanted) => {
    expect(faultOfList(head, [body], wanted)).toBe(fault);
  });
});

describe('isRefusal', () => {
  const error = (code: string): Buffer =>
    Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: ID, error: { code: -31_020, data: { code } } }));

  it('tells refusals by a limit from what went wrong, however they arrive', () => {
    const refusal = error('OMNI_RATE_LIMITED');
    expect(isRefusal([refusal])).toBe(true);
    expect(isRefusal([refusal.subarray(0, 70), refusal.subarray(70)])).toBe(true);
    expect(isRefusal([error('OMNI_OVERLOADED')])).toBe(true);
    expect(isRefusal([error('OMNI_QUEUE_FULL')])).toBe(true);
    expect(isRefusal([error('OMNI_UPSTREAM_DOWN')])).toBe(false);
  });
});
