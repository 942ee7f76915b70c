import {
  GatewayError,
  type HeaderList,
  type HttpCall,
  type HttpClient,
  type HttpRequest,
  type HttpResponseListener,
} from '@omni/ports';
import type { FaultKind } from './fault-kinds.ts';
import type { Host } from './host.ts';
import { type McpServer, responseText } from './mcp-server.ts';
import type { World } from './world.ts';

const JSON_TYPE: HeaderList = ['content-type', 'application/json'];
const EVENTS: HeaderList = ['content-type', 'text/event-stream'];
/** One way of a packet. */
const LATENCY_MS = 2;

/** Statuses that a server, or what stands before it, answers everything with. */
const STATUS_FAULTS: readonly (readonly [FaultKind, number, HeaderList, string])[] = [
  ['status-500', 500, JSON_TYPE, '{"error":"boom"}'],
  ['status-502', 502, ['content-type', 'text/html'], '<h1>Bad gateway</h1>'],
  ['status-503-later', 503, ['retry-after', '20'], ''],
  ['status-429-later', 429, ['retry-after', '30'], ''],
  ['status-401', 401, ['www-authenticate', 'Bearer'], ''],
  ['status-403', 403, [], ''],
  ['status-404', 404, ['content-type', 'text/plain'], 'nothing here'],
  ['html-page', 200, ['content-type', 'text/html'], '<html>login</html>'],
  ['empty-answer', 200, [], ''],
  ['redirect', 301, ['location', 'http://elsewhere.test/mcp'], ''],
];

/** HTTP servers that answer as real ones do, and as broken ones. */
export class SimulatedNetwork implements HttpClient {
  readonly #world: World;
  readonly #open = new Set<NetworkExchange>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Requests under way. */
  get open(): number {
    return this.#open.size;
  }

  send(request: HttpRequest, listener: HttpResponseListener): HttpCall {
    const name = new URL(request.url).hostname.replace('.test', '');
    const host = this.#world.host(name);
    const exchange = new NetworkExchange(this.#world, { host, request, listener }, () =>
      this.#open.delete(exchange),
    );
    this.#open.add(exchange);
    exchange.begin();
    return exchange;
  }

