import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { outliveReader } from './lost-reader.ts';

function failing(code: string): () => void {
  const stream = new EventEmitter();
  outliveReader(stream);
  return () => void stream.emit('error', Object.assign(new TypeError('write'), { code }));
}

describe('outliveReader', () => {
  it.each(['EPIPE', 'EIO'])('makes nothing of a reader that has gone (%s)', (code) => {
    expect(failing(code)).not.toThrow();
  });

  it('leaves other errors to whoever looks after crashes', () => {
    expect(failing('ENOSPC')).toThrow('write');
  });
});
