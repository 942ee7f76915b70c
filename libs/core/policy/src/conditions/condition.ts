import { Environment, type ParseResult } from '@marcbachmann/cel-js';
import { GatewayError } from '@omni/ports';
import { Pattern } from '../patterns/pattern.ts';
import type { CelMap, CelValue } from './argument-values.ts';
import { areConfined, isWithin } from './confined-paths.ts';
import { costOf, type ConditionCost, faultOf } from './condition-cost.ts';

/** What conditions are about. */
export interface ConditionFacts {
  /** Absent where its claims cannot be read. */
  readonly principal?: CelMap;
  readonly target: CelMap;
  readonly annotations: CelMap;
  readonly args?: CelMap;
  readonly now?: Date;
}

/** Longer conditions can be split into rules. */
const LIMITS = {
  maxAstNodes: 500,
  maxDepth: 32,
  maxListElements: 1_000,
  maxMapEntries: 1_000,
  maxCallArguments: 4,
};

const CEL = new Environment({ homogeneousAggregateLiterals: false, limits: LIMITS })
  .registerVariable('principal', 'map')
  .registerVariable('target', 'map')
  .registerVariable('annotations', 'map')
  .registerVariable('args', 'map')
  .registerVariable('now', 'google.protobuf.Timestamp')
  .registerFunction('string.like(string): bool', (text: string, pattern: string) =>
    new Pattern(pattern).fits(text),
  )
  .registerFunction('string.within(list): bool', (path: string, roots: readonly string[]) =>
    isWithin(path, roots),
  )
  .registerFunction('confined(dyn, list): bool', (values: CelValue, roots: readonly string[]) =>
    areConfined(values, roots),
  );

/** A condition of a rule, compiled once. */
export class Condition {
  readonly text: string;
  readonly cost: ConditionCost;
  /** Names of the facts that it reads. */
  readonly reads: ReadonlySet<string>;
  readonly #evaluate: ParseResult;

  /** @throws {@link GatewayError} `OMNI_CONFIG_INVALID` when it is none, or what it does has no bound. */
  constructor(text: string) {
    this.text = text;
    const program = parsed(text);
    // Before its types are checked, which writes calls of macros anew.
    const fault = faultOf(program.ast);
    if (fault !== undefined) throw invalid(text, fault);
    this.cost = costOf(program.ast);
    this.reads = this.cost.names;
    checkType(text, program);
    this.#evaluate = program;
  }

  /** Whether the answer hangs on the single call: its arguments or its time. */
  get isOfCall(): boolean {
    return this.reads.has('args') || this.reads.has('now');
  }

  /**
   * @returns `undefined` when it fails: a member that is not there, a type that does not fit, an overflow, or
   * another answer than true or false. Without `args` or `now` a true or false is the answer for all.
   */
  holds(facts: ConditionFacts): boolean | undefined {
    try {
      const answer: unknown = this.#evaluate({ ...facts });
      return typeof answer === 'boolean' ? answer : undefined;
    } catch {
      // Whatever it is, the rule cannot be judged; whoever asks denies.
      return undefined;
    }
  }
}

function parsed(text: string): ParseResult {
  try {
    return CEL.parse(text);
  } catch (error) {
    throw invalid(text, firstLine(error), error);
  }
}

function checkType(text: string, program: ParseResult): void {
  const { valid, type, error } = program.check();
  if (!valid) throw invalid(text, firstLine(error), error);
  if (type !== 'bool' && type !== 'dyn')
    throw invalid(text, `is ${type ?? 'nothing'}, and must be true or false`);
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
}

function invalid(text: string, what: string, cause?: unknown): GatewayError {
  return new GatewayError('OMNI_CONFIG_INVALID', `The condition ${JSON.stringify(text)}: ${what}`, { cause });
}
