/**
 * The rules of this repository that no ready-made tool has.
 * Usage: node tools/checks/own-rules.mjs [folder]
 */
import { pathToFileURL } from 'node:url';
import { printFindings } from './findings.mjs';
import { REFERENCE_RULES } from './reference-rules.mjs';
import { readSourceFiles } from './source-files.mjs';
import { SOURCE_RULES } from './source-rules.mjs';
import { UNSEEN_FILES_RULES } from './unseen-files.mjs';
import { WORKSPACE_RULES } from './workspace-rules.mjs';

/** @import { Finding, RuleText } from './findings.mjs' */

const ABOUT_WORKSPACE = [...WORKSPACE_RULES, ...REFERENCE_RULES, ...UNSEEN_FILES_RULES];

/** @type {readonly RuleText[]} */
export const OWN_RULES = [...SOURCE_RULES, ...ABOUT_WORKSPACE];

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
    ...ABOUT_WORKSPACE.flatMap(({ id, check }) =>
      check(root, files).map((finding) => ({ rule: id, ...finding })),
    ),
  ];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  printFindings(OWN_RULES, checkOwnRules(process.argv[2] ?? '.'));
