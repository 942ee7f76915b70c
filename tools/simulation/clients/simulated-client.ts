import type { MasterServer } from '@omni/container';
import type { Conditions } from '../checks/conditions.ts';
import type { Violations } from '../checks/violations.ts';
import type { Choices } from '../engine/choices.ts';
import type { SimulatedTime } from '../engine/simulated-time.ts';
import type { Trace } from '../engine/trace.ts';
import type { ClientPlan } from '../scenario.ts';
import { TOTAL_FACTOR } from '../definitions.ts';
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
  /** For how long a server has not been there; 0 where it is. */
  readonly awayMs: (host: string) => number;
  /** When it was last listed again; 0 where it has always been. */
  readonly listedAtMs: (host: string) => number;
  /** For how long it has been down without an attempt; 0 where it is not. */
  readonly downMs: (host: string) => number;
  /** How long the world has stood still so far: deadlines move by it. */
  readonly frozenMs: () => number;
  /** When definitions were changed last. */
  readonly appliedMs: () => number;
}

type Purpose =
  'initialize' | 'call' | 'list' | 'read' | 'ping' | 'wrong' | 'listed-call' | 'unlisted-call' | 'listen';

interface Pending {
  readonly purpose: Purpose;
  readonly host: string;
  readonly token: string;
  /** By then there is an answer; `Infinity` for what has no end. */
  readonly deadlineMs: number;
  readonly sentAtMs: number;
  isCancelled: boolean;
  cancelledAtMs: number;
  /** Whether a request with the same id was sent while this one ran. */
  hasTwin: boolean;
}

