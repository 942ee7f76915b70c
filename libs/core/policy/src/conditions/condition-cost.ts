import type { ASTNode } from '@marcbachmann/cel-js';

/** What a condition costs at most, for values of any size. */
export interface ConditionCost {
  /** Steps by how many lists around them are walked: `[3, 2]` are 3 steps once, and 2 for each member. */
  readonly steps: readonly number[];
  /** The same of steps that look for one text in another, whose lengths multiply. */
  readonly searches: readonly number[];
  /** Most members of a list or map that the condition holds itself. */
  readonly longestLiteral: number;
  /** How often texts or lists are put together. */
  readonly joins: number;
  /** Facts and variables that it names. */
  readonly names: ReadonlySet<string>;
}

/**
 * What may be called: nothing that takes more time than its operands are long, and nothing that makes a list
 * or a text longer than its operands together, so that no `matches`, `split`, `join` and `cel.bind`.
 */
const CALLS = new Set(
  [
    ['size', 'has', 'startsWith', 'endsWith', 'contains', 'lowerAscii', 'upperAscii', 'trim', 'indexOf'],
    ['substring', 'int', 'double', 'string', 'bool', 'dyn', 'type', 'timestamp', 'duration'],
    ['getFullYear', 'getMonth', 'getDate', 'getDayOfMonth', 'getDayOfWeek', 'getDayOfYear', 'getHours'],
    ['getMinutes', 'getSeconds', 'getMilliseconds'],
    ['like', 'within', 'confined', 'all', 'exists', 'exists_one', 'filter', 'map'],
  ].flat(),
);
const WALKS = new Set(['all', 'exists', 'exists_one', 'filter', 'map']);
/** What looks at each member of a list or map. */
const LISTS = new Set(['confined', 'within']);
/** What looks for one text in another. */
const SEARCHES = new Set(['contains', 'indexOf', 'like']);
/** Characters of text that cost one step more. */
const STEP_LENGTH = 1_024;

/** Why a condition is not taken, or `undefined`. */
export function faultOf(ast: ASTNode): string | undefined {
  for (const { node } of nodesOf(ast, 0)) {
    if (node.op !== 'call' && node.op !== 'rcall') continue;
    const [name] = node.args;
    // guard: policy/unbounded-functions
    if (!CALLS.has(name)) return `${name} cannot be called`;
    if (
      node.op === 'rcall' &&
      /* guard: policy/time-zones */ name.startsWith('get') &&
      node.args[2].length > 0
    )
      return `${name} takes no time zone; times are UTC`;
  }
  return undefined;
}

export function costOf(ast: ASTNode): ConditionCost {
  const steps: number[] = [];
  const searches: number[] = [];
  const names = new Set<string>();
  let longestLiteral = 1;
  let joins = 1;
  for (const { node, depth } of nodesOf(ast, 0)) {
    const called = isCall(node) ? node.args[0] : undefined;
    const walksList = node.op === 'in' || (called !== undefined && LISTS.has(called));
    count(called !== undefined && SEARCHES.has(called) ? searches : steps, depth + (walksList ? 1 : 0));
    if (node.op === 'id') names.add(node.args);
    if (node.op === '+') joins++;
    if (node.op === 'list' || node.op === 'map') longestLiteral = Math.max(longestLiteral, node.args.length);
  }
  return { steps, searches, longestLiteral, joins, names };
}

/**
 * Steps that an evaluation takes at most.
 *
 * @param longest - Most members of one list or map among the facts.
 * @param length - Characters of all facts.
 */
export function stepsOf(cost: ConditionCost, longest: number, length: number): number {
  const members = Math.max(longest, cost.longestLiteral) * cost.joins;
  const perStep = 1 + (length * cost.joins) / STEP_LENGTH;
  const total = (steps: readonly number[]): number =>
    steps.reduceRight((sum, count) => sum * members + count, 0);
  return total(cost.steps) * perStep + /* guard: policy/searches */ total(cost.searches) * perStep ** 2;
}

function count(steps: number[], depth: number): void {
  while (steps.length <= depth) steps.push(0);
  steps[depth] = (steps[depth] ?? 0) + 1;
}

function isCall(node: ASTNode): node is Extract<ASTNode, { readonly op: 'call' | 'rcall' }> {
  return node.op === 'call' || node.op === 'rcall';
}

/** @param depth - How many lists around the node are walked. */
function* nodesOf(
  node: ASTNode,
  depth: number,
): Generator<{ readonly node: ASTNode; readonly depth: number }> {
  yield { node, depth };
  for (const child of childrenOf(node)) yield* nodesOf(child, depth);
  if (node.op === 'rcall')
    for (const child of node.args[2]) yield* nodesOf(child, depth + (WALKS.has(node.args[0]) ? 1 : 0));
}

/** All operands but those that a call repeats. */
function childrenOf(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case '.':
    case '.?':
      return [node.args[0]];
    case 'call':
      return node.args[1];
    case 'rcall':
      return [node.args[1]];
    case 'list':
      return node.args;
    case 'map':
      return node.args.flat();
    case '!_':
    case '-_':
      return [node.args];
    default:
      return node.args;
  }
}
