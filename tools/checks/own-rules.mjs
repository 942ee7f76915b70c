/**
 * The rules of this repository that no ready-made tool has.
 * Usage: node tools/checks/own-rules.mjs [folder]
 */
import { pathToFileURL } from 'node:url';
import { printFindings } from './findings.mjs';
import { readSourceFiles } from './source-files.mjs';
import { SOURCE_RULES } from './source-rules.mjs';
import { WORKSPACE_RULES } from './workspace-rules.mjs';

/** @import { Finding, RuleText } from './findings.mjs' */

/** @type {readonly RuleText[]} */
export const OWN_RULES = [...SOURCE_RULES, ...WORKSPACE_RULES];

/**
 * @param {string} root
 * @returns {Finding[]}
 */
export function checkOwnRules(root) {
  const files = readSourceFiles(root);
  return [
    ...SOURCE_RULES.flatMap(({ id, appliesTo, check }) =>
      files
        .filter(appliesTo)
        .flatMap((file) =>
          check(file).map(({ line, what }) => ({ rule: id, where: `${file.path}:${line}`, what })),
        ),
    ),
    ...WORKSPACE_RULES.flatMap(({ id, check }) =>
      check(root, files).map((finding) => ({ rule: id, ...finding })),
    ),
  ];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  printFindings(OWN_RULES, checkOwnRules(process.argv[2] ?? '.'));
