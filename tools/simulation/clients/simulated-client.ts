import type { MasterServer } from '@omni/container';
import type { Conditions } from '../checks/conditions.ts';
import type { Violations } from '../checks/violations.ts';
import type { Choices } from '../engine/choices.ts';
import type { SimulatedTime } from '../engine/simulated-time.ts';
import type { Trace } from '../engine/trace.ts';
import type { ClientPlan } from '../scenario.ts';
import { type CallLedger, resultMark } from '../world/call-ledger.ts';
import type { Host } from '../world/host.ts';
import { ChannelConnection } from './channel-connection.ts';
import { type ClientConnection, LEGACY_VERSION, MODERN_VERSION } from './client-connection.ts';
import { HttpConnection } from './http-connection.ts';

export interface SimulatedClientOptions {
  readonly plan: ClientPlan;
  readonly server: MasterServer;
  readonly hosts: readonly Host[];
  readonly time: SimulatedTime;
  readonly trace: Trace;
  readonly ledger: CallLedger;
  readonly violations: Violations;
  readonly conditions: Conditions;
  readonly choices: Choices;
  /** How long the world has stood still so far: deadlines move by it. */
  readonly frozenMs: () => number;
}

type Purpose =
  'initialize' | 'call' | 'list' | 'read' | 'ping' | 'wrong' | 'listed-call' | 'unlisted-call' | 'listen';

interface Pending {
  readonly purpose: Purpose;
  readonly host: string;
  readonly token: string;
  /** By then there is an answer; `Infinity` for what has no end. */
  readonly deadlineMs: number;
  isCancelled: boolean;
}

