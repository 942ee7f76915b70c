import { describe, expect, it } from '@jest/globals';
import { redactorOf } from '@omni/ports';
import { OutputTail } from './output-tail.ts';

const asIs = (text: string): string => text;

describe('OutputTail', () => {
  it('gives the last ten lines', () => {
    const tail = new OutputTail(asIs);
    for (let line = 1; line <= 25; line += 1) tail.push(Buffer.from(`line ${line}\n`));
    expect(tail.lines()).toEqual(Array.from({ length: 10 }, (_, index) => `line ${16 + index}`));
  });

  it('gives nothing when nothing was written', () => {
    expect(new OutputTail(asIs).lines()).toEqual([]);
  });

  it('keeps the end of a flood, in chunks of any size', () => {
    for (const size of [1_000, 65_536, 100_000, 262_144]) {
      const tail = new OutputTail(asIs);
      const text = `${'.'.repeat(70_000)}\nold\n${'x'.repeat(500)}\nlast ✓\n`.repeat(20);
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; at += size) tail.push(bytes.subarray(at, at + size));
      expect([size, tail.lines().slice(-2)]).toEqual([size, ['x'.repeat(500), 'last ✓']]);
    }
  });

  // guard: output/length
  it('shows at most 2,048 characters', () => {
    const tail = new OutputTail(asIs);
    tail.push(Buffer.from(`${'a'.repeat(3_000)}\n${'b'.repeat(1_000)}\n`));
    const lines = tail.lines();
    expect(lines.map((line) => line.length)).toEqual([1_048, 1_000]);
    expect(lines[0]?.startsWith('…aaa')).toBe(true);
  });

  it('shows the end of a flood without a line end', () => {
    const tail = new OutputTail(asIs);
    for (let count = 0; count < 100; count += 1) tail.push(Buffer.alloc(10_000, 'z'));
    expect(tail.lines()).toEqual([`…${'z'.repeat(2_047)}`]);
  });

  // guard: output/redacted-first
  it('redacts before it cuts', () => {
    const tail = new OutputTail(redactorOf(['s3cr3t-value']));
    // The limit of characters falls into the middle of the secret.
    tail.push(Buffer.from(`s3cr3t-value${'x'.repeat(2_040)}\n`));
    expect(tail.lines().join('')).not.toMatch(/cr3t|value/);
  });

  it('drops what would act on a terminal', () => {
    const tail = new OutputTail(redactorOf([]));
    tail.push(Buffer.from('\u001b[31mred\u001b[0m \u0007bell\r\nnext\u001b]0;t\n'));
    expect(tail.lines()).toEqual(['red bell', 'next0;t']);
  });
});
