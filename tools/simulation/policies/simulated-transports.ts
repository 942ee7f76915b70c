import {
  type ChannelListener,
  type ChildChannel,
  type ChildLauncher,
  type ChildSpec,
  GatewayError,
  type HeaderList,
  type HttpCall,
  type HttpClient,
  type HttpRequest,
  type HttpResponseListener,
} from '@omni/ports';
import type { SimulatedTime } from '../engine/simulated-time.ts';
import type { History } from './history.ts';
import type { ReplyLine, ScriptedUpstream } from './scripted-upstream.ts';

export interface SimulatedTransportOptions {
  readonly time: SimulatedTime;
  readonly history: History;
  readonly upstreamOf: (name: string) => ScriptedUpstream;
  /** Whether it refuses connections now. */
  readonly isAway: (name: string) => boolean;
  /** From the start of a process until it reads. */
  readonly startMs: number;
}

const JSON_TYPE: HeaderList = ['content-type', 'application/json'];
const EVENTS: HeaderList = ['content-type', 'text/event-stream'];
const CONNECT_MS = 1;
const EXIT_MS = 2;
const TOKEN = /"token":"([^"]+)"/;

/** HTTP to scripted servers, on virtual time. */
export class PolicyNetwork implements HttpClient {
  readonly #options: SimulatedTransportOptions;
  readonly #open = new Set<PolicyExchange>();
  #isCut = false;

  constructor(options: SimulatedTransportOptions) {
    this.#options = options;
  }

  /** Requests under way. */
  get open(): number {
    return this.#open.size;
  }