/** A call waits so long for a server that is starting. */
const START_WAIT_MS = 10_000;
/** What the invariant allows beyond a deadline. */
const LATE_MS = 1_000;
/** How long lists wait for what is too old, and for servers that start. */
const LIST_MS = 20_000;
/** Kept to notice a second answer. */
const MAX_ANSWERED = 2_000;
const ERROR_CODE = /"code":"(OMNI_[A-Z_]+)"/;
const RESPONSE_ID = /^\{"jsonrpc":"2\.0","id":(\d+),/;
const CAPABILITIES = ['{}', '{"sampling":{},"roots":{}}'] as const;

/** One client that calls, lists, gives up and goes away, and checks what it is told. */
export class SimulatedClient {
  readonly #options: SimulatedClientOptions;
  readonly #pending = new Map<number, Pending>();
  readonly #answered = new Map<number, Pending>();
  readonly #ended = new Set<string>();
  #connection: ClientConnection | undefined;
  #isInitialized = false;
  #ids = 0;
  #listenId: number | undefined;
  #calls = 0;
  #answers = 0;

  constructor(options: SimulatedClientOptions) {
    this.#options = options;
    this.#connect();
  }

  get calls(): number {
    return this.#calls;
  }

  get answers(): number {
    return this.#answers;
  }

  /** Requests that have no answer yet, subscriptions aside. */
  get waiting(): number {
    return [...this.#pending.values()].filter(
      ({ purpose, isCancelled }) => purpose !== 'listen' && !isCancelled,
    ).length;
  }

  /** Does one of the things that clients do. */
  act(): void {
    const { choices, conditions, plan } = this.#options;
    if (!this.#isInitialized) {
      if (plan.era === 'legacy' && this.#pending.size === 0) this.#reconnect();
      return;
    }
    const dice = choices.random();
    const act =
      dice < 0.72
        ? 'call'
        : dice < 0.8
          ? 'list'
          : dice < 0.84
            ? 'read'
            : dice < 0.9
              ? 'cancel'
              : dice < 0.93
                ? 'wrong'
                : dice < 0.96
                  ? 'listen'
                  : dice < 0.98
                    ? 'ping'
                    : 'leave';
    conditions.reach(`client:${act} ${plan.era} ${plan.transport}`);
    switch (act) {
      case 'call':
        return this.#call(choices.pick(this.#options.hosts), undefined, 'call');
      case 'list':
        return void this.#send('list', 'tools/list', '{}', { withinMs: LIST_MS });
      case 'read':
        return this.#read();
      case 'cancel':
        return this.#cancel();
      case 'wrong':
        return this.#sendWrong();
      case 'listen':
        return this.#listen();
      case 'ping':
        return plan.era === 'legacy'
          ? void this.#send('ping', 'ping', '{}', { withinMs: LATE_MS })
          : undefined;
      case 'leave':
        return this.#reconnect();
    }
  }

  /** Looks whether answers are overdue. */
  look(): void {
    const { time, violations, plan, frozenMs } = this.#options;
    for (const [id, { deadlineMs, isCancelled, purpose, host, token }] of this.#pending) {
      if (isCancelled || time.nowMs <= deadlineMs + frozenMs()) continue;
      this.#pending.delete(id);
      violations.add('I1', `${plan.name} has no answer to ${purpose} ${token} at "${host}" in time`);
    }
  }

  close(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    this.#isInitialized = false;
    this.#pending.clear();
    connection?.close();
  }

  #connect(): void {
    const { server, plan } = this.#options;
    const isModern = plan.era === 'modern';
    const own: { connection: ClientConnection | undefined } = { connection: undefined };
    const listener = {
      onMessage: (text: string): void => {
        if (this.#connection === own.connection || own.connection === undefined) this.#onMessage(text);
      },
      onOver: (id: number | undefined): void => {
        if (this.#connection === own.connection) this.#onOver(id);
      },
    };
    const { principal } = plan;
    own.connection =
      plan.transport === 'channel'
        ? new ChannelConnection(server, { id: principal, kind: 'token' }, isModern, listener)
        : new HttpConnection(server, `simulated-token-of-${principal}`, isModern, listener);
    this.#connection = own.connection;
    this.#isInitialized = isModern;
    if (isModern) return;
    const capabilities = CAPABILITIES[plan.isCapable ? 1 : 0];
    const clientInfo = `{"name":"${plan.name}","version":"1"}`;
    const params = `{"protocolVersion":"${LEGACY_VERSION}","capabilities":${capabilities},"clientInfo":${clientInfo}}`;
    this.#send('initialize', 'initialize', params, { withinMs: LIST_MS });
  }

  #reconnect(): void {
    this.#listenId = undefined;
    this.close();
    this.#answered.clear();
    this.#ended.clear();
    this.#connect();
  }

  #call(host: Host, tool: string | undefined, purpose: Purpose): void {
    const { choices, ledger, plan, conditions } = this.#options;
    const token = `${plan.name}-${++this.#calls}`;
    const argumentsText = `{ "token":"${token}","n":${choices.between(0, 9)}.50,"deep":[[{"a":1e3}]],"text":"\\u2028é" }`;
    const name = tool ?? `${host.name}__${choices.pick([...host.tools, 't0', 'extra'])}`;
    const { callTimeoutMs, connectTimeoutMs } = host.plan;
    // With progress the longest duration of a call counts, which is the same here.
    const withinMs = START_WAIT_MS + connectTimeoutMs * 2 + callTimeoutMs * 2 + LATE_MS;
    const withProgress = choices.chance(0.3);
    ledger.open({ token, client: plan.name, host: host.name, argumentsText });
    conditions.reach(`call:${plan.era} to ${host.plan.era} ${host.plan.transport} ${host.plan.instances}`);
    this.#send(purpose, 'tools/call', `{"name":"${name}","arguments":${argumentsText}}`, {
      withinMs,
      host: host.name,
      token,
      name,
      ...(withProgress && { progressToken: token }),
    });
  }

  #read(): void {
    const { choices, hosts } = this.#options;
    const host = choices.pick(hosts);
    const uri = `sim://${host.name}/r`;
    const withinMs = START_WAIT_MS + host.plan.connectTimeoutMs * 2 + host.plan.callTimeoutMs * 2 + LATE_MS;
    this.#send('read', 'resources/read', `{"uri":"${uri}"}`, { withinMs, host: host.name, name: uri });
  }

  #cancel(): void {
    const { choices } = this.#options;
    const calls = [...this.#pending].filter(
      ([, { purpose, isCancelled }]) => purpose === 'call' && !isCancelled,
    );
    if (calls.length === 0) return;
    const [id, pending] = choices.pick(calls);
    pending.isCancelled = true;
    this.#connection?.cancel(id);
  }

  #listen(): void {
    const { plan } = this.#options;
    if (plan.era === 'legacy' || this.#listenId !== undefined) return;
    this.#listenId = this.#send(
      'listen',
      'subscriptions/listen',
      '{"notifications":{"toolsListChanged":true}}',
      {
        withinMs: Infinity,
      },
    );
  }

  #sendWrong(): void {
    const { choices } = this.#options;
    const [method, params, name] = choices.pick([
      ['tools/call', '{"name":"nobody__t","arguments":{}}', 'nobody__t'],
      ['tools/call', '{"name":"h0__none","arguments":{"token":"?"}}', 'h0__none'],
      ['no/such/method', '{}', undefined],
      ['tools/list', '{"cursor":"made up"}', undefined],
      ['tools/call', '{"arguments":{}}', undefined],
    ] as const);
    this.#send('wrong', method, params, { withinMs: LIST_MS, ...(name !== undefined && { name }) });
  }

  #send(
    purpose: Purpose,
    method: string,
    params: string,
    {
      withinMs,
      host = '',
      token = '',
      name,
      progressToken,
    }: {
      readonly withinMs: number;
      readonly host?: string;
      readonly token?: string;
      readonly name?: string;
      readonly progressToken?: string;
    },
  ): number {
    const { time, plan, frozenMs } = this.#options;
    const id = ++this.#ids;
    const deadlineMs = time.nowMs - frozenMs() + withinMs;
    this.#pending.set(id, { purpose, host, token, deadlineMs, isCancelled: false });
    const meta = [
      ...(plan.era === 'modern'
        ? [
            `"io.modelcontextprotocol/protocolVersion":"${MODERN_VERSION}"`,
            `"io.modelcontextprotocol/clientCapabilities":${CAPABILITIES[plan.isCapable ? 1 : 0]}`,
          ]
        : []),
      ...(progressToken === undefined ? [] : [`"progressToken":"${progressToken}"`]),
    ];
    const whole =
      meta.length === 0
        ? params
        : `${params.slice(0, -1)}${params === '{}' ? '' : ','}"_meta":{${meta.join(',')}}}`;
    const text = `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${whole}}`;
    if (this.#connection?.request(id, method, text, name) !== true) this.#pending.delete(id);
    return id;
  }

  #onMessage(text: string): void {
    const id = Number(RESPONSE_ID.exec(text)?.[1] ?? Number.NaN);
    if (Number.isNaN(id)) return this.#onNotification(text);
    const pending = this.#pending.get(id);
    const { violations, plan, trace } = this.#options;
    if (pending === undefined) {
      if (this.#answered.has(id))
        violations.add('I1', `${plan.name} has two answers to request ${id}: ${text}`);
      return;
    }
    this.#pending.delete(id);
    this.#answered.set(id, pending);
    if (pending.token !== '') this.#ended.add(pending.token);
    if (this.#answered.size > MAX_ANSWERED) this.#forgetOldest();
    this.#answers++;
    const code = ERROR_CODE.exec(text)?.[1];
    trace.note(
      `${plan.name} ${pending.purpose} ${pending.token} ${pending.host} ${code ?? (text.includes('"error":{') ? 'error' : 'ok')}`,
    );
    if (code !== undefined) this.#options.conditions.reach(`refusal:${code}`);
    this.#check(pending, text, code);
  }

  #check(pending: Pending, text: string, code: string | undefined): void {
    const { violations, plan, hosts, choices } = this.#options;
    const { purpose, token, host } = pending;
    const isError = code !== undefined || /^\{"jsonrpc":"2\.0","id":\d+,"error"/.test(text);
    switch (purpose) {
      case 'initialize':
        this.#isInitialized = !isError;
        this.#connection?.notify('{"jsonrpc":"2.0","method":"notifications/initialized"}');
        return;
      case 'call':
      case 'listed-call':
      case 'unlisted-call': {
        const others = /"token":"([^"]+)"/.exec(text)?.[1];
        if (others !== undefined && others !== token)
          violations.add('I2', `${plan.name} asked ${token} and was answered ${others}`);
        if (!isError && !text.includes(resultMark(token, host)))
          violations.add(
            'I12',
            `${plan.name} was answered other bytes to ${token} than "${host}" sent: ${text}`,
          );
        if (purpose === 'listed-call' && (code === 'OMNI_NAME_UNKNOWN' || code === 'OMNI_METHOD_UNKNOWN'))
          violations.add('I5', `${plan.name} was listed a tool of "${host}" that cannot be called: ${text}`);
        if (purpose === 'unlisted-call' && !isError)
          violations.add('I5', `${plan.name} called a tool of "${host}" that was not listed`);
        return;
      }
      case 'list': {
        if (isError) return;
        const names = [...text.matchAll(/"name":"(h\d+__[^"]+)"/g)].map(([, name]) => name ?? '');
        const listed = new Set(names);
        const missing = hosts.filter(({ name }) => !names.some((tool) => tool.startsWith(`${name}__`)));
        // In the same instant nothing can have changed.
        if (names.length > 0 && choices.chance(0.5)) {
          const tool = choices.pick(names);
          const of = hosts.find(({ name }) => tool.startsWith(`${name}__`));
          if (of !== undefined && !of.has('list-errors')) this.#call(of, tool, 'listed-call');
        } else if (missing.length > 0) {
          const of = choices.pick(missing);
          const tool = `${of.name}__t0`;
          if (!listed.has(tool)) this.#call(of, tool, 'unlisted-call');
        }
        return;
      }
      default:
        return;
    }
  }

  #onNotification(text: string): void {
    const { violations, plan, conditions } = this.#options;
    const method = /"method":"([^"]+)"/.exec(text)?.[1] ?? 'none';
    conditions.reach(`client hears ${method}`);
    if (method !== 'notifications/progress') return;
    const token = /"progressToken":"([^"]+)"/.exec(text)?.[1] ?? '';
    if (!token.startsWith(`${plan.name}-`))
      violations.add('I2', `${plan.name} hears of the progress of ${token}`);
    if (this.#ended.has(token))
      violations.add('I15', `${plan.name} hears of progress behind the answer to ${token}`);
  }

  #onOver(id: number | undefined): void {
    const { violations, plan } = this.#options;
    if (id === undefined) {
      this.#pending.clear();
      this.#isInitialized = false;
      this.#listenId = undefined;
      return;
    }
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    if (id === this.#listenId) this.#listenId = undefined;
    else if (!pending.isCancelled)
      violations.add(
        'I1',
        `${plan.name} has no answer to ${pending.purpose} ${pending.token}: its exchange has ended`,
      );
  }

  #forgetOldest(): void {
    const [oldest] = this.#answered;
    if (oldest === undefined) return;
    this.#answered.delete(oldest[0]);
    this.#ended.delete(oldest[1].token);
  }
}
