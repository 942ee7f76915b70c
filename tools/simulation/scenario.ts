import { Choices } from './engine/choices.ts';
import {
  type Fault,
  type FaultKind,
  faultKindsOf,
  type HostTransport,
  MOMENTARY,
  WORLD_FAULT_KINDS,
} from './world/fault-kinds.ts';
import type { HostPlan } from './world/host.ts';

/** One client of a scenario. */
export interface ClientPlan {
  readonly name: string;
  readonly era: 'legacy' | 'modern';
  readonly transport: 'channel' | 'http';
  readonly principal: string;
  /** Whether it declares what servers can make use of: some give it an instance of its own then. */
  readonly isCapable: boolean;
}

/** Small ones are reached. */
export interface ScenarioLimits {
  readonly maxInFlight: number;
  readonly maxUpstreamInFlight: number;
  readonly maxSessions: number;
  readonly maxInstances: number;
}

/** Everything that a run depends on: plain data, which a seed makes and a file can hold. */
export interface Scenario {
  readonly seed: number;
  /** How long clients work and faults happen. */
  readonly durationMs: number;
  readonly callsPerSecond: number;
  readonly limits: ScenarioLimits;
  readonly hosts: readonly HostPlan[];
  readonly clients: readonly ClientPlan[];
  readonly faults: readonly Fault[];
  /** Servers that heal when the faults are over; the others stay broken for good. */
  readonly core: readonly string[];
}

/** The seeds' durations are in minutes: more faults than this each minute find nothing more. */
const FAULT_INTERVAL_MS = 25_000;
const CALLS_PER_SECOND = 2.5;
/** What a run enables of the kinds that there are. */
const ENABLED_SHARE = 0.4;
/** Longer than a server may be away before it is given up. */
const LONG_OUTAGE_MS = 35 * 60_000;
const LONG_OUTAGE_FROM_MS = 60_000;
const PRINCIPALS = ['ada', 'bob', 'cyd'] as const;
/** What breaks a server for good. */
const FOR_GOOD: readonly FaultKind[] = [
  'hang',
  'exit-at-handshake',
  'refuse',
  'throws-in-open',
  'missing-command',
  'status-500',
  'status-401',
  'refuses-handshake',
];
const TRANSPORTS: readonly HostTransport[] = [
  'stdio',
  'stdio',
  'stdio',
  'http',
  'http',
  'websocket',
  'socket',
  'channel',
];

/** @returns The scenario of a seed, always the same. */
export function scenarioOf(seed: number, durationMs: number): Scenario {
  const hosts = hostsOf(new Choices(seed, 'hosts'));
  const choices = new Choices(seed, 'faults');
  const outages = longOutagesOf(seed, hosts, durationMs);
  return {
    seed,
    durationMs,
    callsPerSecond: CALLS_PER_SECOND,
    limits: limitsOf(new Choices(seed, 'limits')),
    hosts,
    clients: clientsOf(new Choices(seed, 'clients')),
    faults: [...faultsOf(choices, hosts, durationMs), ...outages],
    // Who is away for so long is given up, and does not come back by itself.
    core: coreOf(
      choices,
      hosts.filter(({ name }) => outages.every(({ host }) => host !== name)),
    ),
  };
}

function limitsOf(choices: Choices): ScenarioLimits {
  return {
    maxInFlight: choices.pick([8, 60, 60]),
    maxUpstreamInFlight: choices.pick([4, 40, 40]),
    maxSessions: choices.pick([4, 20, 20]),
    maxInstances: choices.pick([2, 8]),
  };
}

