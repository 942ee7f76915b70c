import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { outliveReader } from './lost-reader.ts';

describe('outliveReader', () => {
  // guard: output/lost-reader
  it.each(['EPIPE', 'EIO', 'ENOSPC', 'EDQUOT', 'EFBIG'])(
    'makes nothing of output that cannot be written (%s)',
    (code) => {
      const stream = new EventEmitter();
      outliveReader(stream);
      expect(() => stream.emit('error', Object.assign(new TypeError('write'), { code }))).not.toThrow();
    },
  );
});
