/** Finds the markers of guards, and the piece of code that each of them stands before. */
import ts from 'typescript';
import { dropped, type Edit } from './dropped.ts';

/** One place where a guard, or a test that must notice its absence, stands. */
export interface Marker {
  /** Name of the guard. */
  readonly guard: string;
  /** Path from the root of the workspace, with forward slashes. */
  readonly file: string;
  /** Whether the piece is a test, or defines tests. */
  readonly isTest: boolean;
  /** Offsets of the piece. */
  readonly start: number;
  readonly end: number;
  /** Lines of the piece, the first of the file is 1. */
  readonly firstLine: number;
  readonly lastLine: number;
  /** How the piece is dropped; `undefined` where a text must stand in its place. */
  readonly dropped: Edit | undefined;
}

const MARKER = /\/([/*]) guard: ([^\n*]+?)[ \t\r]*(?:\*\/|$)/gm;
const TRIVIA = /(?:\s+|\/\/[^\n]*|\/\*[^]*?\*\/)*/y;
/** What defines tests; a contract suite does so in a file that is no test file itself. */
const TEST_FUNCTIONS = new Set(['it', 'test', 'describe']);

/**
 * @param file - Path from the root of the workspace.
 * @throws {Error} when nothing that can be marked begins behind a marker.
 */
export function markersIn(file: string, text: string): readonly Marker[] {
  const found = [...text.matchAll(MARKER)];
  if (found.length === 0) return [];
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  return found.flatMap((match) => {
    const [comment, kind, names = ''] = match;
    const start = behindTrivia(text, match.index + comment.length);
    const node = kind === '/' ? largestAt(source, start) : operandAt(source, start);
    const link = node === undefined ? linkAt(source, start) : undefined;
    const end = node?.end ?? link?.end;
    if (end === undefined)
      throw new Error(
        `${file}:${lineAt(source, match.index)}: no piece of code begins behind the marker of ${names}`,
      );
    const place = { file, start, end, firstLine: lineAt(source, start), lastLine: lineAt(source, end) };
    const isTest = file.endsWith('.test.ts') || (node !== undefined && definesTests(node));
    const edit = node === undefined ? { start, end, text: '' } : dropped(node, source);
    return names.split(/, */).map((guard) => ({ ...place, guard, isTest, dropped: edit }));
  });
}

function behindTrivia(text: string, offset: number): number {
  TRIVIA.lastIndex = offset;
  TRIVIA.exec(text);
  return TRIVIA.lastIndex;
}

function lineAt(source: ts.SourceFile, offset: number): number {
  return source.getLineAndCharacterOfPosition(offset).line + 1;
}

/** The largest statement, member, element or argument that begins here. */
function largestAt(source: ts.SourceFile, start: number): ts.Node | undefined {
  return search(source, start, (node) => node !== source && node.getStart(source) === start);
}

/** The same, but of a logical expression only the first operand, and of a conditional one the condition. */
function operandAt(source: ts.SourceFile, start: number): ts.Node | undefined {
  let node = largestAt(source, start);
  for (;;) {
    if (node !== undefined && ts.isBinaryExpression(node) && isLogical(node.operatorToken.kind))
      node = node.left;
    else if (node !== undefined && ts.isConditionalExpression(node)) node = node.condition;
    else return node;
  }
}

export function isLogical(kind: ts.SyntaxKind): boolean {
  return (
    kind === ts.SyntaxKind.AmpersandAmpersandToken ||
    kind === ts.SyntaxKind.BarBarToken ||
    kind === ts.SyntaxKind.QuestionQuestionToken
  );
}

/** A link of a chain of calls, from its dot on: `.filter(…)`. */
function linkAt(source: ts.SourceFile, start: number): { readonly end: number } | undefined {
  const access = search(
    source,
    start,
    (node) => ts.isPropertyAccessExpression(node) && behindTrivia(source.text, node.expression.end) === start,
  );
  return access !== undefined && ts.isCallExpression(access.parent) && access.parent.expression === access
    ? access.parent
    : access;
}

function search(
  source: ts.SourceFile,
  offset: number,
  isWanted: (node: ts.Node) => boolean,
): ts.Node | undefined {
  const visit = (node: ts.Node): ts.Node | undefined => {
    if (node.pos > offset || node.end <= offset) return undefined;
    return isWanted(node) ? node : ts.forEachChild(node, visit);
  };
  return visit(source);
}

/** `it(…)`, `it.each(…)(…)`, `describe(…)`. */
function definesTests(node: ts.Node): boolean {
  if (ts.isExpressionStatement(node) || ts.isCallExpression(node) || ts.isPropertyAccessExpression(node))
    return definesTests(node.expression);
  return ts.isIdentifier(node) && TEST_FUNCTIONS.has(node.text);
}
