import type { ChannelListener } from '@omni/ports';
import type { Violations } from '../checks/violations.ts';
import { Choices } from '../engine/choices.ts';
import type { SimulatedTime } from '../engine/simulated-time.ts';
import type { Trace } from '../engine/trace.ts';
import type { CallLedger } from './call-ledger.ts';
import { ChannelServer } from './channel-server.ts';
import { Host, type HostPlan } from './host.ts';
import { McpServer } from './mcp-server.ts';

export interface WorldOptions {
  readonly seed: number;
  readonly hosts: readonly HostPlan[];
  readonly time: SimulatedTime;
  readonly trace: Trace;
  readonly ledger: CallLedger;
  readonly violations: Violations;
  /** Most processes of one server. */
  readonly maxProcesses: number;
}

interface Inhabited {
  readonly host: Host;
  readonly server: McpServer;
  readonly choices: Choices;
  /** Ends of channels at this server. */
  readonly channels: Set<ChannelServer>;
}

/** Attempts to reach one server in ten seconds that are too many: somebody forgot to wait. */
const MAX_ATTEMPTS = 60;
/** The same of readings of its tools, one a second for each that has lists of its own. */
const MAX_READINGS = 60;
/** Handshakes in ten seconds with a server that has refused every one for a reason that lasts. */
const MAX_REFUSALS = 4;
const WINDOW_MS = 10_000;

/** All simulated servers, and what their transports share. */
export class World {
  readonly time: SimulatedTime;
  readonly trace: Trace;
  readonly #violations: Violations;
  readonly #maxProcesses: number;
  readonly #inhabited: ReadonlyMap<string, Inhabited>;
  readonly #attempts = new Map<string, number[]>();
  readonly #refusals = new Map<string, number[]>();
  readonly #readings = new Map<string, number[]>();

  constructor({ seed, hosts, time, trace, ledger, violations, maxProcesses }: WorldOptions) {
    this.time = time;
    this.trace = trace;
    this.#violations = violations;
    this.#maxProcesses = maxProcesses;
    this.#inhabited = new Map(
      hosts.map((plan) => {
        const host = new Host(plan, () => time.nowMs);
        const choices = new Choices(seed, `server ${plan.name}`);
        const server = new McpServer({
          host,
          ledger,
          choices,
          onListed: () => this.#onListed(host),
          onEnvelope: (text) =>
            violations.add('I12', `"${plan.name}" got what belongs to the modern era: ${text.slice(0, 200)}`),
        });
        return [plan.name, { host, choices, server, channels: new Set() }];
      }),
    );
  }

  get hosts(): readonly Host[] {
    return [...this.#inhabited.values()].map(({ host }) => host);
  }

  host(name: string): Host {
    return this.#of(name).host;
  }

  server(name: string): McpServer {
    return this.#of(name).server;
  }

  choices(name: string): Choices {
    return this.#of(name).choices;
  }

  channels(name: string): ReadonlySet<ChannelServer> {
    return this.#of(name).channels;
  }

  channelServer(host: Host, listener: ChannelListener, onExit: (how: string) => void): ChannelServer {
    const { server, choices } = this.#of(host.name);
    const { time } = this;
    const onShared = (what: string): void => this.#violations.add('I2', `"${host.name}": ${what}`);
    return new ChannelServer({ server, choices, time, listener, onExit, onShared });
  }

  /** @returns Takes the channel out again. */
  attach(host: Host, server: ChannelServer, onEnd: (how: string) => void): () => void {
    const { channels } = this.#of(host.name);
    channels.add(server);
    const forget = host.onEnding(onEnd);
    return () => {
      channels.delete(server);
      forget();
    };
  }

  /** Somebody tries to reach a server. */
  onAttempt({ name }: Host): void {
    const recent = this.#countLately(this.#attempts, name);
    if (recent > MAX_ATTEMPTS)
      this.#violations.add('I10', `"${name}" was tried ${recent} times within ten seconds`);
  }

  /** It was asked for a connection, and has told why it will give none. */
  onRefused({ name, plan }: Host, why: string): void {
    // Those of clients are tried with their calls.
    if (plan.instances !== 'shared') return;
    const recent = this.#countLately(this.#refusals, name);
    if (recent > MAX_REFUSALS)
      this.#violations.add('I10', `"${name}" was tried ${recent} times within ten seconds, though ${why}`);
  }

  #onListed({ name }: Host): void {
    const recent = this.#countLately(this.#readings, name);
    if (recent > MAX_READINGS)
      this.#violations.add('I10', `the tools of "${name}" were read ${recent} times within ten seconds`);
  }

  #countLately(times: Map<string, number[]>, name: string): number {
    const { nowMs } = this.time;
    const recent = (times.get(name) ?? []).filter((at) => nowMs - at < WINDOW_MS);
    recent.push(nowMs);
    times.set(name, recent);
    return recent.length;
  }

  checkProcesses(name: string, running: number): void {
    if (running > this.#maxProcesses)
      this.#violations.add('I10', `"${name}" has ${running} processes of ${this.#maxProcesses}`);
  }

  #of(name: string): Inhabited {
    const inhabited = this.#inhabited.get(name);
    // A scenario defines its servers before anybody is told of them.
    if (inhabited === undefined) throw new RangeError(`There is no server "${name}" in this world`);
    return inhabited;
  }
}
