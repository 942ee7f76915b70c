import { ProblemList, type ConfigProblem } from './config-problem.ts';

/**
 * What is wrong with single servers: with the whole in Omni's own files, with the server alone in a client's.
 */
export class EntryProblems {
  readonly #whole: ProblemList;
  readonly #isApart: boolean;
  readonly #byServer = new Map<string, ProblemList>();

  /** @param isApart - Whether a server that is wrong stops only itself. */
  constructor(whole: ProblemList, isApart: boolean) {
    this.#whole = whole;
    this.#isApart = isApart;
  }

  /** Where problems of this server go. */
  of(server: string): ProblemList {
    if (!this.#isApart) return this.#whole;
    let problems = this.#byServer.get(server);
    if (problems === undefined) this.#byServer.set(server, (problems = new ProblemList()));
    return problems;
  }

  /** What stops this server alone. */
  found(server: string): readonly ConfigProblem[] {
    return this.#byServer.get(server)?.list() ?? [];
  }
}
