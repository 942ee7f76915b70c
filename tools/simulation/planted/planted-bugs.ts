import type { SeedJob, World } from '../any-scenario.ts';
import type { Invariant } from '../checks/violations.ts';

/** A guard without which an invariant breaks. */
export interface PlantedBug {
  readonly guard: string;
  /** The invariant. */
  readonly by: Invariant;
  /** Default: `life`. */
  readonly world?: World;
  /** A seed of the suite `short` that shows it, and its length. */
  readonly seed: number;
  readonly seconds: number;
}

/** @returns The seed that shows a bug. */
export function jobOf({ world = 'life', seed, seconds }: Omit<PlantedBug, 'guard' | 'by'>): SeedJob {
  return { world, seed, seconds };
}

/** A guard whose absence no invariant can see. */
export interface UnseenBug {
  readonly guard: string;
  readonly why: string;
}

/** What the suite `short` notices. */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  { guard: 'admission/in-flight', by: 'I10', seed: 10005, seconds: 60 },
  { guard: 'attempts/one-shown', by: 'P2', world: 'policies', seed: 4, seconds: 12 },
  { guard: 'balance/ejected', by: 'P8', world: 'topics', seed: 8, seconds: 90 },
  { guard: 'balance/half', by: 'P8', world: 'topics', seed: 8, seconds: 90 },
  { guard: 'balance/slow-start', by: 'P8', world: 'topics', seed: 8, seconds: 90 },
  { guard: 'breaker/capability', by: 'P3', world: 'policies', seed: 1, seconds: 12 },
  { guard: 'breaker/credentials', by: 'P3', world: 'policies', seed: 3, seconds: 12 },
  { guard: 'breaker/forgotten', by: 'P3', world: 'policies', seed: 24, seconds: 12 },
  { guard: 'breaker/from-before', by: 'P3', world: 'policies', seed: 71, seconds: 12 },
  { guard: 'breaker/late', by: 'P3', world: 'policies', seed: 1, seconds: 12 },
  { guard: 'breaker/not-upstream', by: 'P3', world: 'policies', seed: 1, seconds: 12 },
  { guard: 'breaker/one-crash', by: 'P3', world: 'policies', seed: 6, seconds: 12 },
  { guard: 'breaker/one-trial', by: 'P3', world: 'policies', seed: 1, seconds: 12 },
  { guard: 'breaker/refused-early', by: 'P3', world: 'policies', seed: 4, seconds: 12 },
  { guard: 'breaker/undecided', by: 'P3', world: 'policies', seed: 4, seconds: 12 },
  { guard: 'budget/few-calls', by: 'P1', world: 'topics', seed: 33, seconds: 90 },
  { guard: 'budget/whose', by: 'P1', world: 'topics', seed: 26, seconds: 90 },
  { guard: 'candidates/home', by: 'P8', world: 'topics', seed: 1, seconds: 90 },
  { guard: 'candidates/not-sent', by: 'P8', world: 'topics', seed: 8, seconds: 90 },
  { guard: 'change/fresh-wait', by: 'I1', seed: 10021, seconds: 60 },
  { guard: 'change/gone', by: 'I5', seed: 10010, seconds: 60 },
  { guard: 'change/reading', by: 'I10', seed: 5, seconds: 2400 },
  { guard: 'change/stale-connection', by: 'I5', seed: 1, seconds: 2400 },
  { guard: 'channel/gone', by: 'I13', seed: 10001, seconds: 60 },
  { guard: 'channel/id-in-use', by: 'I12', seed: 10001, seconds: 60 },
  { guard: 'coalesce/bounded', by: 'P10', world: 'topics', seed: 11, seconds: 90 },
  { guard: 'coalesce/bytes', by: 'P10', world: 'topics', seed: 4, seconds: 90 },
  { guard: 'coalesce/own-answers', by: 'P10', world: 'topics', seed: 4, seconds: 90 },
  { guard: 'coalesce/principal', by: 'P10', world: 'topics', seed: 4, seconds: 90 },
  { guard: 'coalesce/safe', by: 'P10', world: 'topics', seed: 4, seconds: 90 },
  { guard: 'coalesce/session', by: 'P10', world: 'topics', seed: 4, seconds: 90 },
  { guard: 'coalesce/spares-followers', by: 'P10', world: 'topics', seed: 4, seconds: 90 },
  { guard: 'coordinator/own-pause', by: 'I8', seed: 4, seconds: 2400 },
  { guard: 'coordinator/pause', by: 'I8', seed: 10003, seconds: 60 },
  { guard: 'coordinator/restored', by: 'I6', seed: 10001, seconds: 60 },
  { guard: 'coordinator/stored', by: 'I6', seed: 3, seconds: 2400 },
  { guard: 'deadline/idle', by: 'I1', seed: 1, seconds: 2400 },
  { guard: 'deadline/total', by: 'I1', seed: 9, seconds: 2400 },
  { guard: 'era/envelope-to-legacy', by: 'I12', seed: 10001, seconds: 60 },
  { guard: 'era/modern-members', by: 'I12', seed: 10001, seconds: 60 },
  { guard: 'handshake/silent', by: 'heal', seed: 10013, seconds: 60 },
  { guard: 'hedge/progress', by: 'P2', world: 'policies', seed: 8, seconds: 12 },
  { guard: 'hedge/read-only', by: 'P2', world: 'policies', seed: 3, seconds: 12 },
  { guard: 'instance/idle', by: 'I7', seed: 10003, seconds: 60 },
  { guard: 'instance/others-capabilities', by: 'I2', seed: 10001, seconds: 60 },
  { guard: 'instance/own-capabilities', by: 'I2', seed: 10014, seconds: 60 },
  { guard: 'instance/own-principal', by: 'I2', seed: 10003, seconds: 60 },
  { guard: 'instance/session-in-use', by: 'I1', seed: 10058, seconds: 60 },
  { guard: 'keys/arguments', by: 'P9', world: 'topics', seed: 3, seconds: 90 },
  { guard: 'keys/cancelled', by: 'P9', world: 'topics', seed: 3, seconds: 90 },
  { guard: 'keys/goes-on', by: 'P9', world: 'topics', seed: 3, seconds: 90 },
  { guard: 'keys/nobody-waits', by: 'P9', world: 'topics', seed: 3, seconds: 90 },
  { guard: 'keys/not-run', by: 'P9', world: 'topics', seed: 3, seconds: 90 },
  { guard: 'lifecycle/admin-first', by: 'I8', seed: 10018, seconds: 60 },
  { guard: 'lifecycle/admin-only', by: 'crash', seed: 10001, seconds: 60 },
  { guard: 'lifecycle/busy-degrades', by: 'I8', seed: 10004, seconds: 60 },
  { guard: 'lifecycle/end-keeps-disabled', by: 'I8', seed: 2, seconds: 2400 },
  { guard: 'lifecycle/flapping', by: 'I8', seed: 1, seconds: 2400 },
  { guard: 'lifecycle/login', by: 'I10', seed: 10003, seconds: 60 },
  { guard: 'lifecycle/login-not-counted', by: 'I8', seed: 10001, seconds: 60 },
  { guard: 'lifecycle/not-startable', by: 'I10', seed: 3, seconds: 2400 },
  { guard: 'lifecycle/rearmed', by: 'I8', seed: 6, seconds: 2400 },
  { guard: 'lifecycle/stable', by: 'I8', seed: 10021, seconds: 60 },
  { guard: 'lifecycle/threshold', by: 'I8', seed: 10005, seconds: 60 },
  { guard: 'lifecycle/trial-reopens', by: 'I8', seed: 1, seconds: 2400 },
  { guard: 'limiter/lowered', by: 'P1', world: 'topics', seed: 5, seconds: 90 },
  { guard: 'limiter/places-back', by: 'I13', seed: 10001, seconds: 60 },
  { guard: 'limiter/upstream', by: 'I13', world: 'policies', seed: 3, seconds: 12 },
  { guard: 'link/answered-at-once', by: 'heal', seed: 10019, seconds: 60 },
  { guard: 'link/cancelled-answer', by: 'I7', seed: 4, seconds: 2400 },
  { guard: 'link/in-flight', by: 'I10', seed: 10011, seconds: 60 },
  { guard: 'link/late-answer', by: 'I12', seed: 3, seconds: 2400 },
  { guard: 'link/own-ids', by: 'heal', seed: 10001, seconds: 60 },
  { guard: 'link/progress-token', by: 'I2', seed: 10001, seconds: 60 },
  { guard: 'link/too-long', by: 'I1', seed: 10025, seconds: 60 },
  { guard: 'longcall/answered-meanwhile', by: 'I7', world: 'topics', seed: 7, seconds: 90 },
  { guard: 'longcall/declared', by: 'P11', world: 'topics', seed: 7, seconds: 90 },
  { guard: 'longcall/owner', by: 'P11', world: 'topics', seed: 7, seconds: 90 },
  { guard: 'process/cancel', by: 'I1', seed: 10001, seconds: 60 },
  { guard: 'queue/full', by: 'P4', world: 'policies', seed: 12, seconds: 12 },
  { guard: 'queue/places-back', by: 'P4', world: 'policies', seed: 12, seconds: 12 },
  { guard: 'queue/timer-undone', by: 'P6', world: 'policies', seed: 12, seconds: 12 },
  { guard: 'queue/turns', by: 'P4', world: 'policies', seed: 39, seconds: 12 },
  { guard: 'queue/waited', by: 'P4', world: 'policies', seed: 12, seconds: 12 },
  { guard: 'quota/anew', by: 'P1', world: 'topics', seed: 2, seconds: 90 },
  { guard: 'quota/busy', by: 'P1', world: 'topics', seed: 44, seconds: 90 },
  { guard: 'quota/used-up', by: 'P1', world: 'topics', seed: 2, seconds: 90 },
  { guard: 'rate/all-or-none', by: 'P1', world: 'policies', seed: 5, seconds: 12 },
  { guard: 'rate/bucket', by: 'P1', world: 'policies', seed: 12, seconds: 12 },
  { guard: 'rate/calls', by: 'P1', world: 'policies', seed: 5, seconds: 12 },
  { guard: 'rate/no-overtaking', by: 'P4', world: 'policies', seed: 12, seconds: 12 },
  { guard: 'rate/requests', by: 'P1', world: 'policies', seed: 5, seconds: 12 },
  { guard: 'registry/unchanged', by: 'I7', seed: 10001, seconds: 60 },
  { guard: 'repeat/attempts', by: 'P2', world: 'policies', seed: 4, seconds: 12 },
  { guard: 'repeat/budget', by: 'P2', world: 'policies', seed: 1, seconds: 12 },
  { guard: 'repeat/deadline', by: 'P2', world: 'policies', seed: 19, seconds: 12 },
  { guard: 'repeat/few-samples', by: 'P2', world: 'policies', seed: 3, seconds: 12 },
  { guard: 'repeat/not-sent', by: 'P2', world: 'policies', seed: 1, seconds: 12 },
  { guard: 'repeat/retry-after', by: 'P2', world: 'policies', seed: 4, seconds: 12 },
  { guard: 'repeat/safe', by: 'P2', world: 'policies', seed: 1, seconds: 12 },
  { guard: 'repeat/starts-in-time', by: 'P2', world: 'policies', seed: 57, seconds: 12 },
  { guard: 'repeat/statuses', by: 'P2', world: 'policies', seed: 73, seconds: 12 },
  { guard: 'repeat/trusted', by: 'P2', world: 'policies', seed: 4, seconds: 12 },
  { guard: 'repeat/waits-if-safe', by: 'P2', world: 'policies', seed: 6, seconds: 12 },
  { guard: 'reply/cancel-when-gone', by: 'I7', seed: 10004, seconds: 60 },
  { guard: 'request/permit', by: 'I13', seed: 10001, seconds: 60 },
  { guard: 'restart/fails-fast', by: 'I4', seed: 10041, seconds: 60 },
  { guard: 'restart/place-back', by: 'I13', seed: 10003, seconds: 60 },
  { guard: 'restart/start-wait', by: 'I1', seed: 7, seconds: 2400 },
  { guard: 'restart/used', by: 'I8', seed: 10001, seconds: 60 },
  { guard: 'session/busy', by: 'I1', seed: 10021, seconds: 60 },
  { guard: 'session/idle', by: 'I13', seed: 10001, seconds: 60 },
  { guard: 'walk/same-cursor', by: 'I10', seed: 10040, seconds: 60 },
];

