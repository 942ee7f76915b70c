import { LineSplitter } from '@omni/node';
import { buffersOf, type ReaderUnderTest } from '../reader-under-test.ts';

/** Lines of stdio and sockets. */
export const LINE_READER: ReaderUnderTest = {
  name: 'a line',
  feed(cut, budget) {
    const splitter = new LineSplitter(
      { onMessage() {}, onFramingError() {} },
      64 * 1024 * 1024,
      budget.of('up'),
    );
    for (const { buffer, byteOffset, byteLength } of buffersOf(cut, '{"x":'))
      splitter.push(Buffer.from(buffer, byteOffset, byteLength));
    return splitter;
  },
};
