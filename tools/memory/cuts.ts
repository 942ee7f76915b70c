import fc from 'fast-check';

/** How the bytes of one input are cut: each piece is the first bytes of a buffer of at least its size. */
export interface Cut {
  readonly name: string;
  readonly pieces: Iterable<{ readonly bytes: number; readonly bufferBytes: number }>;
}

const BUFFER_BYTES = 64 * 1024;
const MIXTURES = 4;
const SEED = 20_261;

function* repeated(
  count: number,
  bytes: number,
  bufferBytes: number,
): Generator<{ bytes: number; bufferBytes: number }> {
  for (let index = 0; index < count; index++) yield { bytes, bufferBytes };
}

/** All cuts that a reader is fed with, the same in each run. */
export function allCuts(): readonly Cut[] {
  const piece = fc
    .tuple(
      fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: BUFFER_BYTES })),
      fc.boolean(),
    )
    .map(([bytes, isSlice]) => ({ bytes, bufferBytes: isSlice ? BUFFER_BYTES : bytes }));
  const mixtures = fc.sample(fc.array(piece, { minLength: 300, maxLength: 600 }), {
    numRuns: MIXTURES,
    seed: SEED,
  });
  return [
    { name: 'one byte in a buffer of its own', pieces: repeated(120_000, 1, 1) },
    { name: 'one byte of a large buffer', pieces: repeated(600, 1, BUFFER_BYTES) },
    { name: 'a little of a large buffer', pieces: repeated(600, 200, BUFFER_BYTES) },
    { name: 'half of a large buffer', pieces: repeated(200, BUFFER_BYTES / 2 + 1, BUFFER_BYTES) },
    { name: 'large buffers', pieces: repeated(200, BUFFER_BYTES, BUFFER_BYTES) },
    ...mixtures.map((pieces, index) => ({ name: `mixture ${index + 1}`, pieces })),
  ];
}
