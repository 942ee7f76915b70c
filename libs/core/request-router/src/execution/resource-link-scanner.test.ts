import { RecordingChunks } from '@omni/testing';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ResourceLinkScanner } from './resource-link-scanner.ts';
import { resourceLinksIn } from '../call/resource-links.ts';

/** Passes a text on in chunks of these sizes, the last one again and again. */
function pass(
  text: string,
  sizes: readonly number[],
): { readonly passed: RecordingChunks; readonly uris: readonly string[] } {
  const passed = new RecordingChunks();
  const found: (readonly string[])[] = [];
  const scanner = new ResourceLinkScanner(passed, (uris) => found.push(uris));
  const bytes = new TextEncoder().encode(text);
  scanner.onResponseHead({ status: 200, length: bytes.byteLength, isError: false, isKept: false });
  let at = 0;
  for (let index = 0; at < bytes.byteLength; index++) {
    const size = sizes[Math.min(index, sizes.length - 1)] ?? 1;
    scanner.onChunk(bytes.subarray(at, at + size));
    at += size;
  }
  scanner.onResponseEnd();
  return { passed, uris: found.flat() };
}

describe('ResourceLinkScanner', () => {
  it('passes everything on as it is', () => {
    const text = `{"content":[{"type":"text","text":"${'ü'.repeat(100)}"}]}`;
    const { passed, uris } = pass(text, [7]);
    expect(passed.text === text).toBe(true);
    expect(passed.log).toEqual(['result 200 of 239 bytes', 'end']);
    expect(uris).toEqual([]);
  });

  it('says that the client reads slowly', () => {
    const passed = new RecordingChunks();
    const scanner = new ResourceLinkScanner(passed, () => {});
    passed.isFast = false;
    expect(scanner.onChunk(new Uint8Array(1))).toBe(false);
  });

  it.each([
    ['behind its mark', '{"type":"resource_link","name":"n","uri":"file:///a"}', ['file:///a']],
    ['before its mark', '{"uri" : "file:///b","name":"n","type":"resource_link"}', ['file:///b']],
    ['with escapes', '{"type":"resource_link","uri":"file:\\/\\/\\/\\u00fc\\"x"}', ['file:///ü"x']],
    ['in no string that is JSON', '{"type":"resource_link","uri":"\\x"}', []],
    ['in a text', '{"type":"text","text":"\\"resource_link\\" \\"uri\\":\\"file:///c\\""}', []],
    ['of something that is no link', '{"type":"resource","resource":{"uri":"file:///d"}}', []],
  ])('finds the URI of a link %s', (_where, block, uris) => {
    expect(pass(`{"content":[${block}]}`, [1000]).uris).toEqual(uris);
  });

  it('finds what a reader of the whole finds, however the answer is cut', () => {
    const block = fc.oneof(
      fc.record({ type: fc.constant('text'), text: fc.string({ maxLength: 3_000 }) }),
      fc.record({
        type: fc.constant('resource_link'),
        name: fc.string({ maxLength: 3_000 }),
        uri: fc.webUrl(),
      }),
      fc.record({
        uri: fc.webUrl(),
        title: fc.string({ maxLength: 3_000 }),
        type: fc.constant('resource_link'),
      }),
    );
    const sizes = fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.array(block, { maxLength: 12 }), sizes, (content, cuts) => {
        const text = JSON.stringify({ jsonrpc: '2.0', id: 1, result: { content } });
        const { passed, uris } = pass(text, [...cuts, 997]);
        expect(passed.text).toBe(text);
        expect(new Set(uris)).toEqual(new Set(resourceLinksIn(text)));
      }),
      { numRuns: 100 },
    );
  });

  it('takes at most a thousand', () => {
    const links = Array.from({ length: 1_500 }, (_, index) => ({
      type: 'resource_link',
      uri: `file:///${index}`,
    }));
    expect(pass(JSON.stringify({ content: links }), [65_536]).uris).toHaveLength(1_000);
  });
});
