import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configurationJsonSchema } from '@omni/config/json-schema';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { comparePages } from './pages.ts';
import { settingPages } from './setting-pages.ts';
import { generateSettingPages } from './settings.ts';

const DOCS = join(import.meta.dirname, '../../docs/configuration/reference');

describe('docs/configuration/reference', () => {
  it('says of each setting what the schema says [S004-DOC-01]', () => {
    // When this fails: npm run generate settings
    expect(comparePages(DOCS, settingPages(configurationJsonSchema()))).toEqual([]);
  });
});

describe('settingPages', () => {
  it('shows what a setting takes, its bounds and its default', () => {
    const pages = settingPages({
      properties: {
        $schema: { type: 'string' },
        server: {
          description: 'Where *clients* connect.',
          properties: {
            depth: { type: 'integer', minimum: 4, maximum: 9, default: 5, description: 'How deep.' },
            mode: { enum: ['a', 'b'], default: 'a' },
            hosts: { type: 'array', maxItems: 3, items: { type: 'string' }, default: [] },
            any: { anyOf: [{ type: 'boolean' }, { type: 'string' }] },
            env: { type: 'object', additionalProperties: { type: 'string' } },
            list: { type: 'array', items: { properties: { name: { type: 'string' } } } },
          },
        },
      },
    });
    expect([...pages.keys()]).toEqual(['README.md', 'server.md']);
    const page = pages.get('server.md') ?? '';
    expect(page).toMatch(
      /^# server\n\n<!--.*\n\nWhere \\\*clients\\\* connect\.\n\n## server\.depth\n\nHow deep\.\n\nwhole number; from 4 to 9; default `5`\n/,
    );
    for (const part of [
      '`a` or `b`; default `a`',
      'list of text; at most 3; default `[]`',
      '`true` or `false`, or text',
      'map of text',
      '## server.list[].name\n\ntext',
    ])
      expect(page).toContain(part);
  });
});

describe('the generator', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'omni-settings-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('writes all pages, and finds what was changed by hand', () => {
    const lines: string[] = [];
    const run = (...argv: readonly string[]): number =>
      generateSettingPages(argv, folder, (line) => lines.push(line));
    expect(run()).toBe(0);
    expect(run('--check')).toBe(0);
    writeFileSync(join(folder, 'server.md'), 'changed');
    expect(run('--check')).toBe(1);
    expect(lines.at(-1)).toBe('docs/configuration/reference/server.md: changed');
    expect(run('--chekc')).toBe(64);
  });
});