  close(): Promise<void> {
    for (const exchange of [...this.#open]) exchange.abort();
    return Promise.resolve();
  }
}

/** Sessions are named after the time since which a server knows them. */
function sessionOf(host: Host): string {
  return `${host.name}-${host.sessionsSince}`;
}

class NetworkExchange implements HttpCall {
  readonly #world: World;
  readonly #host: Host;
  readonly #request: HttpRequest;
  readonly #listener: HttpResponseListener;
  readonly #onOver: () => void;
  readonly #forget: () => void;
  #isOver = false;
  #hasHead = false;
  #cancelStorm = (): void => {};

  constructor(
    world: World,
    {
      host,
      request,
      listener,
    }: { readonly host: Host; readonly request: HttpRequest; readonly listener: HttpResponseListener },
    onOver: () => void,
  ) {
    this.#world = world;
    this.#host = host;
    this.#request = request;
    this.#listener = listener;
    this.#onOver = onOver;
    this.#forget = host.onEnding(() => this.#fail(this.#hasHead ? 'body' : 'request'));
  }

  begin(): void {
    const { time } = this.#world;
    const host = this.#host;
    if (host.has('refuse') || host.isAway) return void time.after(LATENCY_MS, () => this.#fail('connect'));
    if (host.has('blackhole')) return;
    const server = this.#world.server(host.name);
    const status = STATUS_FAULTS.find(([kind]) => host.has(kind));
    if (status !== undefined) {
      const [kind, code, headers, body] = status;
      this.#meetStatus(server, kind);
      return void time.after(LATENCY_MS * 2, () => this.#respond(code, headers, body));
    }
    if (this.#request.method !== 'POST') return void time.after(LATENCY_MS * 2, () => this.#withoutBody());
    const { body } = this.#request;
    const message = server.read(typeof body === 'string' ? body : new TextDecoder().decode(body));
    if (host.has('reset-request')) {
      // It may have been received: it counts as received.
      server.receive(message);
      return void time.after(LATENCY_MS, () => this.#fail('request'));
    }
    if (!this.#knowsSession(message.method))
      return void time.after(LATENCY_MS * 2, () => this.#respond(404, JSON_TYPE, NO_SESSION));
    server.receive(message);
    if (message.id === undefined) return void time.after(LATENCY_MS * 2, () => this.#respond(202, [], ''));
    const { id } = message;
    time.after(LATENCY_MS * 2 + server.answerMs, () => this.#answer(server, message, id));
  }

  /** Some fail while they work, others before; and some are asked in vain. */
  #meetStatus(server: McpServer, kind: FaultKind): void {
    const { method, body } = this.#request;
    if (method !== 'POST') return;
    const message = server.read(typeof body === 'string' ? body : new TextDecoder().decode(body));
    if (kind === 'status-500' || kind === 'status-502') server.receive(message);
    if (kind === 'status-401' && isHandshake(message.method))
      this.#world.onRefused(this.#host, 'it does not take its credentials');
  }

  abort(): void {
    this.#end();
  }

  pause(): void {}

  resume(): void {}

  #answer(server: McpServer, message: Parameters<McpServer['answerTo']>[0], id: number | string): void {
    if (this.#isOver) return;
    server.work(message);
    const answer = server.answerTo(message);
    switch (answer.kind) {
      case 'silence':
        return;
      case 'listen':
        this.#head(200, EVENTS);
        return this.#event(answer.acknowledgement);
      case 'error':
        return this.#respond(200, JSON_TYPE, responseText(id, answer));
      case 'result': {
        const text = responseText(id, answer);
        const session = message.method === 'initialize' ? ['mcp-session-id', sessionOf(this.#host)] : [];
        if (this.#host.has('reset-body') || this.#host.has('cut-answer')) {
          this.#head(200, [...JSON_TYPE, ...session]);
          this.#data(text.slice(0, text.length / 2));
          if (this.#host.has('cut-answer')) return this.#finish();
          return this.#fail('body');
        }
        const isStream = answer.progress.length > 0 || this.#host.has('answers-others');
        server.answered(message);
        if (!isStream) return this.#respond(200, [...JSON_TYPE, ...session], text);
        this.#head(200, [...EVENTS, ...session]);
        for (const progress of answer.progress) this.#event(progress);
        if (this.#host.has('answers-others')) this.#event('{"jsonrpc":"2.0","id":987654321,"result":{}}');
        this.#event(text);
        return this.#finish();
      }
    }
  }

  #withoutBody(): void {
    if (this.#request.method === 'DELETE') this.#respond(200, [], '');
    // There is no stream for what belongs to no request.
    else this.#respond(405, [], '');
  }

  #knowsSession(method: string): boolean {
    if (this.#host.plan.era === 'modern' || method === 'initialize' || method === 'server/discover')
      return true;
    const { headers } = this.#request;
    const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'mcp-session-id');
    return headers[at + 1] === sessionOf(this.#host);
  }

  #respond(status: number, headers: HeaderList, body: string): void {
    this.#head(status, headers);
    if (body !== '') this.#data(body);
    this.#finish();
  }

  #event(data: string): void {
    this.#data(`data: ${data}\n\n`);
  }

  #head(status: number, headers: HeaderList): void {
    if (this.#isOver) return;
    this.#hasHead = true;
    this.#listener.onHead(status, headers);
  }

  #data(text: string): void {
    if (!this.#isOver) this.#listener.onData(new TextEncoder().encode(text));
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#end();
    this.#listener.onEnd();
  }

  #fail(phase: 'connect' | 'request' | 'body'): void {
    if (this.#isOver) return;
    this.#end();
    this.#listener.onError(
      new GatewayError(
        'OMNI_UPSTREAM_UNREACHABLE',
        `"${this.#host.name}" failed in the simulation (${phase})`,
        {
          data: { phase },
        },
      ),
    );
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelStorm();
    this.#forget();
    this.#onOver();
  }
}

function isHandshake(method: string): boolean {
  return method === 'initialize' || method === 'server/discover';
}

const NO_SESSION = '{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}';
