import { parseArgs } from 'node:util';

const WORKLOADS = [
  'w1',
  'w2',
  'half',
  'alloc',
  'list',
  'sessions',
  'large',
  'w10',
  'many',
  'stdio',
  'isolation',
  'kill',
  'policies',
  'overload',
  'greedy',
] as const;
const KIB_SIZES = new Map([
  ['0.2', 200],
  ['10', 10_000],
  ['100', 100_000],
  ['1000', 1_000_000],
]);
const DEFAULT_SIZES: readonly number[] = [200, 10_000, 100_000];
const MAX_ROUNDS = 100;
const MAX_SECONDS = 60;
const MAX_CONNECTIONS = 1_000;
const MAX_SEED = 4_294_967_295;
const QUICK = { rounds: 3, seconds: 1 };

/**
 * A part of the benchmark: W1 HTTP to HTTP, W2 HTTP to stdio, latency at half load, allocation per call, a
 * list of many tools, memory of idle clients, results of 1 MB, W10 start-up, many servers on stdio, stdio at
 * both ends, servers that behave badly, a child that is killed, the cost of policies, too many calls, one
 * greedy user.
 */
export type WorkloadName = (typeof WORKLOADS)[number];

/** What one run does. */
export interface BenchOptions {
  /** Names of subjects; empty means all. */
  readonly only: readonly string[];
  readonly workloads: readonly WorkloadName[];
  /** Sizes of a result's text in bytes. */
  readonly sizes: readonly number[];
  readonly connections: readonly number[];
  readonly rounds: number;
  /** Measured seconds per round. */
  readonly seconds: number;
  readonly seed: number;
  /** Root of another checkout whose Omni is measured in the same rounds; absent for none. */
  readonly before?: string;
  readonly out: string;
  readonly json: boolean;
  readonly gate: boolean;
}

/** An option that cannot be used, in words for the person who typed it. */
export class BenchOptionError extends Error {
  override readonly name = 'BenchOptionError';
}

export const HELP = `usage: npm run bench -- [options]

  --only a,b          subjects to run (default: all): direct, nginx, haproxy, caddy, node-forwarder, node-responder, sdk-gateway,
                      omni-bare, omni, mcp-proxy, supergateway, mcp-hub
  --workloads w1,w2   of w1 (HTTP to HTTP), w2 (HTTP to stdio), half (latency at half load), alloc (bytes allocated per call),
                      list (500 tools), sessions (memory of idle clients), large (results of 1 MB), w10 (start-up of Omni),
                      many (60 servers on stdio, and the first list after a restart), stdio (stdio in and out, beside Go proxies),
                      isolation (some servers behave badly), kill (a child is killed), policies (what they cost),
                      overload (more calls than the server or Omni takes), greedy (one of 1,000 users); default: all
  --sizes 0.2,10,100  result sizes in KB, 1000 too; w2 leaves 100 and above out
  --connections 1,8,32
  --rounds N          default 9, at most ${MAX_ROUNDS}
  --seconds S         measured time per round, default 2, at most ${MAX_SECONDS}
  --quick             ${QUICK.rounds} rounds of ${QUICK.seconds} s: shows that everything works, proves nothing
  --seed N            order of the rounds and resampling; default: by the clock, printed and stored
  --out DIR           default tools/bench/results
  --json              print the whole result as JSON instead of the tables
  --before DIR        another checkout, bundled by its own tools: its Omni runs in the same rounds as omni-before
  --gate              exit with 1 unless every goal is measured and reached
  --call-cost         alone: exit code 1 when a call costs more CPU time than it may, beside a forwarder; stores nothing
  --stages            alone: prints what stages cost a call, in some seconds; stores nothing
  --help
`;

/** Reads the command line; `undefined` means that help was asked for. Throws {@link BenchOptionError}. */
export function parseBenchOptions(
  args: readonly string[],
  defaults: { readonly out: string; readonly seed: number; readonly subjects: readonly string[] },
): BenchOptions | undefined {
  const values = parse(args);
  if (values.help === true) return undefined;
  const quick = values.quick === true;
  return {
    only: list(values.only, 'only', (name) => oneOf(name, 'only', defaults.subjects)) ?? [],
    workloads:
      list(values.workloads, 'workloads', (name) => oneOf(name.toLowerCase(), 'workloads', WORKLOADS)) ??
      WORKLOADS,
    sizes: list(values.sizes, 'sizes', sizeOf) ?? DEFAULT_SIZES,
    connections: list(values.connections, 'connections', (text) =>
      number(text, 'connections', MAX_CONNECTIONS),
    ) ?? [1, 8, 32],
    rounds:
      values.rounds === undefined ? (quick ? QUICK.rounds : 9) : number(values.rounds, 'rounds', MAX_ROUNDS),
    seconds:
      values.seconds === undefined
        ? quick
          ? QUICK.seconds
          : 2
        : number(values.seconds, 'seconds', MAX_SECONDS, false),
    seed: values.seed === undefined ? defaults.seed : number(values.seed, 'seed', MAX_SEED),
    ...(values.before === undefined ? {} : { before: values.before }),
    out: values.out ?? defaults.out,
    json: values.json === true,
    gate: values.gate === true,
  };
}

function parse(args: readonly string[]): ReturnType<typeof parseKnown> {
  try {
    return parseKnown(args);
  } catch (error) {
    throw new BenchOptionError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function parseKnown(args: readonly string[]): {
  only?: string;
  workloads?: string;
  sizes?: string;
  connections?: string;
  rounds?: string;
  seconds?: string;
  seed?: string;
  before?: string;
  out?: string;
  quick?: boolean;
  json?: boolean;
  gate?: boolean;
  help?: boolean;
} {
  return parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      workloads: { type: 'string' },
      sizes: { type: 'string' },
      connections: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      seed: { type: 'string' },
      before: { type: 'string' },
      out: { type: 'string' },
      quick: { type: 'boolean' },
      json: { type: 'boolean' },
      gate: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  }).values;
}

function list<T>(text: string | undefined, option: string, read: (item: string) => T): T[] | undefined {
  const items = text?.split(',').map((item) => item.trim());
  if (items?.includes('')) throw new BenchOptionError(`--${option} has an empty item`);
  return items === undefined ? undefined : [...new Set(items.map(read))];
}

function oneOf<T extends string>(text: string, option: string, known: readonly T[]): T {
  const match = known.find((name) => name === text);
  if (match === undefined)
    throw new BenchOptionError(`--${option}: "${text}" is not one of ${known.join(', ')}`);
  return match;
}

function sizeOf(text: string): number {
  const bytes = KIB_SIZES.get(text);
  if (bytes === undefined)
    throw new BenchOptionError(`--sizes: "${text}" is not one of ${[...KIB_SIZES.keys()].join(', ')}`);
  return bytes;
}

function number(text: string, option: string, max: number, isWhole = true): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0) || value > max || (isWhole && !Number.isInteger(value))) {
    throw new BenchOptionError(
      `--${option}: "${text}" is not a ${isWhole ? 'whole ' : ''}number above 0 and up to ${max}`,
    );
  }
  return value;
}
