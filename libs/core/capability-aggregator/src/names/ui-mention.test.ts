import { describe, expect, it } from '@jest/globals';
import { uiMentionOf } from './ui-mention.ts';

describe('uiMentionOf', () => {
  it.each([
    ['the extension', '{"name":"t","_meta":{"ui":{"resourceUri":"ui://a\\/b"}}}', 'ui://a/b'],
    ['its forerunner', '{"name":"t","_meta":{"ui/resourceUri":"ui://a/b"}}', 'ui://a/b'],
    [
      'both, which is the extension',
      '{"_meta":{"ui/resourceUri":"ui://old","ui":{"visibility":["app"],"resourceUri":"ui://new"}}}',
      'ui://new',
    ],
  ])('takes the page out of the metadata of %s', (_what, tool, uri) => {
    expect(uiMentionOf(tool)).toBe(uri);
  });

  it.each([
    ['nothing', '{"name":"t"}'],
    [
      'what stands elsewhere',
      '{"name":"t","resourceUri":"ui://a","inputSchema":{"_meta":{"ui":{"resourceUri":"ui://a"}}}}',
    ],
    ['no text', '{"_meta":{"ui":{"resourceUri":7},"ui/resourceUri":null}}'],
    ['no metadata', '{"_meta":"resourceUri"}'],
    ['what is too long to be read', `{"_meta":{"ui":{"resourceUri":"ui://${'x'.repeat(8_192)}"}}}`],
    ['what is no JSON', '{"_meta":{"ui":{"resourceUri":"ui://a"}}'],
  ])('takes none out of %s', (_what, tool) => {
    expect(uiMentionOf(tool)).toBeUndefined();
  });
});
