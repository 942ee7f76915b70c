/** Whether what comments and documents refer to is in the repository. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { commentsOf, lineAt } from './source-files.mjs';
import { documentsIn } from './vocabulary.mjs';

/** @import { WorkspaceRule } from './workspace-rules.mjs' */
/** @import { SourceFile } from './source-files.mjs' */

/** @typedef {{ path: string, line: number, text: string }} Passage One line of a document, or one comment. */

const NOT_OURS = new Set(['node_modules', 'dist', 'out-tsc', '.stryker-tmp', '.nx']);
const DOCUMENT = /(?:[\w.-]+\/|\.\/)*[\w.-]+\.md\b/g;
/** `decision 0010`, `decisions 0030 and 0031`. */
const DECISIONS = /\bdecisions? (\d{4}(?:(?:, | and )\d{4})*)/gi;
const REQUIREMENT = /\b(?:S\d{3}-[A-Z]{2,4}-\d{2}|PROTO-R\d{2})\b/g;
/** The demands that the rows of the requirements were made of. */
const SEED = /\bseed \d{3}\b/i;
/** Files that programs of others read by these names. */
const FOREIGN = new Set(['CLAUDE.md', 'SKILL.md']);
/** What was measured or demanded at a time is not rewritten. */
const RECORDS = /^docs\/requirements\/|^tools\/bench\/results\//;

/**
 * @param {string} root
 * @returns {ReadonlySet<string>} ids of the rows; none where there are no requirements
 */
function requirementIds(root) {
  const file = join(root, 'docs/requirements/rows.json');
  /** @type {{ id: string }[]} */
  const rows = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
  return new Set(rows.map(({ id }) => id));
}

/**
 * @param {string} root
 * @param {readonly SourceFile[]} files
 * @returns {Passage[]}
 */
function passages(root, files) {
  const comments = files.flatMap(({ path, tree }) =>
    commentsOf(tree).map(({ text, start }) => ({ path, line: lineAt(tree, start), text })),
  );
  const lines = documentsIn(root).flatMap(({ path, text }) =>
    text.split('\n').map((line, index) => ({ path, line: index + 1, text: line })),
  );
  return [...comments, ...lines].filter(({ path }) => !RECORDS.test(path));
}

/**
 * @param {string} root
 * @param {readonly SourceFile[]} files
 * @returns {{ where: string, what: string }[]}
 */
function unknownReferences(root, files) {
  const exclude = (/** @type {string} */ name) => NOT_OURS.has(name.split(/[\\/]/).at(-1) ?? '');
  const documents = globSync('**/*.md', { cwd: root, exclude }).map((path) => path.replaceAll('\\', '/'));
  const names = new Set(documents.map((path) => basename(path)));
  const decisions = new Set(documents.flatMap((path) => /^docs\/decisions\/(\d{4})-/.exec(path)?.[1] ?? []));
  const requirements = requirementIds(root);
  /** @param {string} name @param {string} from */
  const isDocument = (name, from) =>
    FOREIGN.has(basename(name)) ||
    (name.includes('/')
      ? [dirname(from), '.'].some((folder) => existsSync(join(root, folder, name)))
      : names.has(name));
  return passages(root, files).flatMap(({ path, line, text }) => {
    const where = `${path}:${line}`;
    return [
      ...[...text.matchAll(DOCUMENT)]
        .map(([name]) => name)
        .filter((name) => !isDocument(name, path))
        .map((name) => ({ where, what: `refers to ${name}, which is not here` })),
      ...[...text.matchAll(DECISIONS)]
        .flatMap(([, numbers = '']) => numbers.match(/\d{4}/g) ?? [])
        .filter((number) => !decisions.has(number))
        .map((number) => ({ where, what: `refers to decision ${number}, which has no page` })),
      ...(text.match(REQUIREMENT) ?? [])
        .filter((id) => !requirements.has(id))
        .map((id) => ({ where, what: `refers to ${id}, which is no row of the requirements` })),
      ...(SEED.test(text) ? [{ where, what: `refers to ${SEED.exec(text)?.[0]}, which is not here` }] : []),
    ];
  });
}

/** @type {readonly WorkspaceRule[]} */
export const REFERENCE_RULES = [
  {
    id: 'known-references',
    why: 'A reader who has only the repository cannot follow it.',
    fix: 'Name the page and heading of the specification, the row of docs/requirements, the decision, or the reason.',
    check: unknownReferences,
  },
];
