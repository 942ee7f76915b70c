import type { Calibration } from './calibration.ts';
import type { LatencySummary } from './histogram.ts';
import type { Manifest } from './manifest.ts';
import type { Estimate } from './statistics.ts';
import type { UpstreamKind } from './subjects/subject.ts';
import type { Dialect } from './target.ts';

/** One subject in one round of one cell. */
export interface Sample {
  readonly round: number;
  readonly callsPerSecond: number;
  readonly latencyUs: LatencySummary;
  /** CPU of the subject's process tree per call, the upstream's processes not included. */
  readonly cpuUsPerCall: number;
  /** Part of its core that the subject used: well below 1 means that something else was the limit. */
  readonly coreShare: number;
  /** Part of the load core that load generator and upstream used. */
  readonly loadCoreShare: number;
  readonly faults: Readonly<Record<string, number>>;
  /** Calls that a limit of Omni refused; absent for none. */
  readonly refused?: number;
  /** Part of the calls due that left in time (open loop only). */
  readonly sentShare?: number;
}

/** Memory of a subject's process tree, the upstream's processes not included. */
export interface SubjectMemory {
  readonly idleRssBytes: number;
  readonly peakRssBytes: number;
  readonly afterRssBytes: number;
}

/** What is known about a subject apart from its speed. */
export interface SubjectFacts {
  readonly name: string;
  readonly description: string;
  readonly dialect: Dialect;
  /** Where its answers differ from the upstream's own. */
  readonly deviations: readonly string[];
  readonly memory: SubjectMemory;
}

/** A subject that was not measured, and why. */
export interface SkippedSubject {
  readonly name: string;
  readonly reason: string;
}

/** A subject's medians over the rounds kept. */
export interface CellSubject {
  readonly name: string;
  readonly callsPerSecond: Estimate;
  readonly p50Us: number;
  readonly p95Us: number;
  readonly p99Us: number;
  readonly cpuUsPerCall: number;
  readonly coreShare: number;
  readonly faults: number;
  readonly samples: readonly Sample[];
}

/** `of ÷ to`, as the median of the ratios of the rounds. */
export interface CellRatio {
  readonly of: string;
  readonly to: string;
  readonly callsPerSecond: Estimate;
  /** CPU per call of `to` ÷ CPU per call of `of`: the ratio of what each could do with a whole core. */
  readonly perCore: Estimate | undefined;
}

/** One size at one concurrency. */
export interface Cell {
  readonly bytes: number;
  readonly connections: number;
  readonly rounds: number;
  readonly roundsKept: number;
  readonly subjects: readonly CellSubject[];
  readonly ratios: readonly CellRatio[];
}

/** W1, W2, or the policies beside each other. */
export type ThroughputName = 'W1' | 'W2' | 'policies';

/** Closed-loop throughput of `tools/call`. */
export interface ThroughputResult {
  readonly workload: ThroughputName;
  readonly subjects: readonly SubjectFacts[];
  readonly skipped: readonly SkippedSubject[];
  readonly calibrations: readonly Calibration[];
  readonly cells: readonly Cell[];
}

/** Latency that a subject adds to a direct call at half of its own capacity, milliseconds. */
export interface HalfLoadSubject {
  readonly name: string;
  readonly capacityPerSecond: number;
  readonly ratePerSecond: number;
  readonly rounds: number;
  readonly roundsKept: number;
  readonly addedP50Ms: Estimate | undefined;
  readonly addedP95Ms: Estimate | undefined;
  readonly addedP99Ms: Estimate | undefined;
  readonly samples: readonly { readonly subject: Sample; readonly direct: Sample }[];
}

/** W-half. */
export interface HalfLoadResult {
  readonly subjects: readonly HalfLoadSubject[];
  readonly skipped: readonly SkippedSubject[];
  readonly calibrations: readonly Calibration[];
}

/** W10, Omni with no upstreams. */
export interface StartUpResult {
  readonly readyMs: Estimate | undefined;
  readonly idleRssBytes: Estimate | undefined;
  /** Spawn of `omni stdio` to its answer to `initialize`; absent in results from before it was measured. */
  readonly stdioMs?: Estimate | undefined;
  readonly samples: readonly {
    readonly readyMs: number;
    readonly idleRssBytes: number;
    readonly stdioMs?: number;
  }[];
  readonly skipped: readonly SkippedSubject[];
}

