import { ProblemList, type ConfigProblem } from './config-problem.ts';

/** What is wrong with single servers: with the whole, or with those alone that stand apart. */
export class EntryProblems {
  readonly #whole: ProblemList;
  readonly #apart: 'all' | Set<string>;
  readonly #byServer = new Map<string, ProblemList>();

  /** @param apart - Which servers stop only themselves when they are wrong. Default: see {@link setApart}. */
  constructor(whole: ProblemList, apart?: 'all') {
    this.#whole = whole;
    this.#apart = apart ?? new Set();
  }

  /** This server stops only itself when it is wrong. */
  setApart(server: string): void {
    if (this.#apart !== 'all') this.#apart.add(server);
  }

  /** Where problems of this server go. */
  of(server: string): ProblemList {
    if (this.#apart !== 'all' && !this.#apart.has(server)) return this.#whole;
    let problems = this.#byServer.get(server);
    if (problems === undefined) this.#byServer.set(server, (problems = new ProblemList()));
    return problems;
  }

  /** What stops this server alone. */
  found(server: string): readonly ConfigProblem[] {
    return this.#byServer.get(server)?.list() ?? [];
  }

  /** All that is wrong is told at once where the whole is refused. */
  tellWithWhole(): void {
    if (this.#whole.list().length === 0) return;
    for (const problems of this.#byServer.values())
      for (const problem of problems.list()) this.#whole.add(problem, problem.key, problem.message);
  }
}