function hostsOf(choices: Choices): readonly HostPlan[] {
  return Array.from({ length: choices.between(3, 6) }, (_, index) => {
    const era = choices.pick(['legacy', 'modern'] as const);
    const transport = choices.pick(TRANSPORTS);
    return {
      name: `h${index}`,
      transport,
      era,
      instances: choices.pick([
        'auto',
        'shared',
        'shared',
        'per-user',
        'per-session',
        'per-request',
      ] as const),
      protocol: choices.pick(['auto', 'auto', era === 'legacy' ? 'legacy' : '2026-07-28'] as const),
      tools: choices.between(1, 4),
      startMs: choices.pick([5, 50, 400, 2_500]),
      // Code in the same process may answer before the question has returned.
      answerMs: choices.pick([transport === 'channel' ? 0 : 2, 20, 200, 1_500]),
      connectTimeoutMs: choices.pick([4_000, 10_000, 30_000]),
      callTimeoutMs: choices.pick([3_000, 10_000, 60_000]),
      isCritical: choices.chance(0.5),
    };
  });
}

function clientsOf(choices: Choices): readonly ClientPlan[] {
  return Array.from({ length: choices.between(3, 6) }, (_, index) => ({
    name: `c${index}`,
    era: choices.pick(['legacy', 'modern'] as const),
    transport: choices.pick(['channel', 'http'] as const),
    principal: choices.pick(PRINCIPALS),
    isCapable: choices.chance(0.3),
  }));
}

function coreOf(choices: Choices, hosts: readonly HostPlan[]): readonly string[] {
  const core = choices.some(hosts, 0.6).map(({ name }) => name);
  return core.length > 0 ? core : hosts.slice(0, 1).map(({ name }) => name);
}

function faultsOf(choices: Choices, hosts: readonly HostPlan[], durationMs: number): readonly Fault[] {
  const enabled = new Map(
    hosts.map(({ name, transport }) => [name, choices.some(faultKindsOf(transport), ENABLED_SHARE)]),
  );
  const ofWorld = choices.some(WORLD_FAULT_KINDS, ENABLED_SHARE);
  const worldShare = ofWorld.length === 0 ? 0 : 0.2;
  const faults: Fault[] = [];
  for (
    let atMs = choices.interval(FAULT_INTERVAL_MS);
    atMs < durationMs;
    atMs += choices.interval(FAULT_INTERVAL_MS)
  ) {
    const { name, transport } = choices.pick(hosts);
    const own = enabled.get(name) ?? [];
    const kind =
      choices.chance(worldShare) || own.length === 0
        ? choices.pick(ofWorld.length > 0 ? ofWorld : WORLD_FAULT_KINDS)
        : choices.pick(own);
    faults.push({
      kind,
      host: name,
      atMs: Math.round(atMs),
      forMs: MOMENTARY.has(kind) ? 0 : durationOf(choices, transport),
    });
  }
  return faults;
}

/** One server is away for so long that it is given up. */
function longOutagesOf(seed: number, hosts: readonly HostPlan[], durationMs: number): readonly Fault[] {
  const choices = new Choices(seed, 'long outage');
  const forMs = durationMs - LONG_OUTAGE_FROM_MS;
  if (forMs < LONG_OUTAGE_MS || !choices.chance(0.5)) return [];
  const { name, transport } = choices.pick(hosts);
  const kinds = faultKindsOf(transport).filter((kind) => FOR_GOOD.includes(kind));
  return [{ kind: choices.pick(kinds), host: name, atMs: LONG_OUTAGE_FROM_MS, forMs }];
}

/** Mostly short; a few are long enough to open a circuit, and some outlast the breaker. */
function durationOf(choices: Choices, transport: HostTransport): number {
  const meanMs = choices.pick([3_000, 15_000, 60_000, transport === 'channel' ? 60_000 : 300_000]);
  return Math.round(choices.interval(meanMs));
}

/** How a server that does not heal is broken. */
export function brokenForGood({ seed }: Scenario, { name, transport }: HostPlan): FaultKind {
  const kinds = faultKindsOf(transport).filter((kind) => FOR_GOOD.includes(kind));
  return new Choices(seed, `for good ${name}`).pick(kinds);
}