/** Bytes that a subject allocates on its JavaScript heap per call, W-alloc. */
export interface AllocationSubject {
  readonly name: string;
  readonly kind: UpstreamKind;
  readonly bytesPerCall: Estimate | undefined;
  /** Part of the time that went into collecting, 0 to 1. */
  readonly gcShare: Estimate | undefined;
  readonly samples: readonly {
    readonly round: number;
    readonly bytesPerCall: number;
    readonly gcShare: number;
    readonly collections: number;
  }[];
}

/** W-alloc. */
export interface AllocationResult {
  readonly subjects: readonly AllocationSubject[];
  /** What Omni allocates above the bare forwarder, by round. */
  readonly ownBytesPerCall: Estimate | undefined;
  readonly skipped: readonly SkippedSubject[];
}

/** W4: `tools/list`. */
export interface ListResult {
  readonly tools: number;
  /** 32 connections; `bytes` is the size of the whole answer. */
  readonly cell: Cell | undefined;
  /** 100 connections; absent in results from before it was measured. */
  readonly crowdedCell?: Cell | undefined;
  readonly skipped: readonly SkippedSubject[];
}

/** What clients of one era left behind, batch by batch; the first batch is not part of an estimate. */
export interface ClientBatches {
  /** In each batch. */
  readonly clients: number;
  readonly bytesPerClient: readonly number[];
}

/** W-sessions: memory that stays in Omni's heap for clients that are idle, in bytes. */
export interface SessionsResult {
  readonly bytesPerLegacySession: Estimate | undefined;
  readonly bytesPerModernClient: Estimate | undefined;
  readonly legacyBatches: ClientBatches;
  readonly modernBatches: ClientBatches;
  readonly skipped: readonly SkippedSubject[];
}

/** W-large: results of 1 MB. */
export interface LargeResult {
  readonly cell: Cell | undefined;
  /** Growth of the highest resident memory, from one call at a time to many, per further call. */
  readonly growth: readonly {
    readonly name: string;
    readonly bytesPerCall: Estimate | undefined;
    readonly samples: readonly number[];
  }[];
  readonly skipped: readonly SkippedSubject[];
}

/** One round of W-many. */
export interface ManyUpstreamsSample {
  readonly round: number;
  /** A loop that spawns and greets the servers under the same limits of starting. */
  readonly bareLoopMs: number;
  /** From the spawn of Omni to the list that has the tools of all. */
  readonly allUpMs: number;
  readonly manyCpuUs: number;
  readonly oneCpuUs: number;
  /** Of Omni alone. */
  readonly rssBytes: number;
  /** From the spawn to the first list with all tools, after a run that has read them. */
  readonly keptListMs: number;
  /** Until all servers have answered a probe. */
  readonly probeRoundMs?: number;
  /** Of calls at half of what Omni can do: with all servers, and with one. */
  readonly manyP95Ms?: number;
  readonly oneP95Ms?: number;
}

/** W-many: many real servers on stdio. */
export interface ManyUpstreamsResult {
  readonly upstreams: number;
  readonly startRatio: Estimate | undefined;
  readonly costRatio: Estimate | undefined;
  readonly rssBytes: Estimate | undefined;
  readonly keptListMs: Estimate | undefined;
  /** Absent, as the next two are, in results from before they were measured. */
  readonly probeRoundMs?: Estimate | undefined;
  readonly p95Ms?: Estimate | undefined;
  readonly addedP95Ms?: Estimate | undefined;
  readonly samples: readonly ManyUpstreamsSample[];
  readonly skipped: readonly SkippedSubject[];
}

/** W-stdio: stdio in, stdio out. */
export interface StdioResult {
  readonly subjects: readonly { readonly name: string; readonly description: string }[];
  readonly skipped: readonly SkippedSubject[];
  /** `connections` is the number of calls at the same time. */
  readonly cells: readonly Cell[];
}

/** W-isolation: others while some servers behave badly, as times of what they take while all are well. */
export interface IsolationResult {
  readonly upstreams: number;
  readonly bad: number;
  readonly manners: readonly {
    readonly manner: string;
    readonly callP99Ratio: Estimate | undefined;
    readonly listP99Ratio: Estimate | undefined;
    readonly callP99Ms: Estimate | undefined;
    readonly listP99Ms: Estimate | undefined;
    /** Of the others. */
    readonly faults: number;
  }[];
  readonly samples: readonly {
    readonly round: number;
    readonly manner: string;
    readonly callP99Ms: number;
    readonly listP99Ms: number;
    readonly faults: number;
  }[];
  readonly roundsKept: number;
  readonly skipped: readonly SkippedSubject[];
}

