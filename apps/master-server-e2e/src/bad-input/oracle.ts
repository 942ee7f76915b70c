import { judge } from './judge.ts';
import { LegacyClient } from './legacy-client.ts';
import { send } from './raw-http.ts';
import type { ByteCase, Expectation, Row, RowContext, ScenarioCase } from './row.ts';

/** The gateway as the oracle sees it. */
export interface WatchedGateway {
  readonly port: number;
  readonly isAlive: () => boolean;
  /** Everything that it has written so far. */
  readonly log: () => string;
  readonly measure: () => Promise<GatewayLoad>;
  readonly memory: () => number;
  readonly tally: (letter: 'e' | 'c' | 'f') => number;
  /**
   * One good call to the server that is counted; rejects when it fails. Whatever was sent before has arrived
   * there by then.
   */
  readonly probe: () => Promise<void>;
}

/** What must be as it was when all is over. */
export interface GatewayLoad {
  readonly descriptors: number;
  readonly children: number;
  readonly sessions: number;
  readonly inFlight: number;
  readonly listens: number;
}

/** The well-behaved client that runs beside the rows. */
export interface GoodClient {
  readonly failures: () => readonly string[];
}

export interface OracleOptions {
  readonly gateway: WatchedGateway;
  readonly goodClient: GoodClient;
  /** Must not show in any log. */
  readonly canaries: readonly string[];
}

const DEFAULT_WITHIN_MS = 5_000;
/**
 * Cases of one row that run at the same time: a thousand byte offsets would take long one after the other.
 */
const CASES_AT_ONCE = 8;
const CRASH = /uncaught|unhandled|crashed|out of memory/i;
// That several servers fail at a time is told as an error, and is none of Omni.
const FAILURE_INSIDE = /"level":"(?:error|fatal)"(?!.*"event":"fleet\.multiple_failures")/;
/** Only the counted server answers with this. */
const RESULT_OF_CALL = '"structuredContent"';
const MAX_PROBLEMS = 10;

/**
 * What must hold whatever is thrown at the gateway: it lives, it answers in time and in documented words, a
 * good client notices nothing, nothing fails inside, nothing secret is logged, and in the end nothing is left
 * over.
 */
export class Oracle {
  readonly #options: OracleOptions;
  #logAt = 0;
  #failuresAt = 0;

  constructor(options: OracleOptions) {
    this.#options = options;
  }

  /** Runs the cases of a row. @returns What is wrong; empty when the row holds. */
  async run(row: Row): Promise<readonly string[]> {
    const sessions: LegacyClient[] = [];
    const context = this.#context(row, sessions);
    const problems: string[] = [];
    const byteCases = row.cases.filter((one) => 'bytes' in one);
    if (byteCases.length > 0) problems.push(...(await this.#byteCases(byteCases, row, context)));
    // One after the other: scenarios look at counters that others would change.
    for (const one of row.cases) if ('run' in one) problems.push(...(await scenario(one, context)));
    await Promise.all(sessions.map((session) => session.end()));
    return [...problems.slice(0, MAX_PROBLEMS), ...this.#common()];
  }

  /** Compares with a measurement from before; waits up to `withinMs` for things to end. */
  async settled(before: GatewayLoad, withinMs: number): Promise<readonly string[]> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const problems = differences(before, await this.#options.gateway.measure());
      // What was logged late is seen here.
      if (problems.length === 0 || performance.now() > deadline) return [...problems, ...this.#common()];
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  #context({ withinMs = DEFAULT_WITHIN_MS }: Row, sessions: LegacyClient[]): RowContext {
    const { gateway } = this.#options;
    const { port } = gateway;
    return {
      port,
      send: (bytes, options = {}) => send({ port, bytes, withinMs, ...options }),
      open: async (options = {}) => {
        const client = await LegacyClient.open({ port, ...options });
        sessions.push(client);
        return client;
      },
      tally: gateway.tally,
      load: gateway.measure,
      memory: gateway.memory,
    };
  }

  /**
   * Runs cases side by side, then compares the calls that reached the server with those that were answered
   * with its result.
   */
  async #byteCases(
    cases: readonly ByteCase[],
    { withinMs = DEFAULT_WITHIN_MS }: Row,
    { port }: RowContext,
  ): Promise<readonly string[]> {
    const { gateway } = this.#options;
    const problems: string[] = [];
    const queue = [...cases];
    const before = gateway.tally('e');
    let results = 0;
    const work = async (): Promise<void> => {
      for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
        const bytes = typeof one.bytes === 'function' ? one.bytes() : one.bytes;
        const observation = await send({
          port,
          bytes,
          withinMs,
          untilClosed: expectsCut(one.expect),
          isHead: one.isHead ?? false,
        });
        results += observation.answers.filter(({ body }) => body.includes(RESULT_OF_CALL)).length;
        const problem = judge(one.expect, observation);
        if (problem !== undefined) problems.push(`${one.name}: ${problem}`);
      }
    };
    await Promise.all(Array.from({ length: CASES_AT_ONCE }, work));
    try {
      await gateway.probe();
    } catch (error) {
      return [...problems, `nothing is served any more: ${String(error)}`];
    }
    const carriedOut = gateway.tally('e') - before - 1;
    return carriedOut === results
      ? problems
      : [...problems, `${carriedOut} calls reached the server, ${results} were answered with its result`];
  }

  #common(): readonly string[] {
    const { gateway, goodClient, canaries } = this.#options;
    const problems: string[] = [];
    if (!gateway.isAlive()) problems.push('the gateway has ended');
    const log = gateway.log();
    const fresh = log.slice(this.#logAt);
    this.#logAt = log.length;
    for (const line of fresh.split('\n'))
      if (CRASH.test(line) || FAILURE_INSIDE.test(line)) problems.push(`log: ${line.slice(0, 300)}`);
    for (const canary of canaries)
      if (fresh.includes(canary)) problems.push(`the log holds the secret ${canary.slice(0, 12)}…`);
    const failures = goodClient.failures();
    for (const failure of failures.slice(this.#failuresAt))
      problems.push(`the good client noticed: ${failure}`);
    this.#failuresAt = failures.length;
    return problems.slice(0, MAX_PROBLEMS);
  }
}

async function scenario({ name, run }: ScenarioCase, context: RowContext): Promise<readonly string[]> {
  try {
    return (await run(context)).map((problem) => `${name}: ${problem}`);
  } catch (error) {
    return [`${name}: ${String(error)}`];
  }
}

function expectsCut(expectation: Expectation): boolean {
  if (expectation.kind === 'any') return expectation.of.some((one) => expectsCut(one));
  return expectation.kind === 'cut' || (expectation.kind === 'refused' && expectation.isCut === true);
}

/** What has grown. Pools shrink, so fewer is fine. */
export function differences(before: GatewayLoad, after: GatewayLoad): readonly string[] {
  const keys = ['descriptors', 'children', 'sessions', 'inFlight', 'listens'] as const;
  return keys
    .filter((key) => after[key] > before[key])
    .map((key) => `${key}: ${before[key]} before, ${after[key]} after`);
}
