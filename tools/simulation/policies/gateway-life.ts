import { createMasterServer, type MasterServer, type Scope } from '@omni/container';
import { parseConfigurationText } from '@omni/container/node';
import type { CancelTimer, Clock } from '@omni/ports';
import { Choices } from '../engine/choices.ts';
import type { SimulatedTime } from '../engine/simulated-time.ts';
import { rememberOn } from '../world/remembering.ts';
import type { VirtualDisk } from '../world/virtual-disk.ts';
import { configurationTextOf } from './configuration.ts';
import type { PolicyPlan } from './plan.ts';
import { PolicyLauncher, PolicyNetwork, type SimulatedTransportOptions } from './simulated-transports.ts';

export interface GatewayLifeOptions {
  readonly plan: PolicyPlan;
  readonly time: SimulatedTime;
  readonly transports: SimulatedTransportOptions;
  /** What it remembers. Default: nothing. */
  readonly disk?: VirtualDisk;
  /** From 1. */
  readonly number: number;
}

/** One Omni of a plan, until it is stopped or killed. */
export class GatewayLife {
  readonly server: MasterServer;
  readonly network: PolicyNetwork;
  readonly launcher: PolicyLauncher;
  readonly #clock: MortalClock;
  #scope: Scope | undefined;

  constructor({ plan, time, transports, disk, number }: GatewayLifeOptions) {
    this.network = new PolicyNetwork(transports);
    this.launcher = new PolicyLauncher(transports);
    this.#clock = new MortalClock(time.gatewayClock);
    const text = configurationTextOf(plan, ({ name, transport }) =>
      transport === 'http' ? { type: 'http', url: `http://${name}.test/mcp` } : { command: name },
    );
    this.server = createMasterServer({
      configuration: parseConfigurationText(text, 'simulation.json', {}),
      clock: this.#clock,
      random: new Choices(plan.seed, number === 1 ? 'gateway' : `gateway ${number}`).random,
      launcher: this.launcher,
      http: this.network,
      configure: (scope) => {
        this.#scope = scope;
        if (disk !== undefined) rememberOn(scope, disk, `life ${number}`);
      },
    });
  }

  /** `undefined` before it has started. */
  get scope(): Scope | undefined {
    return this.#scope;
  }

  /** Nothing that it does has an effect any more, and nobody tells it anything. */
  kill(): void {
    this.#clock.stop();
    this.network.cut();
    void this.launcher.close();
  }
}

/** A clock that may stop. */
class MortalClock implements Clock {
  readonly #clock: Clock;
  readonly #timers = new Set<CancelTimer>();
  #isStopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  readonly now = (): number => this.#clock.now();

  readonly monotonicMs = (): number => this.#clock.monotonicMs();

  readonly after = (delayMs: number, action: () => void): CancelTimer => {
    if (this.#isStopped) return () => {};
    const cancel = this.#clock.after(delayMs, () => {
      this.#timers.delete(cancel);
      action();
    });
    this.#timers.add(cancel);
    return () => {
      this.#timers.delete(cancel);
      cancel();
    };
  };

  stop(): void {
    this.#isStopped = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }
}
