import ts from 'typescript';

/** A piece of a source and what takes its place. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What an operand is that changes nothing. */
const NEUTRAL: Partial<Record<ts.SyntaxKind, string>> = {
  [ts.SyntaxKind.AmpersandAmpersandToken]: 'true',
  [ts.SyntaxKind.BarBarToken]: 'false',
  [ts.SyntaxKind.QuestionQuestionToken]: 'undefined',
};

/**
 * How a piece of code is left out so that the rest compiles: a statement, a member, an argument or element
 * goes, an operand becomes the one that changes nothing, a condition is never true, and of an `if` only what
 * stands behind `else` is left.
 *
 * @returns `undefined` where nothing can be left out.
 */
export function dropped(node: ts.Node, source: ts.SourceFile): Edit | undefined {
  const [start, end] = [node.getStart(source), node.end];
  const { parent } = node;
  const by = (text: string): Edit => ({ start, end, text });
  if (ts.isIfStatement(node)) return by(node.elseStatement?.getText(source) ?? ';');
  if (ts.isStatement(node)) return by(';');
  if (ts.isClassElement(node)) return by('');
  if (ts.isBinaryExpression(parent)) {
    const neutral = NEUTRAL[parent.operatorToken.kind];
    if (neutral !== undefined) return by(neutral);
  }
  if (isCondition(node, parent)) return by('false');
  if (isListed(node, parent)) return { start, end: withoutComma(end, source), text: '' };
  return undefined;
}

function isCondition(node: ts.Node, parent: ts.Node): boolean {
  if (ts.isConditionalExpression(parent)) return parent.condition === node;
  return (ts.isIfStatement(parent) || ts.isWhileStatement(parent)) && parent.expression === node;
}

function isListed(node: ts.Node, parent: ts.Node): boolean {
  if (ts.isObjectLiteralExpression(parent) || ts.isArrayLiteralExpression(parent)) return true;
  return (ts.isCallExpression(parent) || ts.isNewExpression(parent)) && parent.expression !== node;
}

/** The comma behind it goes with it; one that is left before it does no harm. */
function withoutComma(end: number, { text }: ts.SourceFile): number {
  return end + (/^\s*,/.exec(text.slice(end))?.[0].length ?? 0);
}
