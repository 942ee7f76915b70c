import { coordinatorProgram, Supervision } from '@omni/coordinator';
import type { LifecycleNote, UpstreamEvent, UpstreamRecord } from '@omni/model';
import {
  createMasterServer,
  type GatewayConfiguration,
  type MasterServer,
  type Scope,
  Token,
} from '@omni/container';
import { parseConfigurationText } from '@omni/container/node';
import { Conditions } from './checks/conditions.ts';
import { Durability } from './checks/durability.ts';
import { Violations, type Violation } from './checks/violations.ts';
import { ObservedOwner } from './checks/observed-owner.ts';
import { Gauges, withReserve } from './checks/gauges.ts';
import { SimulatedClient } from './clients/simulated-client.ts';
import { definitionsOf, rowOf } from './definitions.ts';
import { Choices } from './engine/choices.ts';
import { type ForbiddenUse, ForbiddenSources } from './engine/forbidden-sources.ts';
import { SimulatedTime } from './engine/simulated-time.ts';
import { Trace } from './engine/trace.ts';
import { FaultPlayer } from './fault-player.ts';
import { liveAgain } from './next-life.ts';
import { brokenForGood, type Scenario } from './scenario.ts';
import { CallLedger } from './world/call-ledger.ts';
import { CoordinatorHost } from './world/coordinator-host.ts';
import { SimulatedDialer } from './world/dialer.ts';
import { SimulatedNetwork } from './world/network.ts';
import { SimulatedLauncher } from './world/process-launcher.ts';
import { VirtualDisk } from './world/virtual-disk.ts';
import { World } from './world/world.ts';

/** What one run has shown. */
export interface RunReport {
  readonly violations: readonly Violation[];
  /** Equal for equal runs. */
  readonly hash: string;
  readonly trace: readonly string[];
  readonly conditions: ReadonlyMap<string, number>;
  readonly forbidden: readonly ForbiddenUse[];
  /** All of it; clients work for a part of it only. */
  readonly simulatedMs: number;
  /** How long clients worked. */
  readonly workedMs: number;
  readonly events: number;
  readonly calls: number;
  readonly answers: number;
  readonly received: number;
  readonly faults: number;
}

export interface RunOptions {
  /** Whether the whole trace is kept. Default: its end. */
  readonly keepsTrace?: boolean;
  /** Whether it ends with the first violation. Default: it goes on to the end. */
  readonly stopsAtFirst?: boolean;
}

/** Clients are looked after, and invariants that nobody tells of are checked, so often. */
const LOOK_MS = 1_000;
/** A server that is well again has to be reached, read and found to be well. */
const HEAL_SLACK_MS = 60_000;
const LONGEST_WAIT_MS = 600_000;
const WELL_MS = 20_000;
/** What runs at the end of a scenario may still be answered. */
const LAST_ANSWERS_MS = 200_000;
/** What nobody uses is gone by then: sessions, and instances of theirs. */
const IDLE_MS = 720_000;
const SESSION_IDLE = '20s';
/** What a write takes until it is safe. */
const SYNC_MS = 4;
/** Calls of a server that an admin switches off may go on for so long. */
const DRAIN_MS = 5_000;

/** Lets a gateway live through a scenario: faults, a time in which some of the servers heal, its end. */
export async function simulate(scenario: Scenario, options: RunOptions = {}): Promise<RunReport> {
  const forbidden = new ForbiddenSources(new Choices(scenario.seed, 'identifiers').random);
  try {
    const run = new Run(scenario, options);
    await Promise.race([run.live(), run.ended]).catch((error: unknown) => run.onCrash(error));
    return { ...run.report(), forbidden: forbidden.uses };
  } finally {
    forbidden.end();
  }
}

