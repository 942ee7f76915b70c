/**
 * Whether `npm ci` will work from package-lock.json on every platform and from every registry.
 * Usage: node tools/checks/check-lock.mjs [folder]
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { printFindings } from './findings.mjs';

/** @import { Finding, RuleText } from './findings.mjs' */
/**
 * @typedef {Partial<Record<'dependencies' | 'devDependencies' | 'optionalDependencies', Record<string,
 * string>>>} Dependencies
 */

/** @type {readonly RuleText[]} */
export const LOCK_RULES = [
  {
    id: 'lock-complete',
    why: 'npm install leaves out a platform package that the registry does not have, and npm ci then refuses the lock on a fresh machine.',
    fix: 'Take a version of the package that is complete, then remove node_modules and package-lock.json and run npm install.',
  },
  {
    id: 'lock-neutral',
    why: 'A lock that names a registry works only where that registry is reachable.',
    fix: 'Write the lock with omit-lockfile-registry-resolved=true in .npmrc, or against registry.npmjs.org.',
  },
  {
    id: 'lock-current',
    why: 'npm ci refuses a lock that does not have the workspaces and dependencies of the package.json files.',
    fix: 'Run npm install and commit package-lock.json.',
  },
];

/**
 * @param {string} root - Folder with package.json and package-lock.json.
 * @returns {Finding[]}
 */
export function checkLock(root) {
  /** @type {Record<string, Dependencies & { resolved?: string }>} */
  const packages = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages ?? {};
  const names = new Set(Object.keys(packages).map(nameOf));
  /** @type {Finding[]} */
  const findings = [];
  for (const [path, entry] of Object.entries(packages)) {
    for (const wanted of Object.keys(entry.optionalDependencies ?? {})) {
      if (!names.has(wanted))
        findings.push({
          rule: 'lock-complete',
          where: path || 'package.json',
          what: `has no entry for ${wanted}`,
        });
    }
    const { resolved } = entry;
    if (
      typeof resolved === 'string' &&
      /^[a-z+]+:/.test(resolved) &&
      !resolved.startsWith('https://registry.npmjs.org/')
    ) {
      findings.push({ rule: 'lock-neutral', where: path, what: 'is resolved to a registry of its own' });
    }
    if (!path.includes('node_modules')) findings.push(...differences(root, path, entry));
  }
  return findings;
}

/**
 * @param {string} path - Key in the lock: a folder below node_modules, or a workspace.
 * @returns {string} name of the package
 */
function nameOf(path) {
  return path.replace(/^.*node_modules\//, '');
}

/**
 * @param {string} root
 * @param {string} workspace - Folder, '' for the root.
 * @param {Dependencies} entry - What the lock holds about it.
 * @returns {Finding[]}
 */
function differences(root, workspace, entry) {
  const where = join(workspace, 'package.json');
  /** @type {Dependencies} */
  let manifest;
  try {
    manifest = JSON.parse(readFileSync(join(root, where), 'utf8'));
  } catch {
    return [{ rule: 'lock-current', where, what: 'is in the lock and cannot be read' }];
  }
  /** @type {(keyof Dependencies)[]} */
  const kinds = ['dependencies', 'devDependencies', 'optionalDependencies'];
  return kinds.flatMap((kind) => {
    const [declared, locked] = [manifest[kind] ?? {}, entry[kind] ?? {}];
    return [...new Set([...Object.keys(declared), ...Object.keys(locked)])]
      .filter((name) => declared[name] !== locked[name])
      .map((name) => ({
        rule: 'lock-current',
        where,
        what: `${name}: ${declared[name] ?? 'not declared'}, in the lock ${locked[name] ?? 'absent'}`,
      }));
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  printFindings(LOCK_RULES, checkLock(process.argv[2] ?? '.'));
