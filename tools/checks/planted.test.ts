import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { checkOwnRules, OWN_RULES } from './own-rules.mjs';
import {
  INNOCENT,
  LAYER_VIOLATIONS,
  LINT_VIOLATIONS,
  OWN_VIOLATIONS,
  type Violation,
} from './planted-violations.ts';
import { plantWorkspace, REPOSITORY } from './planted-workspace.ts';

const TIMEOUT_MS = 60_000;

interface Hit {
  readonly rule: string;
  readonly file: string;
}

type Check = (root: string) => Promise<readonly Hit[]>;

const roots: string[] = [];

afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

function plant(files: Readonly<Record<string, string>>): string {
  const root = plantWorkspace(files);
  roots.push(root);
  return root;
}

/** Output of a tool, which ends with a failure when it finds something. */
async function outputOf(root: string, argv: readonly string[]): Promise<string> {
  const options = { cwd: root, maxBuffer: 64 * 1024 * 1024, timeout: TIMEOUT_MS };
  return new Promise((resolve) => {
    execFile(process.execPath, argv, options, (_error, stdout) => resolve(stdout));
  });
}

const layers: Check = async (root) => {
  const tool = join(REPOSITORY, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const { summary } = JSON.parse(await outputOf(root, [tool, 'libs', 'apps', 'tools', '--output-type=json']));
  return summary.violations.map(({ rule, from }: { rule: { name: string }; from: string }) => ({
    rule: rule.name,
    file: from,
  }));
};

const lint: Check = async (root) => {
  const tool = join(REPOSITORY, 'node_modules/oxlint/bin/oxlint');
  const { diagnostics } = JSON.parse(await outputOf(root, [tool, '--deny-warnings', '--format=json']));
  return diagnostics.map(({ code, filename }: { code: string; filename: string }) => ({
    rule: code,
    file: filename.replace(/^\.\//, ''),
  }));
};

const own: Check = async (root) =>
  checkOwnRules(root).map(({ rule, where }) => ({ rule, file: where.replace(/:\d+$/, '') }));

const filesOf = (violations: readonly Violation[]): Readonly<Record<string, string>> =>
  Object.assign({}, ...violations.map(({ files }) => files));

let layerHits: readonly Hit[];
let lintHits: readonly Hit[];
let ownHits: readonly Hit[];
let controls: readonly (readonly Hit[])[];

beforeAll(async () => {
  [layerHits, lintHits, ownHits, ...controls] = await Promise.all([
    layers(plant(filesOf(LAYER_VIOLATIONS))),
    lint(plant(filesOf(LINT_VIOLATIONS))),
    own(plant(filesOf(OWN_VIOLATIONS))),
    layers(plant({})),
    lint(plant({})),
    own(plant(INNOCENT)),
  ]);
}, TIMEOUT_MS);

const table = (violations: readonly Violation[]): [string, string][] =>
  violations.map(({ rule, files }) => [rule, Object.keys(files)[0] ?? '']);
/** `import/no-cycle` in the configuration is `import(no-cycle)` in a report, `eqeqeq` is `eslint(eqeqeq)`. */
const asReported = (rule: string): string =>
  rule.includes('/') ? `${rule.replace('/', '(')})` : `eslint(${rule})`;

describe('a clean workspace', () => {
  it('passes the layers, the linter and the own rules', () => {
    expect(controls).toEqual([[], [], []]);
  });
});

describe('.dependency-cruiser.mjs', () => {
  it.each(table(LAYER_VIOLATIONS))('catches %s in %s', (rule, file) => {
    expect(layerHits).toContainEqual({ rule, file });
  });

  it.each([
    ['the front opens no connection to a server [S001-ARC-03]', 'front-opens-no-connection', 2],
    ['the life cycle needs no HTTP [S004-RT-01]', 'life-cycle-without-http', 2],
  ])('holds that %s', (_what, rule, planted) => {
    const files = new Set(layerHits.filter((hit) => hit.rule === rule).map(({ file }) => file));
    const expected = LAYER_VIOLATIONS.filter((violation) => violation.rule === rule);
    expect(expected).toHaveLength(planted);
    for (const { files: broken } of expected) expect(files).toContain(Object.keys(broken)[0]);
  });

  it('has no rule without a planted violation', async () => {
    const { default: config } = await import(join(REPOSITORY, '.dependency-cruiser.mjs'));
    const names = config.forbidden.map(({ name }: { name: string }) => name);
    expect(names.filter((name: string) => !LAYER_VIOLATIONS.some(({ rule }) => rule === name))).toEqual([]);
  });
});

describe('.oxlintrc.json', () => {
  it.each(table(LINT_VIOLATIONS))('catches %s in %s', (rule, file) => {
    expect(lintHits).toContainEqual({ rule: asReported(rule), file });
  });

  it('has no rule of its own without a planted violation', () => {
    const { rules } = ts.readConfigFile(join(REPOSITORY, '.oxlintrc.json'), (path) =>
      readFileSync(path, 'utf8'),
    ).config;
    const names = Object.keys(rules).filter((name) => rules[name] !== 'off');
    expect(names.filter((name) => !LINT_VIOLATIONS.some(({ rule }) => rule === name))).toEqual([]);
  });
});

describe('own-rules.mjs', () => {
  it('keeps the service locator in the bootstrap [S003-AR-04]', () => {
    expect(ownHits.filter(({ rule }) => rule === 'locator-in-bootstrap')).toHaveLength(1);
  });

  it.each(table(OWN_VIOLATIONS))('catches %s in %s', (rule, file) => {
    expect(ownHits).toContainEqual({ rule, file });
  });

  it('has no rule without a planted violation', () => {
    expect(
      OWN_RULES.filter(({ id }) => !OWN_VIOLATIONS.some(({ rule }) => rule === id)).map(({ id }) => id),
    ).toEqual([]);
  });
});
