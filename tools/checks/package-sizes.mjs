/**
 * How large each public library is in the bundle of somebody who uses all of it: with everything that it
 * brings along, minified. Usage: node tools/checks/package-sizes.mjs
 */
import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { printFindings } from './findings.mjs';
import { entryPointsOf, publicLibraries } from './packaging.mjs';

/** @import { Finding, RuleText } from './findings.mjs' */

/**
 * @typedef {{ name: string, file: string | undefined, isOfNode: boolean }} BundledEntry `file` is the source,
 *   absolute; none when its exports name none.
 */

/**
 * Most kilobytes (1,024 bytes) of each entry. A budget is what was measured and a tenth, so that a new
 * dependency shows and a new function does not; that of `@omni/config` is what edge runtimes can bear.
 *
 * @type {Readonly<Record<string, number>>}
 */
export const BUDGETS = {
  '@omni/auth': 72,
  '@omni/call-policies': 120,
  '@omni/capabilities': 104,
  '@omni/config': 320,
  '@omni/config/json-schema': 96,
  // It reads what it shows.
  '@omni/config/settings-view': 330,
  '@omni/container': 800,
  '@omni/container/compiled-code': 7,
  '@omni/container/node': 2350,
  '@omni/coordinator': 74,
  '@omni/events': 37,
  '@omni/fetch': 36,
  '@omni/health': 6,
  '@omni/jsonrpc': 33,
  '@omni/model': 60,
  '@omni/node': 1030,
  '@omni/node/compiled-code': 7,
  '@omni/policy': 213,
  '@omni/ports': 48,
  '@omni/protocol': 102,
  '@omni/router': 90,
  '@omni/secrets': 45,
  '@omni/sql': 315,
  '@omni/telemetry': 64,
  '@omni/testing': 38,
  '@omni/testing/contracts': 69,
  '@omni/upstreams': 195,
};

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** As esbuild counts them. */
const KILOBYTE = 1_024;

/** @type {readonly RuleText[]} */
export const SIZE_RULES = [
  {
    id: 'size-budget',
    why: 'Whoever bundles the library carries all of it to every user, worker and start.',
    fix: 'Find what has come along (esbuild --metafile), import less of it, or raise the budget with a reason.',
  },
  {
    id: 'size-known',
    why: 'A library without a budget grows unseen, and a budget without a library is of no use.',
    fix: 'Name its source in exports; set its budget in tools/checks/package-sizes.mjs to what is measured and a tenth.',
  },
];

/**
 * @param {string} file - The entry, absolute.
 * @param {boolean} isOfNode - Whether dependencies come as they do for Node, where they differ.
 * @returns {Promise<number>} bytes; modules of Node stay outside
 */
export async function bundledBytes(file, isOfNode) {
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2023',
    mainFields: ['module', 'main'],
    conditions: ['@omni/source', 'import', ...(isOfNode ? ['node'] : [])],
    logLevel: 'silent',
    plugins: [
      {
        name: 'modules-of-node',
        setup(bundler) {
          bundler.onResolve({ filter: /^[\w:/]+$/ }, ({ path }) =>
            isBuiltin(path) ? { path, external: true } : undefined,
          );
        },
      },
    ],
  });
  return outputFiles.reduce((sum, { contents }) => sum + contents.byteLength, 0);
}

/**
 * @param {string} root
 * @returns {BundledEntry[]} all entries of the public libraries
 */
export function bundledEntries(root) {
  return publicLibraries(root).flatMap((folder) => {
    /** @type {{ name: string, nx: { tags: string[] } }} */
    const { name, nx } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    return entryPointsOf(join(root, folder)).map(({ path, conditions: { '@omni/source': source } }) => {
      const file = typeof source === 'string' ? join(root, folder, source) : undefined;
      // An entry `./node` of a library that runs anywhere is for Node.
      const isOfNode = nx.tags.includes('runtime:node') || path === './node';
      return { name: posix.join(name, path), file, isOfNode };
    });
  });
}

/**
 * @param {readonly BundledEntry[]} entries
 * @param {Readonly<Record<string, number>>} budgets
 * @param {(line: string) => void} [tell] - Told each size.
 * @returns {Promise<Finding[]>}
 */
export async function checkSizes(entries, budgets, tell = () => {}) {
  /** @type {Finding[]} */
  const findings = Object.keys(budgets)
    .filter((name) => !entries.some((entry) => entry.name === name))
    .map((name) => ({ rule: 'size-known', where: name, what: 'has a budget and is no entry of a library' }));
  for (const { name, file, isOfNode } of entries) {
    if (file === undefined) {
      findings.push({ rule: 'size-known', where: name, what: 'has no "@omni/source" in its exports' });
      continue;
    }
    const size = (await bundledBytes(file, isOfNode)) / KILOBYTE;
    const budget = budgets[name];
    tell(`${name.padEnd(26)} ${size.toFixed(0).padStart(6)} KB of ${String(budget ?? '?').padStart(6)}`);
    if (budget === undefined)
      findings.push({ rule: 'size-known', where: name, what: `has no budget; it has ${size.toFixed(0)} KB` });
    else if (size > budget)
      findings.push({ rule: 'size-budget', where: name, what: `has ${size.toFixed(0)} KB of ${budget}` });
  }
  return findings;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  printFindings(SIZE_RULES, await checkSizes(bundledEntries(ROOT), BUDGETS, console.log));
