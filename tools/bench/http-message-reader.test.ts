import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import { HttpMessageReader } from './http-message-reader.ts';

const STREAM = Buffer.from(
  [
    'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwiki\r\nA;ext=1\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n',
    'HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 204 No Content\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  ].join(''),
);
const BODIES = ['hello', 'wiki0123456789', '', '', 'ok'];

function read(chunks: readonly Buffer[]): { heads: string[]; bodies: string[] } {
  const heads: string[] = [];
  const bodies: string[] = [];
  const reader = new HttpMessageReader((head, body) => {
    heads.push(head);
    bodies.push(Buffer.concat(body).toString());
  });
  for (const chunk of chunks) reader.push(chunk);
  return { heads, bodies };
}

describe('HttpMessageReader', () => {
  it('reads several messages from one chunk', () => {
    const { heads, bodies } = read([STREAM]);
    expect(bodies).toEqual(BODIES);
    expect(heads[0]).toBe('HTTP/1.1 200 OK\r\ncontent-length: 5');
  });

  it('reads the same whatever the two chunks are', () => {
    for (let cut = 1; cut < STREAM.length; cut += 1) {
      expect(read([STREAM.subarray(0, cut), STREAM.subarray(cut)]).bodies).toEqual(BODIES);
    }
  });

  it('reads the same byte by byte', () => {
    expect(read(Array.from(STREAM, (byte) => Buffer.of(byte))).bodies).toEqual(BODIES);
  });

  it('refuses a head that does not end', () => {
    expect(() => read([Buffer.alloc(70_000, 'a')])).toThrow(RangeError);
  });

  it('refuses a chunk size that is no number', () => {
    expect(() => read([Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n')])).toThrow(
      RangeError,
    );
  });
});
