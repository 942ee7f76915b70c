import { type Scope, Token } from '@omni/container';
import { Conditions } from '../checks/conditions.ts';
import { Violations } from '../checks/violations.ts';
import { HttpConnection } from '../clients/http-connection.ts';
import { Choices } from '../engine/choices.ts';
import { ForbiddenSources } from '../engine/forbidden-sources.ts';
import { SimulatedTime } from '../engine/simulated-time.ts';
import { Trace } from '../engine/trace.ts';
import type { RunOptions, RunReport } from '../simulation.ts';
import { VirtualDisk } from '../world/virtual-disk.ts';
import { tokenOf } from './configuration.ts';
import { GatewayLife } from './gateway-life.ts';
import { History } from './history.ts';
import { judge } from './policies.ts';
import type { PolicyPlan } from './plan.ts';
import { PolicyClient } from './policy-client.ts';
import { ScriptedUpstream } from './scripted-upstream.ts';
import type { SimulatedTransportOptions } from './simulated-transports.ts';

/** Servers and clients are there so long after the last process reads. */
const READY_MS = 1_000;
/** The longest that anything of a plan can take beyond its end. */
const LAST_ANSWERS_MS = 60_000;
const LOOK_MS = 1_000;
const READING_MS = 50;
const STOP_MS = 30_000;
/** Clients look so often how their tasks are. */
const TASK_LOOK_MS = 250;
/** What a disk takes for each thing that it keeps. */
const DISK_MS = 2;

export interface PlanRunOptions extends RunOptions {
  /** From the start of a process until it reads. Default: 20. */
  readonly startMs?: number;
}

/** What a run of a plan has shown. */
export interface PolicyReport extends RunReport {
  readonly history: History;
}

/** Runs a plan with the real core on virtual time, and lets the references judge what went over the wire. */
export async function runPlan(plan: PolicyPlan, options: PlanRunOptions = {}): Promise<PolicyReport> {
  const forbidden = new ForbiddenSources(new Choices(plan.seed, 'identifiers').random);
  const run = new PlanRun(plan, options);
  try {
    await Promise.race([run.live(), run.ended]).catch((error: unknown) => run.onCrash(error));
    return run.report(forbidden);
  } finally {
    forbidden.end();
  }
}