/** Looked at and not noticed, though the simulation runs what they guard. Their own tests see them. */
export const UNSEEN_BUGS: readonly UnseenBug[] = [
  {
    guard: 'breaker/asked-too-much',
    why: 'What would count in its place is a failure of Omni, which opens no breaker either.',
  },
  {
    guard: 'breaker/bounded',
    why: 'No plan has as many as a thousand tools.',
  },
  {
    guard: 'breaker/callers-timeout',
    why: 'Nobody tells Omni yet how much time a caller has.',
  },
  {
    guard: 'breaker/late-failure',
    why: 'Few calls of a plan outlive the wait of a breaker, and fail before its first trial.',
  },
  {
    guard: 'breaker/open',
    why: 'Calls are refused before, and those that wait when it opens end then: this is the second lock.',
  },
  {
    guard: 'budget/bounded',
    why: 'No plan has as many as a thousand tools.',
  },
  {
    guard: 'budget/flapping',
    why: 'What is certain of a window ends before half of what has spent it is left.',
  },
  {
    guard: 'candidates/at-replica',
    why: 'Plans bring no states back and ask about no tasks of servers.',
  },
  {
    guard: 'candidates/one-fallback',
    why: 'Plans have no fallbacks.',
  },
  {
    guard: 'change/contradictions',
    why: 'Clients make too few wrong calls for the readings that follow to be too many.',
  },
  {
    guard: 'change/same-bytes',
    why: 'Whoever is told of a change is told which lists have changed, and here it is none: no message is sent.',
  },
  {
    guard: 'change/storm',
    why: 'A server that announces without end is read once in five seconds, and one change is none of a storm.',
  },
  {
    guard: 'change/unreadable',
    why: 'One reading in five seconds is within the bound, however long it goes on.',
  },
  {
    guard: 'coalesce/long',
    why: 'No plan asks for as much as 65,536 characters.',
  },
  {
    guard: 'coordinator/notes',
    why: 'No store of a scenario is out of order for as long as a thousand notes take.',
  },
  {
    guard: 'coordinator/old-role',
    why: 'A decision of an old coordinator is refused once more, by coordinator/stale.',
  },
  {
    guard: 'coordinator/quarantine',
    why: 'A coordinator in the same thread ends between two decisions, and never within one.',
  },
  {
    guard: 'coordinator/stale',
    why: 'What an old coordinator says is dropped before, by coordinator/old-role.',
  },
  {
    guard: 'http/sent-twice',
    why: 'Simulated servers refuse a session before they have run anything.',
  },
  {
    guard: 'http/unsafe-again',
    why: 'Simulated servers refuse a session before they have run anything.',
  },
  {
    guard: 'instance/count',
    why: 'The bound of processes allows for those that end, which are as many.',
  },
  {
    guard: 'lifecycle/end-keeps-disabling',
    why: 'Clients have gone when the gateway stops, so that no server is draining.',
  },
  {
    guard: 'lifecycle/grace',
    why: 'Three probes at the default interval take longer than the grace.',
  },
  {
    guard: 'lifecycle/overdue',
    why: 'A timer stands for the same end of the downtime, and comes first.',
  },
  {
    guard: 'limiter/instance',
    why: 'Its limit is that of the whole server here, which refuses before.',
  },
  {
    guard: 'limiter/no-overtaking',
    why: 'The shares of users stay what they are when calls of one change places.',
  },
  {
    guard: 'limiter/reserve',
    why: 'Lists are read again a little later, and no plan asks for what they leave out.',
  },
  {
    guard: 'limiter/waiting',
    why: 'Calls that wait for a start pass the limiter when it has come.',
  },
  {
    guard: 'link/backlog',
    why: 'The call that was not taken ends with its deadline, as with a server that hangs.',
  },
  {
    guard: 'longcall/endpoint',
    why: 'All clients are at the endpoint of all servers.',
  },
  {
    guard: 'longcall/places',
    why: 'No plan has as many as a thousand tasks.',
  },
  {
    guard: 'longcall/streamed',
    why: 'Servers of these plans answer at once, or not at all.',
  },
  {
    guard: 'quota/bytes',
    why: 'Plans have quotas of calls and of time.',
  },
  {
    guard: 'quota/max-keys',
    why: 'No plan has as many as ten thousand users.',
  },
  {
    guard: 'rate/forgotten',
    why: 'Buckets that stay full take memory and let nothing else through.',
  },
  {
    guard: 'rate/max-keys',
    why: 'No plan has as many as ten thousand users.',
  },
  {
    guard: 'repeat/corrected',
    why: 'Nothing corrects a revision or a header between two attempts yet.',
  },
  {
    guard: 'repeat/further-round',
    why: 'Plans know no calls that ask their client for something.',
  },
  {
    guard: 'repeat/pinned',
    why: 'Plans know no tasks of servers.',
  },
  {
    guard: 'repeat/shown',
    why: 'An attempt that was shown is not asked about again: this is the second lock.',
  },
  {
    guard: 'reply/one-answer',
    why: 'Whoever answers a request does it once already: this is the second lock.',
  },
  {
    guard: 'request/cancelled-meanwhile',
    why: 'No client of the simulation cancels from within the sending of its own request.',
  },
  {
    guard: 'route/behind-answer',
    why: 'A connection tells nothing of a call that it has answered: this is the second lock.',
  },
  {
    guard: 'route/own-id',
    why: 'Exchanges of HTTP are apart, and channels give calls ids of their own.',
  },
];
