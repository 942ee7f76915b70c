import { canonicalUri } from './canonical-uri.ts';

/** How many steps matching may take in all; shared by the templates that are tried for one URI. */
export interface MatchBudget {
  left: number;
}

type Part =
  | { readonly kind: 'literal'; readonly text: string }
  /** Nothing, or `first` (when it is not empty) and then any characters but those of `stops`. */
  | { readonly kind: 'expression'; readonly first: string; readonly stops: string };

const MAX_LENGTH = 2_048;
/** RFC 6570, 2.3, and what servers use beside it: `{user-id}`, letters of any script. */
const VARIABLES =
  /^[\p{L}\p{N}\p{M}_.%-]+(?:\*|:[1-9][0-9]{0,3})?(?:,[\p{L}\p{N}\p{M}_.%-]+(?:\*|:[1-9][0-9]{0,3})?)*$/u;
/** RFC 6570, 2.2: operator → what its expansion begins with, and what cannot stand in it. */
const OPERATORS: ReadonlyMap<string, { readonly first: string; readonly stops: string }> = new Map([
  ['', { first: '', stops: '/?#' }],
  ['+', { first: '', stops: '' }],
  ['#', { first: '#', stops: '' }],
  ['.', { first: '.', stops: '/?#' }],
  ['/', { first: '/', stops: '?#' }],
  [';', { first: ';', stops: '/?#' }],
  ['?', { first: '?', stops: '#' }],
  ['&', { first: '&', stops: '#' }],
]);

/**
 * Tells whether a URI can have come from a template (RFC 6570, levels 1 to 3; the modifiers of level 4 are
 * let pass).
 *
 * Generous on purpose: it answers whom to ask for a resource, and the upstream decides whether there is one.
 * All ways to match are followed at once, so time grows with the length of the template times that of the
 * URI, and never beyond the budget.
 */
export class UriTemplate {
  /** What every match begins with. */
  readonly literalPrefix: string;
  readonly #parts: readonly Part[];

  private constructor(parts: readonly Part[]) {
    this.#parts = parts;
    const [first] = parts;
    this.literalPrefix = first?.kind === 'literal' ? first.text : '';
  }

  /** @returns `undefined` when the text is no template, or longer than 2,048 characters. */
  static compile(template: string): UriTemplate | undefined {
    // guard: template/length
    if (template.length > MAX_LENGTH) return undefined;
    const parts: Part[] = [];
    let at = 0;
    while (at < template.length) {
      const open = template.indexOf('{', at);
      const literal = template.slice(at, open < 0 ? undefined : open);
      if (literal.includes('}')) return undefined;
      if (literal !== '') parts.push({ kind: 'literal', text: canonicalUri(literal) });
      if (open < 0) break;
      const close = template.indexOf('}', open);
      const expression = close < 0 ? undefined : readExpression(template.slice(open + 1, close));
      if (expression === undefined) return undefined;
      parts.push(expression);
      at = close + 1;
    }
    return new UriTemplate(parts);
  }

  /**
   * @param uri - As {@link canonicalUri} writes it.
   * @returns `false` also when the budget is used up.
   */
  matches(uri: string, budget: MatchBudget): boolean {
    if (!uri.startsWith(this.literalPrefix)) return false;
    // The offsets that the parts so far can have consumed, ascending.
    let ends: readonly number[] = [0];
    for (const part of this.#parts) {
      ends =
        part.kind === 'literal'
          ? afterLiteral(uri, part.text, ends, budget)
          : afterExpression(uri, part, ends, budget);
      if (ends.length === 0 || /* guard: template/budget */ budget.left <= 0) return false;
    }
    return ends.at(-1) === uri.length;
  }
}

function readExpression(body: string): Part | undefined {
  const operator = OPERATORS.has(body.charAt(0)) ? body.charAt(0) : '';
  const rules = OPERATORS.get(operator);
  return rules !== undefined && VARIABLES.test(body.slice(operator.length))
    ? { kind: 'expression', ...rules }
    : undefined;
}

function afterLiteral(
  uri: string,
  literal: string,
  starts: readonly number[],
  budget: MatchBudget,
): readonly number[] {
  const ends: number[] = [];
  const first = literal.charCodeAt(0);
  for (const start of starts) {
    budget.left -= 1;
    if (uri.charCodeAt(start) !== first) continue;
    budget.left -= literal.length;
    if (budget.left <= 0) return [];
    if (uri.startsWith(literal, start)) ends.push(start + literal.length);
  }
  return ends;
}

function afterExpression(
  uri: string,
  { first, stops }: { readonly first: string; readonly stops: string },
  starts: readonly number[],
  budget: MatchBudget,
): readonly number[] {
  const ends: number[] = [];
  let next = 0;
  let isInside = false;
  for (let at = starts[0] ?? 0; at <= uri.length; at += 1) {
    budget.left -= 1;
    const isStart = starts[next] === at;
    if (isStart) next += 1;
    // An expression may stand for nothing at all.
    if (isInside || isStart) ends.push(at);
    const character = uri.charAt(at);
    const canGoOn: boolean = isInside && !stops.includes(character);
    const canBegin = isStart && (first === '' ? !stops.includes(character) : character === first);
    isInside = character !== '' && (canGoOn || canBegin);
    if (!isInside && next >= starts.length) break;
  }
  return ends;
}
