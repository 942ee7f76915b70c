import { describe, expect, it } from '@jest/globals';
import { inputQuestions, mediaFileName, mediaLine, resultParts } from './tool-result.ts';

const PNG = { mimeType: 'image/png', base64: Buffer.alloc(1_234).toString('base64') };

describe('resultParts', () => {
  it('keeps texts and media in their order', () => {
    const content = [
      { type: 'text', text: 'a' },
      { type: 'image', mimeType: 'image/png', data: PNG.base64 },
      { type: 'resource', resource: { uri: 'x:', text: 'b' } },
      { type: 'resource', resource: { uri: 'x:', mimeType: 'application/pdf', blob: 'AAAA' } },
      { type: 'resource_link', name: 'c', uri: 'x:c' },
      { type: 'vendor', x: 1 },
    ];

    expect(resultParts({ content })).toEqual([
      { kind: 'text', text: 'a' },
      { kind: 'media', media: PNG },
      { kind: 'text', text: 'b' },
      { kind: 'media', media: { mimeType: 'application/pdf', base64: 'AAAA' } },
      { kind: 'text', text: '[c: x:c]' },
      { kind: 'text', text: '{"type":"vendor","x":1}' },
    ]);
  });

  it('shows structured content when there is no text', () => {
    expect(resultParts({ content: [], structuredContent: { a: [1] } })).toEqual([
      { kind: 'text', text: '{\n  "a": [\n    1\n  ]\n}' },
    ]);
  });

  it('leaves structured content out beside text, which says the same', () => {
    expect(
      resultParts({ content: [{ type: 'text', text: '{"a":1}' }], structuredContent: { a: 1 } }),
    ).toHaveLength(1);
  });

  it('has nothing to show of a result without content', () => {
    expect(resultParts({})).toEqual([]);
  });
});

describe('mediaLine', () => {
  it.each([
    [12, '[image/png 12 B]'],
    [1_234, '[image/png 1.2 KB]'],
    [2_500_000, '[image/png 2.5 MB]'],
  ])('tells what %i bytes are', (length, line) => {
    expect(mediaLine({ mimeType: 'image/png', base64: Buffer.alloc(length).toString('base64') })).toBe(line);
  });
});

describe('mediaFileName', () => {
  it('ends as the type wants it', () => {
    expect(mediaFileName('demo/picture', 1, PNG)).toBe('demo_picture-1.png');
    expect(mediaFileName('t', 2, { mimeType: 'Image/JPEG; q=1', base64: '' })).toBe('t-2.jpg');
  });

  it('lets no server choose the path', () => {
    expect(mediaFileName('../../etc/x', 1, { mimeType: 'x/../../../y', base64: '' })).toBe(
      '______etc_x-1.bin',
    );
    expect(mediaFileName('t', 1, { mimeType: 'constructor', base64: '' })).toBe('t-1.bin');
  });
});

describe('inputQuestions', () => {
  it('is what the tool would ask', () => {
    const inputRequests = {
      k1: { method: 'elicitation/create', params: { message: 'What is your name?' } },
      k2: { method: 'roots/list' },
    };

    expect(inputQuestions({ inputRequests })).toEqual([
      'elicitation/create: What is your name?',
      'roots/list',
    ]);
  });
});