/** A call waits so long for a server that is starting. */
const START_WAIT_MS = 10_000;
/** What the invariant allows beyond a deadline. */
const LATE_MS = 1_000;
/** Calls at once; far more than the smallest limits. */
const FLOOD = 25;
/** What a client that comes and goes does before it is as others are. */
const RESTLESS_STEPS = 24;
/** How long a client rests at most, longer than its session lasts. */
const REST_MS = 60_000;
/** How long lists wait at most: for what is too old, for servers that start, for what is a client's own. */
const LIST_MS = 7_000;
const INITIALIZE_MS = 2_000;
/** A server that has been away for so long is in no list; most are back before. */
const LISTED_MS = 60_000;
/** List changes that a client is told of in ten seconds. */
const MAX_CHANGES = 20;
const CHANGES_MS = 10_000;
/** A server of the modern era is asked for the legacy one first, where a client needs that. */
const OTHER_ERA_MS = 3_000;
/** A call waits so long for lists that are a client's own. */
const VARIANT_MS = 10_000;
/** Kept to notice a second answer. */
const MAX_ANSWERED = 2_000;
const ERROR_CODE = /"code":"(OMNI_[A-Z_]+)"/;
const RESPONSE_ID = /^\{"jsonrpc":"2\.0","id":(\d+),/;
const CAPABILITIES = ['{}', '{"sampling":{},"roots":{}}'] as const;

type Act =
  | 'call'
  | 'list'
  | 'read'
  | 'cancel'
  | 'wrong'
  | 'listen'
  | 'ping'
  | 'twin'
  | 'leave'
  | 'flood'
  | 'restless'
  | 'rest';

/** How often clients do what, of a whole. */
const ACTS: readonly (readonly [Act, number])[] = [
  ['call', 0.7],
  ['list', 0.08],
  ['read', 0.04],
  ['cancel', 0.06],
  ['wrong', 0.03],
  ['listen', 0.03],
  ['ping', 0.01],
  ['twin', 0.02],
  ['leave', 0.01],
  ['flood', 0.005],
  ['restless', 0.005],
  ['rest', 0.01],
];

function actOf(dice: number): Act {
  let sum = 0;
  for (const [act, share] of ACTS) {
    sum += share;
    if (dice < sum) return act;
  }
  return 'call';
}

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
  #changes: number[] = [];
  #restlessSteps = 0;
  #restsUntilMs = 0;

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
    const { choices, conditions, plan, time } = this.#options;
    if (!this.#isInitialized) {
      if (plan.era === 'legacy' && this.#pending.size === 0) this.#reconnect();
      return;
    }
    if (time.nowMs < this.#restsUntilMs) return;
    if (this.#restlessSteps > 0) return this.#beRestless();
    const act = actOf(choices.random());
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
      case 'twin':
        return this.#repeatId();
      case 'flood': {
        const host = choices.pick(this.#options.hosts);
        for (let call = 0; call < FLOOD; call++) this.#call(host, undefined, 'call');
        return;
      }
      case 'restless':
        this.#restlessSteps = RESTLESS_STEPS;
        return;
      case 'rest':
        this.#call(choices.pick(this.#options.hosts), undefined, 'call');
        this.#restsUntilMs = time.nowMs + choices.random() * REST_MS;
        return;
    }
  }

  /** It opens one session after the other, uses it once, and says of none that it is over. */
  #beRestless(): void {
    const { choices, hosts } = this.#options;
    if (this.#restlessSteps-- % 3 === 0) return this.#call(choices.pick(hosts), undefined, 'call');
    this.#reconnect(true);
  }

  /** Looks whether answers are overdue. */
  look(): void {
    const { time, violations, plan, frozenMs, ledger } = this.#options;
    for (const [id, { deadlineMs, isCancelled, purpose, host, token }] of this.#pending) {
      if (isCancelled) continue;
      const answeredForMs = ledger.answeredForMs(token);
      if (answeredForMs > LATE_MS) {
        this.#pending.delete(id);
        violations.add(
          'I1',
          `${plan.name} is not told the answer to ${token}, which "${host}" gave ${answeredForMs} ms ago`,
        );
      }
      if (time.nowMs <= deadlineMs + frozenMs()) continue;
      this.#pending.delete(id);
      violations.add('I1', `${plan.name} has no answer to ${purpose} ${token} at "${host}" in time`);
    }
  }

  /** @param isSilent - Whether the client goes away without a word. Default: chance decides. */
  close(isSilent = this.#options.choices.chance(0.5)): void {
    const connection = this.#connection;
    this.#connection = undefined;
    this.#isInitialized = false;
    const { plan, ledger } = this.#options;
    // The end of an exchange is no cancellation in the legacy era: the client may come back for the answer.
    const mayComeBack = isSilent && plan.era === 'legacy' && plan.transport === 'http';
    for (const { token } of this.#pending.values())
      if (mayComeBack) ledger.onOver(token);
      else ledger.abandon(token);
    this.#pending.clear();
    connection?.close(isSilent);
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
      onMore: (): void =>
        this.#options.violations.add('I15', `${plan.name} is sent more behind a complete answer`),
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
    this.#send('initialize', 'initialize', params, { withinMs: INITIALIZE_MS });
  }

  /** @param isSilent - As in {@link close}. */
  #reconnect(isSilent?: boolean): void {
    this.#listenId = undefined;
    this.close(isSilent);
    this.#answered.clear();
    this.#ended.clear();
    this.#connect();
  }

  #call(host: Host, tool: string | undefined, purpose: Purpose): void {
    const { choices, ledger, plan, conditions } = this.#options;
    const token = `${plan.name}-${++this.#calls}`;
    const argumentsText = `{ "token":"${token}","n":${choices.between(0, 9)}.50,"deep":[[{"a":1e3}]],"text":"\\u2028é" }`;
    const name = tool ?? `${host.name}__${choices.pick([...host.tools, 't0', 'extra'])}`;
    const withProgress = choices.chance(0.3);
    const withinMs = this.#longestMs(host, withProgress);
    const { name: client, principal, isCapable } = plan;
    ledger.open({ token, client, principal, isCapable, host: host.name, argumentsText });
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
    // Who alone uses the scheme of an address is asked for what nobody lists.
    const withinMs = Math.max(...hosts.map((any) => this.#longestMs(any, false)));
    this.#send('read', 'resources/read', `{"uri":"${uri}"}`, { withinMs, host: host.name, name: uri });
  }

  /** How long a request may take: the start of the server and of an instance of one's own, and the call. */
  #longestMs(
    { plan: { connectTimeoutMs, callTimeoutMs, era, instances } }: Host,
    withProgress: boolean,
  ): number {
    const isShared = era === 'legacy' ? instances === 'shared' : this.#options.plan.era === 'modern';
    const startMs =
      Math.min(START_WAIT_MS, connectTimeoutMs) + (isShared ? 0 : connectTimeoutMs * 2 + OTHER_ERA_MS);
    // Progress puts the end of a silence off, up to the longest duration.
    return startMs + callTimeoutMs * (withProgress ? TOTAL_FACTOR : 1) + VARIANT_MS + LATE_MS;
  }

  /** A request whose id is in use. */
  #repeatId(): void {
    const { plan, choices } = this.#options;
    const calls = [...this.#pending].filter(
      ([, { purpose, isCancelled }]) => purpose === 'call' && !isCancelled,
    );
    if (plan.transport === 'http' || calls.length === 0) return;
    const [id, pending] = choices.pick(calls);
    pending.hasTwin = true;
    const meta = plan.era === 'modern' ? `,"params":{"_meta":{${this.#envelope}}}` : '';
    this.#connection?.request(id, 'tools/list', `{"jsonrpc":"2.0","id":${id},"method":"tools/list"${meta}}`);
  }

  #cancel(): void {
    const { choices, hosts, time } = this.#options;
    // Some are given up before anybody can have done anything.
    if (choices.chance(0.3)) this.#call(choices.pick(hosts), undefined, 'call');
    const calls = [...this.#pending].filter(
      ([, { purpose, isCancelled }]) => purpose === 'call' && !isCancelled,
    );
    if (calls.length === 0) return;
    const [id, pending] = choices.chance(0.5) ? choices.pick(calls) : (calls.at(-1) ?? choices.pick(calls));
    pending.isCancelled = true;
    pending.cancelledAtMs = time.nowMs;
    this.#options.ledger.abandon(pending.token);
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
    this.#send('wrong', method, params, {
      withinMs: LIST_MS + VARIANT_MS,
      ...(name !== undefined && { name }),
    });
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
    this.#pending.set(id, {
      purpose,
      host,
      token,
      deadlineMs,
      sentAtMs: time.nowMs,
      isCancelled: false,
      cancelledAtMs: Infinity,
      hasTwin: false,
    });
    const meta = [
      ...(plan.era === 'modern' ? [this.#envelope] : []),
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

  get #envelope(): string {
    const capabilities = CAPABILITIES[this.#options.plan.isCapable ? 1 : 0];
    return `"io.modelcontextprotocol/protocolVersion":"${MODERN_VERSION}","io.modelcontextprotocol/clientCapabilities":${capabilities}`;
  }

  #onMessage(text: string): void {
    const id = Number(RESPONSE_ID.exec(text)?.[1] ?? Number.NaN);
    if (Number.isNaN(id)) return this.#onNotification(text);
    const pending = this.#pending.get(id);
    const { violations, plan, trace, time, ledger } = this.#options;
    if (pending === undefined) {
      if (this.#answered.has(id))
        violations.add('I1', `${plan.name} has two answers to request ${id}: ${text}`);
      return;
    }
    if (pending.hasTwin && /OMNI_REQUEST_ID_IN_USE|OMNI_OVERLOADED/.test(text)) {
      pending.hasTwin = false;
      this.#options.conditions.reach(`refusal:${ERROR_CODE.exec(text)?.[1]}`);
      return;
    }
    this.#pending.delete(id);
    if (time.nowMs > pending.cancelledAtMs)
      violations.add('I15', `${plan.name} is answered ${pending.token}, which it has cancelled: ${text}`);
    this.#answered.set(id, pending);
    if (pending.token !== '') {
      this.#ended.add(pending.token);
      ledger.onOver(pending.token);
    }
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
    const { violations, plan, hosts, choices, time } = this.#options;
    const { purpose, token, host } = pending;
    if (plan.era === 'legacy' && text.includes('"resultType"'))
      violations.add(
        'I12',
        `${plan.name} was answered with members of the modern era: ${text.slice(0, 200)}`,
      );
    const isError = code !== undefined || /^\{"jsonrpc":"2\.0","id":\d+,"error"/.test(text);
    switch (purpose) {
      case 'initialize':
        this.#isInitialized = !isError;
        this.#connection?.notify('{"jsonrpc":"2.0","method":"notifications/initialized"}');
        return;
      case 'call':
      case 'listed-call':
      case 'unlisted-call': {
        this.#checkWait(pending, code);
        const others = /"token":"([^"]+)"/.exec(text)?.[1];
        if (others !== undefined && others !== token)
          violations.add('I2', `${plan.name} asked ${token} and was answered ${others}`);
        if (!isError && !text.includes(resultMark(token, host)))
          violations.add(
            'I12',
            `${plan.name} was answered other bytes to ${token} than "${host}" sent: ${text}`,
          );
        if (
          purpose === 'listed-call' &&
          (code === 'OMNI_NAME_UNKNOWN' || code === 'OMNI_METHOD_UNKNOWN') &&
          // Then it may have been taken out between list and call.
          this.#options.appliedMs() !== time.nowMs
        )
          violations.add('I5', `${plan.name} was listed a tool of "${host}" that cannot be called: ${text}`);
        if (purpose === 'unlisted-call' && !isError && !this.#mayBeListedBy(pending))
          violations.add('I5', `${plan.name} called a tool of "${host}" that was not listed`);
        return;
      }
      case 'list': {
        if (isError) return;
        const names = [...text.matchAll(/"name":"(h\d+__[^"]+)"/g)].map(([, name]) => name ?? '');
        const listed = new Set(names);
        for (const { name } of hosts)
          if (this.#options.awayMs(name) > LISTED_MS && names.some((tool) => tool.startsWith(`${name}__`)))
            violations.add('I5', `${plan.name} is listed tools of "${name}", which has long been away`);
        const missing = hosts.filter(({ name }) => !names.some((tool) => tool.startsWith(`${name}__`)));
        // In the same instant nothing but definitions can have changed.
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

  /** Nobody waits for a server that is not even tried. */
  #checkWait({ token, host, sentAtMs }: Pending, code: string | undefined): void {
    const { violations, plan, time, downMs, hosts } = this.#options;
    const waitedMs = time.nowMs - sentAtMs;
    const isShared = hosts.find(({ name }) => name === host)?.plan.instances === 'shared';
    if (code === 'OMNI_UPSTREAM_STARTING' && isShared && waitedMs > 0 && downMs(host) >= waitedMs)
      violations.add(
        'I4',
        `${plan.name} has waited ${waitedMs} ms with ${token} for "${host}", which is down`,
      );
  }

  /** A call of a name that nobody knows waits for lists: those of a server that comes, or of a client. */
  #mayBeListedBy({ token, host, sentAtMs }: Pending): boolean {
    const { ledger, hosts, listedAtMs } = this.#options;
    const hasWaited = ledger.waitedMs(token) > 0;
    const hasOwnLists = hosts.find(({ name }) => name === host)?.plan.instances !== 'shared';
    return hasWaited && (hasOwnLists || listedAtMs(host) >= sentAtMs);
  }

  #onNotification(text: string): void {
    const { violations, plan, conditions } = this.#options;
    const method = /"method":"([^"]+)"/.exec(text)?.[1] ?? 'none';
    conditions.reach(`client hears ${method}`);
    if (method === 'notifications/tools/list_changed') this.#onChange();
    if (method !== 'notifications/progress') return;
    const token = /"progressToken":"([^"]+)"/.exec(text)?.[1] ?? '';
    if (!token.startsWith(`${plan.name}-`))
      violations.add('I2', `${plan.name} hears of the progress of ${token}`);
    if (this.#ended.has(token))
      violations.add('I15', `${plan.name} hears of progress behind the answer to ${token}`);
  }

  #onChange(): void {
    const { time, violations, plan } = this.#options;
    this.#changes = [...this.#changes.filter((at) => time.nowMs - at < CHANGES_MS), time.nowMs];
    if (this.#changes.length > MAX_CHANGES)
      violations.add('I10', `${plan.name} is told of ${this.#changes.length} changes within ten seconds`);
  }

  #onOver(id: number | undefined): void {
    const { violations, plan } = this.#options;
    if (id === undefined) {
      for (const { token } of this.#pending.values()) this.#options.ledger.onOver(token);
      this.#pending.clear();
      this.#isInitialized = false;
      this.#listenId = undefined;
      return;
    }
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    this.#options.ledger.onOver(pending.token);
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
