import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { citationsInSources, idsIn } from './citations.mjs';
import { checkRequirements } from './gate.mjs';
import { PAGE_FILE, renderPage } from './page.mjs';
import { countPerSeed, readRows, ROWS_FILE } from './rows.mjs';

const KNOWN = 'S000-CFG-01';
const UNKNOWN = 'S000-CFG-99';
const TEST_FILE = 'libs/core/config-manager/src/merge.test.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'omni-requirements-'));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function writeRow(state: string): void {
  write(
    ROWS_FILE,
    JSON.stringify([
      { id: KNOWN, seed: '000', state, demand: 'Files are merged.', owner: 'config-manager', verify: 'unit' },
    ]),
  );
}

function writeSource(title: string): void {
  write(TEST_FILE, `it(${JSON.stringify(title)}, () => {});\n`);
}

function writeResult(title: string, status: string): void {
  const testResults = [
    { name: join(root, TEST_FILE), assertionResults: [{ fullName: `merge ${title}`, status }] },
  ];
  write('.test-results/unit.json', JSON.stringify({ testResults }));
}

function rulesBroken(): string[] {
  write(PAGE_FILE, renderPage(readRows(root), citationsInSources(root)));
  return checkRequirements(root).map(({ rule }) => rule);
}

describe('the requirements gate', () => {
  it('accepts a done row whose citing test passed', () => {
    writeRow('done');
    writeSource(`keeps siblings [${KNOWN}]`);
    writeResult(`keeps siblings [${KNOWN}]`, 'passed');
    expect(rulesBroken()).toEqual([]);
  });

  it('refuses a done row that no test cites', () => {
    writeRow('done');
    writeSource('keeps siblings');
    writeResult('keeps siblings', 'passed');
    expect(rulesBroken()).toEqual(['done-is-proven']);
  });

  it('refuses a done row whose citing test was not run', () => {
    writeRow('done');
    writeSource(`keeps siblings [${KNOWN}]`);
    expect(rulesBroken()).toEqual(['done-is-proven']);
  });

  it.each(['failed', 'pending', 'todo'])('refuses a done row whose only citing test is %s', (status) => {
    writeRow('done');
    writeSource(`keeps siblings [${KNOWN}]`);
    writeResult(`keeps siblings [${KNOWN}]`, status);
    expect(rulesBroken()).toEqual(['done-is-proven']);
  });

  it('leaves open and partly met rows alone', () => {
    writeRow('partly');
    expect(rulesBroken()).toEqual([]);
  });

  it('refuses a test source that cites a row that does not exist', () => {
    writeRow('open');
    writeSource(`keeps siblings [${UNKNOWN}]`);
    expect(rulesBroken()).toEqual(['citations-known']);
  });

  it('refuses a computed title that cites a row that does not exist', () => {
    writeRow('open');
    writeSource('keeps siblings');
    writeResult(`keeps siblings [${KNOWN}, ${UNKNOWN}]`, 'passed');
    expect(rulesBroken()).toEqual(['citations-known']);
  });

  it('refuses a row twice and a state that does not exist', () => {
    writeRow('finished');
    expect(rulesBroken()).toEqual(['rows-sound']);
    const [row] = readRows(root);
    write(
      ROWS_FILE,
      JSON.stringify([
        { ...row, state: 'open' },
        { ...row, state: 'open' },
      ]),
    );
    expect(rulesBroken()).toEqual(['rows-sound']);
  });

  it('refuses a page that is older than the rows', () => {
    writeRow('open');
    expect(rulesBroken()).toEqual([]);
    writeRow('partly');
    expect(checkRequirements(root).map(({ rule }) => rule)).toEqual(['page-current']);
  });

  it('finds one and several ids, and nothing else in brackets', () => {
    expect(idsIn(`a [${KNOWN}] b [${UNKNOWN}, X001-02] [R-08] [1] S000-CFG-02`)).toEqual([
      KNOWN,
      UNKNOWN,
      'X001-02',
    ]);
  });
});

describe('rows.json', () => {
  it('holds all 422 demands of the five seeds and the 30 rules of the protocol', () => {
    const counts = countPerSeed(readRows(join(import.meta.dirname, '../..'))).map(({ seed, rows }) => [
      seed,
      rows,
    ]);
    expect(Object.fromEntries(counts)).toEqual({
      '000': 50,
      '001': 74,
      '002': 102,
      '003': 114,
      '004': 82,
      protocol: 30,
      all: 452,
    });
  });
});
