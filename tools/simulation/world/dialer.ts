import {
  type ChannelDialer,
  type ChannelListener,
  type DialSpec,
  GatewayError,
  type MessageChannel,
  type OpenChannel,
} from '@omni/ports';
import type { ChannelServer } from './channel-server.ts';
import type { World } from './world.ts';

const CONNECT_MS = 3;

/** Persistent connections: sockets, WebSockets, and channels to code in the same process. */
export class SimulatedDialer implements ChannelDialer {
  readonly #world: World;
  readonly #open = new Set<SimulatedChannel>();

  constructor(world: World) {
    this.#world = world;
  }

  get open(): number {
    return this.#open.size;
  }

  dial({ upstream }: DialSpec, listener: ChannelListener): MessageChannel {
    return this.#connect(upstream, listener, 'dialed');
  }

  /** The `open` of a server in the same process. */
  inProcess(name: string): OpenChannel {
    return (listener) => {
      if (this.#world.host(name).has('throws-in-open')) throw new RangeError('thrown by the simulation');
      return this.#connect(name, listener, 'in process');
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map((channel) => channel.close()));
  }

  #connect(name: string, listener: ChannelListener, how: SimulatedChannel['how']): MessageChannel {
    const host = this.#world.host(name);
    this.#world.onAttempt(host);
    this.#world.trace.note(`${name} is dialed`);
    const channel = new SimulatedChannel(this.#world, { name, listener, how }, () =>
      this.#open.delete(channel),
    );
    this.#open.add(channel);
    return channel;
  }
}

class SimulatedChannel implements MessageChannel {
  readonly how: 'dialed' | 'in process';
  readonly #name: string;
  readonly #world: World;
  readonly #listener: ChannelListener;
  readonly #server: ChannelServer;
  readonly #leave: () => void;
  readonly #onGone: () => void;
  #isGone = false;

  constructor(
    world: World,
    options: {
      readonly name: string;
      readonly listener: ChannelListener;
      readonly how: SimulatedChannel['how'];
    },
    onGone: () => void,
  ) {
    this.how = options.how;
    this.#name = options.name;
    this.#world = world;
    this.#listener = options.listener;
    this.#onGone = onGone;
    const host = world.host(this.#name);
    this.#server = world.channelServer(host, options.listener, (how) => this.#break(how, 'body'));
    this.#leave = world.attach(host, this.#server, (how) => this.#break(how, 'body'));
    if (host.has('blackhole')) return;
    const isRefused = host.has('refuse') || host.isAway;
    world.time.after(isRefused ? CONNECT_MS : Math.max(CONNECT_MS, host.plan.startMs), () => {
      if (isRefused) this.#break('refuses connections', 'connect');
      else this.#server.begin();
    });
  }

  get isOpen(): boolean {
    return !this.#isGone;
  }

  send(text: string): boolean {
    if (this.how === 'in process' && this.#world.host(this.#name).has('throws-in-send'))
      throw new RangeError('thrown by the simulation');
    return !this.#isGone && this.#server.receive(text);
  }

  close(): Promise<void> {
    if (!this.#isGone) {
      this.#end();
      this.#world.time.after(0, () => this.#listener.onClose(undefined));
    }
    return Promise.resolve();
  }

  #break(how: string, phase: 'connect' | 'body'): void {
    if (this.#isGone) return;
    this.#end();
    this.#world.trace.note(`${this.#name} ${how}`);
    const isGood = how === 'closed in good order';
    this.#listener.onClose(
      isGood
        ? undefined
        : new GatewayError('OMNI_UPSTREAM_UNREACHABLE', `"${this.#name}" ${how}`, { data: { phase } }),
    );
  }

  #end(): void {
    this.#isGone = true;
    this.#leave();
    this.#server.close();
    this.#onGone();
  }
}
