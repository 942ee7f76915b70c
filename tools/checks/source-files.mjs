/** The files that the repository's own rules read, and what each is for. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/**
 * @typedef {object} SourceFile
 * @property {string} path - Relative to the root, with forward slashes.
 * @property {string} text
 * @property {ts.SourceFile} tree
 * @property {boolean} isTest - A test file, or code that only tests use.
 */

const PATTERNS = ['libs/**/*.{ts,mjs}', 'apps/**/*.{ts,mjs}', 'tools/**/*.{ts,mjs}'];
const NOT_OURS = new Set(['node_modules', 'dist', 'out-tsc', 'coverage', 'results', '.stryker-tmp']);
const TEST_CODE = /\.(test|fixture)\.ts$|^libs\/testing\/|^apps\/[^/]+-e2e\/|^tools\//;

/** @param {string} name - Of a folder, or a path to it: what is installed or made is not ours. */
export function isOurs(name) {
  return !NOT_OURS.has(name.split(/[\\/]/).at(-1) ?? '');
}

/**
 * @param {string} root
 * @returns {SourceFile[]} sorted by path
 */
export function readSourceFiles(root) {
  return globSync(PATTERNS, {
    cwd: root,
    exclude: (name) => !isOurs(name),
  })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => !path.endsWith('.d.ts'))
    .sort()
    .map((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      const tree = ts.createSourceFile(
        path,
        text,
        ts.ScriptTarget.Latest,
        true,
        path.endsWith('.ts') ? ts.ScriptKind.TS : ts.ScriptKind.JS,
      );
      return { path, text, tree, isTest: TEST_CODE.test(path) };
    });
}

/**
 * @param {ts.Node} node
 * @param {(node: ts.Node) => void} visit - Called for the node and everything below it.
 */
export function walk(node, visit) {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

/**
 * @param {ts.SourceFile} tree
 * @param {number} position
 * @returns {number} line, from 1
 */
export function lineAt(tree, position) {
  return tree.getLineAndCharacterOfPosition(position).line + 1;
}

/**
 * @param {ts.SourceFile} tree
 * @returns {{ text: string, start: number, end: number }[]} all comments, in order
 */
export function commentsOf(tree) {
  /** @type {Map<number, { text: string, start: number, end: number }>} */
  const comments = new Map();
  /** @param {ts.CommentRange} range */
  const add = ({ pos, end }) => comments.set(pos, { text: tree.text.slice(pos, end), start: pos, end });
  /** @param {ts.Node} node */
  const collect = (node) => {
    // Comments belong to tokens, so every token is asked, not only the nodes.
    for (const child of node.getChildren(tree)) collect(child);
    if (node.getChildCount(tree) > 0) return;
    for (const range of ts.getLeadingCommentRanges(tree.text, node.getFullStart()) ?? []) add(range);
    for (const range of ts.getTrailingCommentRanges(tree.text, node.getEnd()) ?? []) add(range);
  };
  collect(tree);
  return [...comments.values()].sort((a, b) => a.start - b.start);
}