class Run {
  readonly #scenario: Scenario;
  readonly #time = new SimulatedTime((events) => {
    this.#violations.add('I10', `${events} events happen at one time, and more`);
    this.#cutShort();
  });
  readonly #trace: Trace;
  readonly #violations: Violations;
  readonly #conditions = new Conditions();
  readonly #ledger: CallLedger;
  readonly #durability: Durability;
  readonly #disk: VirtualDisk;
  /** What another gateway finds after this one: as the last cut has left it. */
  #nextDisk: VirtualDisk;
  #cutAtMs = 0;
  readonly #world: World;
  readonly #launcher: SimulatedLauncher;
  readonly #network: SimulatedNetwork;
  readonly #dialer: SimulatedDialer;
  readonly #configuration: GatewayConfiguration;
  readonly #server: MasterServer;
  readonly #player: FaultPlayer;
  readonly #gauges: Gauges;
  readonly #awaySince = new Map<string, number>();
  readonly #downSince = new Map<string, number>();
  readonly #reports = new Map<string, (event: UpstreamEvent) => void>();
  readonly #listedAt = new Map<string, number>();
  readonly #well = new Set<string>();
  #scope: Scope | undefined;
  #coordinator: CoordinatorHost | undefined;
  #clients: readonly SimulatedClient[] = [];
  #isWorking = true;
  #workedMs = 0;
  #end: () => void = () => {};
  /** Once nothing more is to be seen though the scenario is not over. */
  readonly ended = new Promise<void>((resolve) => (this.#end = resolve));

  constructor(scenario: Scenario, { keepsTrace = false, stopsAtFirst = false }: RunOptions) {
    this.#scenario = scenario;
    const { seed, hosts } = scenario;
    this.#violations = new Violations(
      () => this.#time.nowMs,
      () => {
        if (stopsAtFirst) this.#cutShort();
      },
    );
    this.#ledger = new CallLedger(
      this.#violations,
      withReserve(scenario.limits.maxUpstreamInFlight),
      () => this.#time.nowMs - this.#player.frozenMs,
    );
    this.#durability = new Durability(this.#violations);
    this.#trace = new Trace(() => this.#time.nowMs, keepsTrace);
    this.#world = new World({
      seed,
      hosts,
      time: this.#time,
      trace: this.#trace,
      ledger: this.#ledger,
      violations: this.#violations,
      // Instances of clients with those that are in reserve and those that end, and the shared ones of both
      // eras; and the same of a predecessor.
      maxProcesses: (scenario.limits.maxInstances * 2 + 4) * 2,
    });
    this.#launcher = new SimulatedLauncher(this.#world);
    this.#network = new SimulatedNetwork(this.#world);
    this.#dialer = new SimulatedDialer(this.#world);
    this.#disk = new VirtualDisk({
      choices: new Choices(seed, 'disk'),
      work: () => new Promise((resolve) => this.#time.after(SYNC_MS, resolve)),
    });
    this.#nextDisk = this.#disk;
    const definitions = definitionsOf(scenario, this.#dialer);
    this.#configuration = configurationOf(scenario, definitions);
    this.#server = createMasterServer({
      configuration: this.#configuration,
      clock: this.#time.gatewayClock,
      random: new Choices(seed, 'gateway').random,
      launcher: this.#launcher,
      http: this.#network,
      dialer: this.#dialer,
      configure: (scope) => this.#observe(scope),
    });
    // All parts are made by now.
    if (this.#scope === undefined || this.#coordinator === undefined)
      throw new TypeError('The gateway has not shown its parts');
    this.#gauges = new Gauges(this.#scope, scenario.limits, this.#violations);
    this.#player = new FaultPlayer({
      time: this.#time,
      trace: this.#trace,
      conditions: this.#conditions,
      world: this.#world,
      server: this.#server,
      definitions,
      coordinator: this.#coordinator,
      disk: this.#disk,
      onPowerCut: () => this.#cutPower(),
      onAdmin: (host, isOff) =>
        this.#reports.get(host)?.(
          isOff
            ? {
                kind: 'disabled',
                by: 'admin',
                reason: 'by the simulation',
                until: this.#time.wallMs + DRAIN_MS,
              }
            : { kind: 'enabled' },
        ),
    });
  }

  async live(): Promise<void> {
    const { durationMs, faults } = this.#scenario;
    const started = this.#server.start();
    await this.#time.run(0);
    await started;
    this.#ledger.refusalOf = (host) => this.#refusalOf(host);
    this.#admitClients();
    this.#player.play(faults);
    this.#lookAgain();
    await this.#time.run(durationMs);
    await this.#heal();
    this.#isWorking = false;
    this.#workedMs = this.#time.nowMs;
    await this.#quiet();
    await this.#stop();
    await liveAgain({
      seed: this.#scenario.seed,
      configuration: this.#configuration,
      disk: this.#nextDisk,
      cutAtMs: this.#cutAtMs,
      world: this.#world,
      time: this.#time,
      trace: this.#trace,
      violations: this.#violations,
    });
  }

  /** Something was thrown, and nobody has caught it. */
  onCrash(error: unknown): void {
    this.#violations.add('crash', error instanceof Error ? (error.stack ?? error.message) : String(error));
  }

  /** What was seen so far. */
  report(): Omit<RunReport, 'forbidden'> {
    const calls = this.#clients.reduce((sum, client) => sum + client.calls, 0);
    return {
      violations: this.#violations.all,
      hash: this.#trace.hash,
      trace: this.#trace.lines,
      conditions: this.#conditions.reached,
      simulatedMs: this.#time.nowMs,
      workedMs: this.#workedMs,
      events: this.#time.events,
      calls,
      answers: this.#clients.reduce((sum, client) => sum + client.answers, 0),
      received: this.#ledger.received,
      faults: this.#scenario.faults.length,
    };
  }

  #cutShort(): void {
    this.#time.end();
    this.#end();
  }

  /** The gateway lives on; what the next one finds is what was safe by now. */
  #cutPower(): void {
    this.#nextDisk = this.#disk.cut();
    this.#cutAtMs = this.#time.wallMs;
    this.#durability.checkCut(this.#nextDisk);
  }

  /** Every decision about a server is looked at. */
  #observe(scope: Scope): void {
    this.#scope = scope;
    scope.replace(Token.Supervision, {
      needs: { clock: Token.Clock, random: Token.Random, logger: Token.Logger },
      useFactory: ({ clock, random, logger }) => {
        const host = new CoordinatorHost(coordinatorProgram({ clock, random, openStore: this.#disk.open }));
        this.#coordinator = host;
        return new Supervision({
          host,
          clock,
          random,
          logger,
          observer: { onNote: (note, isStored) => this.#durability.onTold(note, isStored) },
          run: 'simulated',
          store: {},
        });
      },
    });
    scope.replace(Token.LifecycleOwner, {
      needs: { owner: Token.Supervision, clock: Token.Clock },
      useFactory: ({ owner, clock }) =>
        new ObservedOwner({
          owner,
          isHeld: () => this.#coordinator?.isHanging === true,
          onAdopted: ({ name, definition }, report) => {
            owner.define([rowOf(name, definition)], []);
            this.#reports.set(name, report);
          },
          now: () => clock.now(),
          jumps: () => this.#time.jumps,
          monotonicMs: () => this.#time.nowMs,
          isWatched: (atMs) => this.#player.isLeapSeen(atMs),
          onEdge: (from, event, to) => this.#conditions.reach(`edge:${from} ${event} ${to}`),
          onDifference: (what) => this.#violations.add('I8', what),
          onRecord: (upstream, record, notes) => this.#onRecord(upstream, record, notes),
        }),
    });
  }

  #onRecord(upstream: string, record: UpstreamRecord, notes: readonly LifecycleNote[]): void {
    const { state } = record;
    this.#durability.onExecuted(upstream, JSON.stringify(record), notes, this.#time.wallMs);
    const isListed = state.phase === 'ready' && state.isListed;
    this.#trace.note(
      `${upstream} is ${isListed ? 'listed' : state.phase}${'error' in state ? `: ${state.error.message}` : ''}`,
    );
    if (state.phase !== 'down') this.#downSince.delete(upstream);
    else if (!this.#downSince.has(upstream)) this.#downSince.set(upstream, this.#time.nowMs);
    if (isListed && !state.hasListProblem) this.#well.add(upstream);
    else this.#well.delete(upstream);
    if (isListed && this.#awaySince.has(upstream)) this.#listedAt.set(upstream, this.#time.nowMs);
    if (isListed) this.#awaySince.delete(upstream);
    else if (!this.#awaySince.has(upstream)) this.#awaySince.set(upstream, this.#time.nowMs);
  }

  /** Instances of clients may still be opening when the shared connection has fallen. */
  #refusalOf(name: string): string | undefined {
    const upstream = this.#scope?.get(Token.Upstreams).get(name);
    if (upstream === undefined) return undefined;
    const { phase } = upstream.snapshot.record.state;
    if (phase === 'disabled' || phase === 'stopped') return `it is ${phase}`;
    const forMs = this.#time.nowMs - (this.#downSince.get(name) ?? this.#time.nowMs);
    return phase === 'down' && forMs > upstream.spec.connectTimeoutMs
      ? `it is down for ${forMs} ms`
      : undefined;
  }

  #admitClients(): void {
    const { clients, seed, callsPerSecond } = this.#scenario;
    this.#clients = clients.map((plan) => {
      const choices = new Choices(seed, `client ${plan.name}`);
      const client = new SimulatedClient({
        plan,
        server: this.#server,
        hosts: this.#world.hosts,
        time: this.#time,
        trace: this.#trace,
        ledger: this.#ledger,
        violations: this.#violations,
        conditions: this.#conditions,
        choices,
        frozenMs: () => this.#player.frozenMs,
        appliedMs: () => this.#player.appliedMs,
        listedAtMs: (host) => this.#listedAt.get(host) ?? 0,
        downMs: (host) => this.#time.nowMs - (this.#downSince.get(host) ?? this.#time.nowMs),
        awayMs: (host) => this.#time.nowMs - (this.#awaySince.get(host) ?? this.#time.nowMs),
      });
      const pauseMs = (1_000 * clients.length * 0.75) / callsPerSecond;
      const act = (): void => {
        if (!this.#isWorking) return;
        client.act();
        this.#gauges.checkBounds();
        this.#time.after(choices.interval(pauseMs), act);
      };
      this.#time.after(choices.interval(pauseMs), act);
      return client;
    });
  }

  #lookAgain(): void {
    if (!this.#isWorking) return;
    for (const client of this.#clients) client.look();
    this.#gauges.checkWaiting(this.#clients.reduce((sum, { waiting }) => sum + waiting, 0));
    this.#time.after(LOOK_MS, () => this.#lookAgain());
  }

  /** A part of the servers is well from now on, and has to be found so. */
  async #heal(): Promise<void> {
    const { core, hosts } = this.#scenario;
    const planOf = (name: string) => hosts.find((plan) => plan.name === name) ?? hosts[0];
    this.#cutPower();
    this.#trace.note('heals');
    const ended = this.#player.end(core, (name) => {
      const plan = planOf(name);
      return plan === undefined ? 'hang' : brokenForGood(this.#scenario, plan);
    });
    await this.#time.run(this.#time.nowMs);
    await ended;
    const isWell = (): boolean => core.every((name) => this.#well.has(name));
    const endMs = this.#time.nowMs + LONGEST_WAIT_MS + HEAL_SLACK_MS;
    while (!isWell() && this.#time.nowMs < endMs) await this.#time.run(this.#time.nowMs + LOOK_MS);
    // Whoever is well has to be listed and called for a while.
    await this.#time.run(this.#time.nowMs + WELL_MS);
    for (const { name, state, tools, lastError } of this.#server.upstreams()) {
      if (!core.includes(name)) continue;
      if (state === 'ready' && tools > 0) this.#conditions.reach('healed');
      else
        this.#violations.add(
          'heal',
          `"${name}" is ${state} with ${tools} tools a long time after it has healed: ${lastError?.message ?? ''}`,
        );
    }
  }

  /** Nothing new is asked, and what was asked is answered. */
  async #quiet(): Promise<void> {
    const endMs = this.#time.nowMs + LAST_ANSWERS_MS;
    while (this.#time.nowMs < endMs && this.#clients.some(({ waiting }) => waiting > 0))
      await this.#time.run(this.#time.nowMs + LOOK_MS);
    for (const client of this.#clients) {
      client.look();
      client.close();
    }
    await this.#time.run(this.#time.nowMs + IDLE_MS);
    this.#gauges.checkQuiet();
    for (const { name } of this.#scenario.hosts) {
      const running = this.#launcher.running(name);
      const open = this.#world.channels(name).size;
      // The shared ones of both eras.
      if (running > 2) this.#violations.add('I7', `"${name}" has ${running} processes that nobody uses`);
      if (open > 2) this.#violations.add('I7', `"${name}" has ${open} channels that nobody uses`);
    }
  }

  async #stop(): Promise<void> {
    const stopped = this.#server.stop({ deadlineMs: 1_000 });
    await this.#time.run(this.#time.nowMs + 30_000);
    await stopped;
    this.#gauges.checkStopped();
    this.#durability.checkEnd(this.#disk);
    // Every other gateway is followed by one that finds what a stop leaves, and no cut.
    if (this.#scenario.seed % 2 === 0) {
      this.#nextDisk = this.#disk.cut();
      this.#cutAtMs = this.#time.wallMs;
    }
    const left = {
      processes: this.#launcher.running(),
      'HTTP requests': this.#network.open,
      connections: this.#dialer.open,
      timers: this.#time.gatewayTimers,
    };
    for (const [what, count] of Object.entries(left))
      if (count > 0)
        this.#violations.add('I7', `${count} ${what} are left behind by a gateway that has stopped`);
  }
}

function configurationOf({ limits }: Scenario, upstreams: ReturnType<typeof definitionsOf>) {
  const tokens = ['ada', 'bob', 'cyd'].map((name) => ({ name, token: `simulated-token-of-${name}` }));
  const text = JSON.stringify({
    auth: { token: 'simulated-token-of-owner', tokens },
    limits: { ...limits, sessionIdle: SESSION_IDLE },
  });
  return { ...parseConfigurationText(text, 'simulation.json', {}), upstreams };
}