class PlanRun {
  readonly #plan: PolicyPlan;
  /** When the first call can be sent. */
  readonly #readyMs: number;
  readonly #time = new SimulatedTime((events) => {
    this.#violations.add('I10', `${events} events happen at one time, and more`);
    this.#time.end();
    this.#end();
  });
  readonly #trace: Trace;
  readonly #violations = new Violations(() => this.#nowMs());
  readonly #conditions = new Conditions();
  readonly #history: History;
  readonly #transports: SimulatedTransportOptions;
  #clients: ReadonlyMap<string, PolicyClient> = new Map();
  readonly #lives: GatewayLife[] = [];
  /** Where something is to outlive Omni. */
  #disk: VirtualDisk | undefined;
  /** Nobody asks for anything any more. */
  #isDone = false;
  #end: () => void = () => {};
  readonly ended = new Promise<void>((resolve) => (this.#end = resolve));

  constructor(plan: PolicyPlan, { keepsTrace = false, startMs = 20 }: PlanRunOptions) {
    this.#plan = plan;
    // Few processes are started at the same time.
    this.#readyMs = READY_MS + startMs * plan.upstreams.length;
    this.#trace = new Trace(() => this.#nowMs(), keepsTrace);
    this.#history = new History(plan, {
      nowMs: () => this.#nowMs(),
      note: (line) => this.#trace.note(line),
    });
    const upstreams = new Map(
      plan.upstreams.map((upstream) => [
        upstream.name,
        new ScriptedUpstream({
          plan: upstream,
          history: this.#history,
          after: (delayMs, action) => this.#time.after(delayMs, action),
        }),
      ]),
    );
    this.#transports = {
      time: this.#time,
      startMs,
      history: this.#history,
      upstreamOf: (name: string): ScriptedUpstream => {
        const upstream = upstreams.get(name);
        if (upstream === undefined) throw new RangeError(`There is no server "${name}"`);
        return upstream;
      },
      isAway: (name: string): boolean => {
        const nowMs = this.#nowMs();
        const away = upstreams.get(name)?.plan.away ?? [];
        return away.some(({ fromMs, forMs }) => fromMs <= nowMs && nowMs < fromMs + forMs);
      },
    };
    if (plan.killsMs !== undefined)
      this.#disk = new VirtualDisk({
        choices: new Choices(plan.seed, 'disk'),
        work: () => new Promise((resolve) => this.#time.after(DISK_MS, resolve)),
      });
    this.#beginLife();
  }

  get #life(): GatewayLife {
    const life = this.#lives.at(-1);
    if (life === undefined) throw new RangeError('There is no Omni');
    return life;
  }

  #beginLife(): void {
    const number = this.#lives.length + 1;
    this.#lives.push(
      new GatewayLife({
        plan: this.#plan,
        time: this.#time,
        transports: this.#transports,
        number,
        ...(this.#disk !== undefined && { disk: this.#disk }),
      }),
    );
  }

  /** And another one starts on what was safe on the disk. */
  #kill(): void {
    this.#history.killed();
    this.#disk = this.#disk?.cut();
    this.#life.kill();
    for (const client of this.#clients.values()) client.lose();
    this.#beginLife();
    this.#life.server.start().catch((error: unknown) => this.onCrash(error));
    for (const client of this.#clients.values()) client.reconnect();
  }

  async live(): Promise<void> {
    const time = this.#time;
    const started = this.#life.server.start();
    await time.run(0);
    await started;
    this.#clients = new Map(
      this.#plan.clients.map((client) => [
        client.name,
        new PolicyClient(
          client,
          this.#history,
          ({ user, era }, listener) =>
            new HttpConnection(this.#life.server, tokenOf(user), era === 'modern', listener),
        ),
      ]),
    );
    for (const call of this.#plan.calls) {
      const client = this.#clients.get(call.client);
      time.after(this.#readyMs + call.atMs, () => client?.call(call));
      if (call.cancelAfterMs !== undefined)
        time.after(this.#readyMs + call.atMs + call.cancelAfterMs, () => client?.cancel(call));
    }
    for (const atMs of this.#plan.killsMs ?? []) time.after(this.#readyMs + atMs, () => this.#kill());
    if (this.#plan.topic === 'tasks') this.#lookAtTasks();
    await time.run(this.#readyMs + this.#plan.durationMs);
    const untilMs = time.nowMs + LAST_ANSWERS_MS;
    while (time.nowMs < untilMs && this.#isWaiting()) await time.run(time.nowMs + LOOK_MS);
    this.#isDone = true;
    for (const client of this.#clients.values()) client.close();
    await time.run(time.nowMs + LOOK_MS);
    // Lists may be read just now.
    const { scope, server } = this.#life;
    if (scope !== undefined && !isQuiet(scope)) await time.run(time.nowMs + READING_MS);
    if (scope !== undefined) this.#checkQuiet(scope);
    const stopped = server.stop({ deadlineMs: 1_000 });
    await time.run(time.nowMs + STOP_MS);
    await stopped;
    this.#checkStopped();
    for (const { invariant, atMs, what } of judge(this.#history)) this.#violations.add(invariant, what, atMs);
    this.#reachConditions();
  }

  #lookAtTasks(): void {
    if (this.#isDone) return;
    for (const call of this.#plan.calls) for (const client of this.#clients.values()) client.look(call);
    this.#time.after(TASK_LOOK_MS, () => this.#lookAtTasks());
  }

  onCrash(error: unknown): void {
    this.#violations.add('crash', error instanceof Error ? (error.stack ?? error.message) : String(error));
  }

  report(forbidden: ForbiddenSources): PolicyReport {
    const calls = [...this.#history.calls.values()];
    return {
      violations: this.#violations.all,
      hash: this.#trace.hash,
      trace: this.#trace.lines,
      conditions: this.#conditions.reached,
      forbidden: forbidden.uses,
      simulatedMs: this.#time.nowMs,
      workedMs: this.#plan.durationMs,
      events: this.#time.events,
      calls: calls.length,
      answers: calls.filter(({ reply }) => reply !== undefined).length,
      received: calls.reduce((sum, { attempts }) => sum + attempts.length, 0),
      faults: calls.reduce(
        (sum, { attempts }) => sum + attempts.filter(({ mood }) => mood.kind !== 'answer').length,
        0,
      ),
      history: this.#history,
    };
  }

  #nowMs(): number {
    return this.#time.nowMs - this.#readyMs;
  }

  #isWaiting(): boolean {
    return [...this.#history.calls.values()].some(
      ({ reply, cancelledAtMs, isLost, result }) =>
        (reply === undefined && cancelledAtMs === undefined && isLost === undefined) ||
        (reply?.kind === 'task' && result === undefined),
    );
  }

  #checkQuiet(scope: Scope): void {
    const front = scope.get(Token.ProtocolHandler).getStatus().details;
    if (front['inFlight'] !== 0)
      this.#violations.add('I13', `${String(front['inFlight'])} requests run when no client is there`);
    const limiter = scope.get(Token.CallLimiter);
    for (const { name, spec } of scope.get(Token.Upstreams).all())
      if (limiter.inFlight(spec) !== 0)
        this.#violations.add('I13', `"${name}" has ${limiter.inFlight(spec)} calls when no client is there`);
  }

  #checkStopped(): void {
    const left = {
      processes: this.#lives.reduce((sum, { launcher }) => sum + launcher.running, 0),
      'HTTP requests': this.#lives.reduce((sum, { network }) => sum + network.open, 0),
      timers: this.#time.gatewayTimers,
    };
    for (const [what, count] of Object.entries(left))
      if (count > 0)
        this.#violations.add('I7', `${count} ${what} are left behind by a gateway that has stopped`);
  }

  #reachConditions(): void {
    for (const { reply, attempts } of this.#history.calls.values()) {
      this.#conditions.reach(
        `policy:reply ${reply?.kind === 'error' ? reply.code : (reply?.kind ?? 'none')}`,
      );
      this.#conditions.reach(`policy:attempts ${attempts.length}`);
      for (const { end } of attempts) this.#conditions.reach(`policy:end ${end?.kind ?? 'none'}`);
      for (const { number } of attempts.slice(1))
        this.#conditions.reach(`policy:again after ${attempts[number - 2]?.end?.kind ?? 'none'}`);
    }
  }
}

/** Whether no call runs, Omni's own included. */
function isQuiet(scope: Scope): boolean {
  const limiter = scope.get(Token.CallLimiter);
  return scope
    .get(Token.Upstreams)
    .all()
    .every(({ spec }) => limiter.inFlight(spec) === 0);
}
