import { isUtf8 } from 'node:buffer';
import { isDeepStrictEqual } from 'node:util';
import { LineSplitter } from '@omni/node';
import { promise, type FuzzTarget } from '../fuzz-target.ts';
import { waysToCut } from './cuts.ts';

interface Splitter {
  push(chunk: Buffer): void;
  end(): void;
}

type Sink = ConstructorParameters<typeof LineSplitter>[0];
type CreateSplitter = (sink: Sink, maxBytes: number) => Splitter;

/** Small, so that lines of a few bytes are beside, at and beyond it. */
const MAX_BYTES = 24;

/** Lines of stdio and sockets: the same however the bytes are cut. */
export function lineSplitter(
  create: CreateSplitter = (sink, max) => new LineSplitter(sink, max),
): FuzzTarget {
  return {
    name: 'line-splitter',
    promise:
      'however bytes are cut the lines are those between newlines; what is too long or no UTF-8 is told and skipped, and nothing else is',
    covers: /adapters\/node\/src\/sockets\/(?:line-splitter|byte-buffer)\.ts$/,
    seeds: [
      '{"a":1}\n{"b":2}\r\n\n \n{"c":3}',
      `${'a'.repeat(24)}\n${'b'.repeat(24)}\r\n${'c'.repeat(25)}\nd`,
      '\uFEFF{}\n\r\r\n',
      'é😀\n',
    ],
    dictionary: ['\n', '\r\n', '\r', '\n\n', '{}\n', '\uFEFF', ' \n', 'aaaaaaaaaaaaaaaaaaaaaaaa', 'é'],
    isJson: false,
    maxBytes: 300,
    check(input) {
      const expected = modelOf(Buffer.from(input));
      const found = [[input], ...waysToCut(input)].map((chunks) => split(create, chunks));
      for (const lines of found)
        promise(
          isDeepStrictEqual(lines, expected),
          'lines are those between newlines, however they are cut',
          () => JSON.stringify([lines, expected]),
        );
      return [...new Set(expected.map((line) => line.slice(0, 1)))].join('');
    },
  };
}

function split(create: CreateSplitter, chunks: readonly Uint8Array[]): readonly string[] {
  const told: string[] = [];
  const splitter = create(
    {
      onMessage: (text) => void told.push(`=${text}`),
      onFramingError: ({ kind }) => void told.push(`!${kind}`),
    },
    MAX_BYTES,
  );
  for (const chunk of chunks) splitter.push(Buffer.from(chunk));
  splitter.end();
  return told;
}

/** What has to be told, found with all bytes at hand. */
function modelOf(input: Buffer): readonly string[] {
  const told: string[] = [];
  for (const line of input.toString('latin1').split('\n')) {
    const bytes = Buffer.from(line.endsWith('\r') ? line.slice(0, -1) : line, 'latin1');
    if (bytes.length > MAX_BYTES) told.push('!oversize');
    else if (!isUtf8(bytes)) told.push('!not-utf8');
    else {
      const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
      // Blank is what begins with white space of ASCII and goes on with any.
      if (!/^$|^[\0-\x20]\s*$/.test(text) || /^[\0-\x08\x0e-\x1f]/.test(text)) told.push(`=${text}`);
    }
  }
  return told;
}
