import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GATEWAY_ERRORS, type GatewayErrorFacts } from '@omni/ports';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { errorPages } from './error-pages.ts';
import { generateErrorPages } from './errors.ts';
import { comparePages, writePages } from './pages.ts';

const DOCS = join(import.meta.dirname, '../../docs/errors');
const FACTS: GatewayErrorFacts = {
  jsonRpcCode: -31099,
  httpStatus: 503,
  retryable: true,
  meaning: 'It is late.',
  hint: 'Wait.',
};

describe('docs/errors', () => {
  it('has a page for each error, no page without an error, and says what the table says', () => {
    // When this fails: node --conditions=@omni/source tools/generators/errors.ts
    expect(comparePages(DOCS, errorPages(GATEWAY_ERRORS))).toEqual([]);
  });

  it('has one file per code and the overview', () => {
    expect(readdirSync(DOCS).toSorted()).toEqual(
      ['README.md', ...Object.keys(GATEWAY_ERRORS).map((code) => `${code}.md`)].toSorted(),
    );
  });

  it('links every page from the overview', () => {
    const overview = readFileSync(join(DOCS, 'README.md'), 'utf8');
    for (const code of Object.keys(GATEWAY_ERRORS)) expect(overview).toContain(`[${code}](${code}.md)`);
  });
});

describe('errorPages', () => {
  it('shows all facts of an error on its page', () => {
    const page = errorPages({ OMNI_LATE: { ...FACTS, exitCode: 14 } }).get('OMNI_LATE.md') ?? '';
    expect(page).toMatch(/^# OMNI_LATE\n/);
    for (const part of ['It is late.', 'Wait.', '-31099', '503', '14', 'yes: the same request'])
      expect(page).toContain(part);
  });

  it('shows exit code 1 for an error that names none', () => {
    expect(errorPages({ OMNI_LATE: FACTS }).get('OMNI_LATE.md')).toMatch(/\| exit code of `omni` +\| 1 /);
  });

  it('shows text that looks like markup as text', () => {
    const page = errorPages({ OMNI_LATE: { ...FACTS, hint: 'Send <token> | Mcp-* [x] `y`.' } }).get(
      'OMNI_LATE.md',
    );
    expect(page).toContain('Send \\<token> \\| Mcp-\\* \\[x\\] \\`y\\`.');
  });
});

describe('the generator', () => {
  const pages = errorPages({ OMNI_EARLY: FACTS, OMNI_LATE: FACTS });
  let folder = '';

  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'omni-errors-')), 'errors');
  });

  afterEach(() => {
    rmSync(join(folder, '..'), { recursive: true });
  });

  it('finds a page that is missing, one that was changed and one whose error is gone', () => {
    writePages(folder, pages);
    expect(comparePages(folder, pages)).toEqual([]);
    rmSync(join(folder, 'OMNI_EARLY.md'));
    writeFileSync(join(folder, 'OMNI_LATE.md'), 'changed by hand');
    writeFileSync(join(folder, 'OMNI_GONE.md'), '# OMNI_GONE');
    expect(comparePages(folder, pages)).toEqual([
      { file: 'OMNI_EARLY.md', kind: 'missing' },
      { file: 'OMNI_GONE.md', kind: 'extra' },
      { file: 'OMNI_LATE.md', kind: 'changed' },
    ]);
  });

  it('repairs all of that', () => {
    mkdirSync(folder);
    writeFileSync(join(folder, 'OMNI_LATE.md'), 'changed by hand');
    writeFileSync(join(folder, 'OMNI_GONE.md'), '# OMNI_GONE');
    writePages(folder, pages);
    expect(readdirSync(folder).toSorted()).toEqual(['OMNI_EARLY.md', 'OMNI_LATE.md', 'README.md']);
    expect(comparePages(folder, pages)).toEqual([]);
  });

  it('does not mind other line ends', () => {
    writePages(folder, pages);
    const file = join(folder, 'README.md');
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('\n', '\r\n'));
    expect(comparePages(folder, pages)).toEqual([]);
  });

  it('exits with 1 from --check, names the files and writes nothing', () => {
    const lines: string[] = [];
    expect(generateErrorPages(['--check'], folder, (line) => lines.push(line))).toBe(1);
    expect(lines).toContain('docs/errors/OMNI_INTERNAL.md: missing');
    expect(lines).toHaveLength(Object.keys(GATEWAY_ERRORS).length + 1);
    expect(readdirSync(join(folder, '..'))).toEqual([]);
  });

  it('exits with 0 from --check once the pages are written', () => {
    const lines: string[] = [];
    expect(generateErrorPages([], folder, () => {})).toBe(0);
    expect(generateErrorPages(['--check'], folder, (line) => lines.push(line))).toBe(0);
    expect(lines).toEqual([]);
  });

  it('refuses arguments that it does not know', () => {
    for (const argv of [['--chekc'], ['--check', 'x']])
      expect(generateErrorPages(argv, folder, () => {})).toBe(64);
    expect(readdirSync(join(folder, '..'))).toEqual([]);
  });
});