/** W-kill: a child is killed while safe calls run. */
export interface KillResult {
  /** Longest call: a call that was due when the child died waits until it is back. */
  readonly longestMs: Estimate | undefined;
  /** Calls that a client saw fail, over all kills. */
  readonly faults: number;
  readonly calls: number;
  readonly samples: readonly {
    readonly longestMs: number;
    readonly faults: number;
    readonly calls: number;
  }[];
  readonly skipped: readonly SkippedSubject[];
}

/** W-policies: the same calls with policies off, by default, and all on. */
export interface PoliciesResult {
  readonly throughput: ThroughputResult;
  readonly halfLoad: HalfLoadResult;
}

/** One round of one kind of overload. */
export interface OverloadSample {
  readonly round: number;
  readonly peakPerSecond: number;
  readonly peakP99Ms: number;
  readonly goodPerSecond: number;
  readonly refused: number;
  readonly faults: number;
  readonly p99Ms: number;
  /** What calls would take at the peak rate if nothing were lost. */
  readonly fairMs: number;
  readonly healthMaxMs: number;
  /** Highest resident memory in the second half of the load ÷ that in the first half. */
  readonly memoryGrowth: number;
  readonly peakRssBytes: number;
  /** From the end of the load until a call alone is as fast as it was before. */
  readonly recoveryMs: number;
}

/** One kind of overload. */
export interface Overload {
  readonly kind: 'upstream' | 'cpu';
  readonly goodput: Estimate | undefined;
  readonly p99Ratio: Estimate | undefined;
  readonly p99Ms: Estimate | undefined;
  readonly healthMaxMs: Estimate | undefined;
  readonly memoryGrowth: Estimate | undefined;
  readonly recoveryMs: Estimate | undefined;
  readonly samples: readonly OverloadSample[];
}

/** W-overload: more calls than the server, or Omni itself, can take. */
export interface OverloadResult {
  readonly kinds: readonly Overload[];
  readonly skipped: readonly SkippedSubject[];
}

/** W-greedy: a thousand users, one of whom wants all. */
export interface GreedyResult {
  readonly users: number;
  readonly p99Ratio: Estimate | undefined;
  readonly aloneP99Ms: Estimate | undefined;
  readonly besideP99Ms: Estimate | undefined;
  readonly samples: readonly {
    readonly round: number;
    readonly aloneP99Ms: number;
    readonly besideP99Ms: number;
    /** Of the others: failed, and refused by a limit. */
    readonly faults: number;
    readonly refused: number;
    readonly greedyPerSecond: number;
    readonly greedyRefused: number;
  }[];
  readonly skipped: readonly SkippedSubject[];
}

/** The measured part of a result. */
export interface Measurements {
  readonly throughput: readonly ThroughputResult[];
  readonly halfLoad?: HalfLoadResult;
  readonly startUp?: StartUpResult;
  readonly allocation?: AllocationResult;
  readonly list?: ListResult;
  readonly sessions?: SessionsResult;
  readonly large?: LargeResult;
  readonly manyUpstreams?: ManyUpstreamsResult;
  readonly stdio?: StdioResult;
  readonly isolation?: IsolationResult;
  readonly kill?: KillResult;
  readonly policies?: PoliciesResult;
  readonly overload?: OverloadResult;
  readonly greedy?: GreedyResult;
}

/** One stored result. */
export interface BenchResult extends Measurements {
  readonly manifest: Manifest;
  readonly goals: readonly GoalResult[];
  /** Over the stored runs and this one. */
  readonly nginxRange?: NginxRange;
}

/** Omni ÷ nginx, lowest and highest. */
export interface NginxRange {
  readonly runs: number;
  readonly byRate: readonly [number, number];
  readonly byCpu: readonly [number, number];
}

/** One goal and what this run says about it. */
export interface GoalResult {
  readonly id: string;
  readonly goal: string;
  /** `undefined` when this run did not measure it. */
  readonly value: number | undefined;
  readonly unit: string;
  readonly reached: boolean | undefined;
  readonly note: string;
}
