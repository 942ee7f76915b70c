import type { LayerKind } from '../layers/config-layers.ts';
import { GatewayError, jsonText, oneLineText, withoutSecrets, withoutTokens } from '@omni/ports';

/** Where something stands in a source. */
export interface Position {
  /** Path of the source; the name of a variable or flag, or whose override it is. */
  readonly file: string;
  /** 1 is the first line; 0 where there are no lines. */
  readonly line: number;
  /** 1 is the first UTF-16 code unit of the line; 0 where there are no lines. */
  readonly column: number;
  /** Which layer it belongs to. Default: `file`. */
  readonly layer?: LayerKind;
}

/** One thing to correct. */
export interface ConfigProblem extends Position {
  /**
   * The setting, as it is spelled in the source: `mcpServers.github.headers.Authorization`; empty for a whole
   * source.
   */
  readonly key: string;
  /**
   * What was found, what was expected, what to write. Never holds the value of a variable or a literal
   * credential.
   */
  readonly message: string;
}

/** Most problems that one error lists; a file that is wrong throughout is not worth more. */
const MAX_LISTED = 100;

/** `omni.yaml:31:5  "retires" is not a key …`: the form that editors and terminals make clickable. */
export function formatProblem({ message, ...at }: ConfigProblem): string {
  return `${formatPosition(at)}  ${message}`;
}

/** `omni.yaml:31:5`; the name alone where there are no lines. */
export function formatPosition({ file, line, column }: Position): string {
  return line === 0 ? file : `${file}:${line}:${column}`;
}

/** Collects what is wrong, so that one start tells everything. */
export class ProblemList {
  readonly #problems = new Map<string, ConfigProblem>();
  readonly #order = new Map<string, number>();

  /** The same problem at the same place is kept once: an aliased YAML value is visited more than once. */
  add(at: Position, key: string, message: string): void {
    const problem: ConfigProblem = {
      file: at.file,
      line: at.line,
      column: at.column,
      key: withoutTokens(key),
      /* guard: config/quoted-controls */ message: oneLineText(
        /* guard: config/quoted-tokens */ withoutTokens(message),
      ),
    };
    if (!this.#order.has(at.file)) this.#order.set(at.file, this.#order.size);
    this.#problems.set(formatProblem(problem), problem);
  }

  /** Sources in the order in which they were first seen, lines from the top. */
  list(): readonly ConfigProblem[] {
    const rank = (problem: ConfigProblem): number => this.#order.get(problem.file) ?? 0;
    return [...this.#problems.values()].sort(
      (a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column,
    );
  }

  /** Fixes the order of sources in {@link list} before anything is found. */
  register(file: string): void {
    if (!this.#order.has(file)) this.#order.set(file, this.#order.size);
  }

  /**
   * @throws {@link GatewayError} `OMNI_CONFIG_INVALID` when there is any problem: one line each, and
   * `data.problems`.
   */
  throwIfAny(): void {
    const problems = this.list();
    if (problems.length === 0) return;
    const listed = problems.slice(0, /* guard: config/problem-count */ MAX_LISTED);
    const lines = listed.map(formatProblem);
    if (problems.length > listed.length) lines.push(`… and ${problems.length - listed.length} more`);
    throw new GatewayError('OMNI_CONFIG_INVALID', lines.join('\n'), { data: { problems: listed } });
  }
}

/**
 * Text of a source as it may stand in a message: without secrets, quoted, without control characters, at most
 * 60 characters.
 */
export function quoted(text: string): string {
  const shown = withoutSecrets(text);
  return jsonText(shown.length > 60 ? `${shown.slice(0, 59)}…` : shown);
}
