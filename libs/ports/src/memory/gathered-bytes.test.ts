import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { GatheredBytes } from './gathered-bytes.ts';

describe('GatheredBytes', () => {
  it('holds what came in order, however it was cut, and keeps little more than that', () => {
    const sizes = fc.array(fc.oneof(fc.nat(40), fc.nat(70_000)), { maxLength: 40 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 3 }), fc.boolean(), (lengths, share, isTaken) => {
        const held = new GatheredBytes();
        const expected: number[] = [];
        for (const [index, length] of lengths.entries()) {
          // Its part of a larger buffer.
          const source = new Uint8Array(length * share).fill(index + 1);
          held.add(source, length * (share - 1));
          for (let count = 0; count < length; count++) expected.push(index + 1);
        }
        expect(held.length).toBe(expected.length);
        expect(held.kept).toBeLessThanOrEqual(2 * expected.length + 64 * 1024);
        const pieces = held.pieces();
        expect(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0)).toBe(expected.length);
        const bytes = isTaken ? held.take() : Buffer.concat(pieces.map((piece) => Buffer.from(piece)));
        expect(Buffer.from(bytes).equals(Buffer.from(expected))).toBe(true);
        if (isTaken) expect([held.length, held.kept]).toEqual([0, 0]);
      }),
      { numRuns: 50 },
    );
  });

  // guard: held/pieces
  it('copies a small part of a large buffer, and keeps a large part as it is', () => {
    const held = new GatheredBytes();
    const buffer = new Uint8Array(64 * 1024);
    held.add(buffer.subarray(0, 20_000));
    expect(held.kept).toBeLessThan(21_000);
    held.add(buffer.subarray(0, 40_000));
    expect(held.kept).toBeGreaterThan(64 * 1024);
    expect(held.pieces().map((piece) => piece.buffer === buffer.buffer)).toEqual([false, true]);
  });

  it('gives away all but the piece that may still grow', () => {
    const held = new GatheredBytes();
    const piece = (fill: number): Uint8Array => new Uint8Array(20_000).fill(fill);
    held.add(piece(1));
    expect(held.takeAllButLast()).toEqual([]);
    held.add(piece(2));
    expect(held.takeAllButLast().map(([first]) => first)).toEqual([1]);
    held.add(Uint8Array.of(3));
    expect(held.takeAllButLast().map(([first]) => first)).toEqual([2]);
    expect(held.length).toBe(1);
    expect(held.takeAllButLast()).toEqual([]);
    held.add(Uint8Array.of(4));
    expect([...held.take()]).toEqual([3, 4]);
  });
});