  send(request: HttpRequest, listener: HttpResponseListener): HttpCall {
    const { time, history, upstreamOf, isAway } = this.#options;
    const name = new URL(request.url).hostname.replace('.test', '');
    const upstream = upstreamOf(name);
    const exchange = new PolicyExchange(upstream, listener, () => this.#open.delete(exchange));
    if (this.#isCut) return exchange;
    this.#open.add(exchange);
    const text = typeof request.body === 'string' ? request.body : new TextDecoder().decode(request.body);
    if (isAway(name)) {
      const attempt = history.arrived(TOKEN.exec(text)?.[1] ?? '', upstream.plan);
      const ended = (kind: 'refused' | 'taken-back'): void => {
        if (attempt !== undefined) history.ended(attempt, { kind });
      };
      exchange.onAborted = () => ended('taken-back');
      time.after(CONNECT_MS, () => {
        ended('refused');
        exchange.fail('connect');
      });
    } else if (request.method === 'POST') upstream.receive(text, exchange);
    else time.after(CONNECT_MS, () => exchange.refuse(request.method === 'DELETE' ? 200 : 405, []));
    return exchange;
  }

  close(): Promise<void> {
    for (const exchange of [...this.#open]) exchange.abort();
    return Promise.resolve();
  }

  /** Whoever has used it is dead: nothing that it does leaves it. */
  cut(): void {
    this.#isCut = true;
    void this.close();
  }
}

class PolicyExchange implements HttpCall, ReplyLine {
  readonly #upstream: ScriptedUpstream;
  readonly #listener: HttpResponseListener;
  readonly #onOver: () => void;
  /** Told of the end of one that has got no further than the connection. */
  onAborted: () => void = () => {};
  #isStream = false;
  #isOver = false;

  constructor(upstream: ScriptedUpstream, listener: HttpResponseListener, onOver: () => void) {
    this.#upstream = upstream;
    this.#listener = listener;
    this.#onOver = onOver;
  }

  abort(): void {
    this.#end();
    this.onAborted();
    this.#upstream.gone(this);
  }

  pause(): void {}

  resume(): void {}

  answer(text: string, headers: readonly string[] = []): void {
    if (this.#isStream) {
      this.#data(`data: ${text}\n\n`);
      this.#finish();
    } else this.#respond(200, [...JSON_TYPE, ...headers], text);
  }

  tell(text: string): void {
    this.#beginStream();
    this.#data(`data: ${text}\n\n`);
  }

  refuse(status: number, headers: readonly string[]): void {
    this.#respond(status, headers, '');
  }

  accept(): void {
    queueMicrotask(() => this.#respond(202, [], ''));
  }

  cut(at: 'request' | 'body' | 'stream', half: string): void {
    if (at === 'request') return this.fail('request');
    if (at === 'stream') this.#beginStream();
    else if (!this.#isOver) this.#listener.onHead(200, JSON_TYPE);
    this.#data(at === 'stream' ? `data: ${half}` : half);
    this.fail('body');
  }

  fail(phase: 'connect' | 'request' | 'body'): void {
    if (this.#isOver) return;
    this.#end();
    const what = `"${this.#upstream.plan.name}" failed in the simulation (${phase})`;
    this.#listener.onError(new GatewayError('OMNI_UPSTREAM_UNREACHABLE', what, { data: { phase } }));
  }

  #beginStream(): void {
    if (this.#isStream || this.#isOver) return;
    this.#isStream = true;
    this.#listener.onHead(200, EVENTS);
  }

  #respond(status: number, headers: HeaderList, body: string): void {
    if (this.#isOver) return;
    this.#listener.onHead(status, headers);
    if (body !== '') this.#data(body);
    this.#finish();
  }

  #data(text: string): void {
    if (!this.#isOver) this.#listener.onData(new TextEncoder().encode(text));
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#end();
    this.#listener.onEnd();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onOver();
  }
}

/** Scripted servers as processes, on virtual time. */
export class PolicyLauncher implements ChildLauncher {
  readonly #options: SimulatedTransportOptions;
  readonly #running = new Set<PolicyChild>();
  #pids = 100;

  constructor(options: SimulatedTransportOptions) {
    this.#options = options;
  }

  get running(): number {
    return this.#running.size;
  }

  launch({ upstream }: ChildSpec, listener: ChannelListener): ChildChannel {
    const { time, upstreamOf, startMs } = this.#options;
    const child = new PolicyChild(
      ++this.#pids,
      { time, startMs, upstream: upstreamOf(upstream), listener },
      () => this.#running.delete(child),
    );
    this.#running.add(child);
    return child;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running].map((child) => child.close()));
  }
}

interface PolicyChildOptions {
  readonly time: SimulatedTime;
  readonly startMs: number;
  readonly upstream: ScriptedUpstream;
  readonly listener: ChannelListener;
}

class PolicyChild implements ChildChannel {
  readonly pid: number;
  readonly #options: PolicyChildOptions;
  readonly #onGone: () => void;
  readonly #gone: Promise<void>;
  readonly #lines = new Set<ReplyLine>();
  #resolveGone: () => void = () => {};
  /** What waits until the process reads. */
  #queue: string[] | undefined = [];
  #isOpen = true;
  #isGone = false;

  constructor(pid: number, options: PolicyChildOptions, onGone: () => void) {
    this.pid = pid;
    this.#options = options;
    this.#onGone = onGone;
    this.#gone = new Promise((resolve) => (this.#resolveGone = resolve));
    options.time.after(options.startMs, () => {
      const queued = this.#queue ?? [];
      this.#queue = undefined;
      for (const text of queued) this.#read(text);
    });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  send(text: string): boolean {
    if (!this.#isOpen) return false;
    if (this.#queue === undefined) this.#read(text);
    else this.#queue.push(text);
    return true;
  }

  close(): Promise<void> {
    if (!this.#isOpen) return this.#gone;
    this.#isOpen = false;
    this.#options.time.after(EXIT_MS, () => this.#exit(undefined));
    return this.#gone;
  }

  #read(text: string): void {
    if (this.#isGone) return;
    const { upstream, listener } = this.#options;
    const line: ReplyLine = {
      answer: (answer) => this.#emit(line, answer),
      tell: (message) => {
        if (!this.#isGone) listener.onMessage(message);
      },
      // A process knows no statuses: its plans have none.
      refuse: () => this.#lines.delete(line),
      accept: () => this.#lines.delete(line),
      cut: () => {
        this.#lines.delete(line);
        this.#exit(
          new GatewayError('OMNI_UPSTREAM_EXITED', `"${upstream.plan.name}" exited with code 4`, {
            data: { upstream: upstream.plan.name, exitCode: 4 },
          }),
        );
      },
    };
    this.#lines.add(line);
    upstream.receive(text, line, String(this.pid));
  }

  #emit(line: ReplyLine, text: string): void {
    this.#lines.delete(line);
    if (!this.#isGone) this.#options.listener.onMessage(text);
  }

  #exit(reason: GatewayError | undefined): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#isOpen = false;
    this.#onGone();
    this.#options.upstream.exited(this.#lines);
    this.#options.listener.onClose(reason);
    this.#resolveGone();
  }
}
