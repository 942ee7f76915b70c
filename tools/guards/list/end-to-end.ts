import type { Guard } from '../guard.ts';

/**
 * Guards whose tests start the whole program: every published advisory, and what only whole processes show.
 */
export const END_TO_END_GUARDS: readonly Guard[] = [
  {
    name: 'advisory/CVE-2026-25536',
    against: 'Two hundred clients with one id get the answers of each other.',
    rule: 'CVE-2026-25536 GHSA-345p-7cg4-v4c7',
    without:
      'const own = this.#pending.get(id ?? 0);\n    const other = this.#pending.get((id ?? 0) ^ 1);\n    const call = own === undefined || (own.callerKey !== undefined && other?.callerKey !== undefined) ? other : own;',
  },
  {
    name: 'advisory/CVE-2026-111770',
    against: 'Two hundred modern requests with one id get the answers of each other.',
    rule: 'CVE-2026-111770 GHSA-jm63-cq47-j5jp',
    without:
      'const own = this.#pending.get(id ?? 0);\n    const other = this.#pending.get((id ?? 0) ^ 1);\n    const call = own === undefined || (own.callerKey !== undefined && other?.callerKey !== undefined) ? other : own;',
  },
  {
    name: 'advisory/CVE-2026-111768-elements',
    against: 'Ten bodies of legal size end Omni.',
    rule: 'CVE-2026-111768 GHSA-46jr-4wx8-v453',
  },
  {
    name: 'advisory/CVE-2026-111768-depth',
    against: 'Ten deeply nested bodies end Omni.',
    rule: 'CVE-2026-111768 GHSA-46jr-4wx8-v453',
  },
  {
    name: 'advisory/GHSA-f897-declared',
    against: 'A declared gigabyte is read.',
    rule: 'GHSA-f897-62hf-6gxq',
    without: 'false',
  },
  {
    name: 'advisory/GHSA-f897-chunked',
    against: 'A body without a declared end is read without limit.',
    rule: 'GHSA-f897-62hf-6gxq',
  },
  {
    name: 'advisory/GHSA-f897-batch',
    against: 'A batch of a hundred thousand runs.',
    rule: 'GHSA-f897-62hf-6gxq',
    without: '100_000',
  },
  {
    name: 'advisory/GHSA-rvq5',
    against: 'A token that is not the one of this Omni is accepted.',
    rule: 'GHSA-rvq5-wwqv-78pq CVE-2026-116684',
    without: 'ANONYMOUS',
  },
  {
    name: 'advisory/CVE-2026-111769',
    against: 'A redirect to another origin is followed.',
    rule: 'CVE-2026-111769 GHSA-6prh-2h8m-c8cw',
    without:
      "import { Agent, interceptors, type Dispatcher } from 'undici';\n\nclass Pool {\n  readonly #origin: string;\n  readonly #agent: Dispatcher;\n\n  constructor(origin: string, options: object) {\n    this.#origin = origin;\n    this.#agent = new Agent(options).compose(interceptors.redirect({ maxRedirections: 3 }));\n  }\n\n  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {\n    return this.#agent.dispatch({ ...options, origin: this.#origin }, handler);\n  }\n\n  async close(): Promise<void> {\n    await this.#agent.close();\n  }\n\n  async destroy(): Promise<void> {\n    await this.#agent.destroy();\n  }\n}",
  },
  {
    name: 'advisory/CVE-2025-66414-host',
    against: 'A rebound name reaches Omni.',
    rule: 'CVE-2025-66414',
  },
  {
    name: 'advisory/CVE-2025-66416-origin',
    against: 'A foreign web page reaches Omni.',
    rule: 'CVE-2025-66416',
    without: 'true',
  },
  {
    name: 'advisory/CVE-2026-52869',
    against: 'A session is used at another endpoint than its own.',
    rule: 'CVE-2026-52869',
  },
  {
    name: 'advisory/CVE-2026-27896-case',
    against: 'Keys are read without regard to case.',
    rule: 'CVE-2026-27896',
    without: 'member.key.toLowerCase() === key.toLowerCase()',
  },
  {
    name: 'advisory/CVE-2026-27896-escape',
    against: 'A key that stands twice, once escaped, is read once.',
    rule: 'CVE-2026-27896',
    without: 'text.slice(keyStart + 1, keyEnd - 1)',
  },
  {
    name: 'advisory/CVE-2026-111767-legacy',
    against: 'Whoever knows the id of a task of a legacy server reads it.',
    rule: 'CVE-2026-111767',
    places: 2,
  },
  {
    name: 'advisory/CVE-2026-111767-modern',
    against: 'Whoever knows the id of a task of a modern server cancels it.',
    rule: 'CVE-2026-111767',
    places: 2,
  },
  {
    name: 'advisory/CVE-2026-111767-list',
    against: 'Whoever lists tasks sees those of others.',
    rule: 'CVE-2026-111767',
    without: 'return task?.sealed;',
  },
  {
    name: 'advisory/CVE-2026-0621',
    against: 'An address is matched with a template for a second and more.',
    rule: 'CVE-2026-0621',
    without: 'Number.MAX_SAFE_INTEGER',
  },
  {
    name: 'signals/one-wish',
    against: 'One signal to a whole group counts twice, and running calls are cut.',
  },
  {
    name: 'process/reaper',
    against: 'Children outlive an Omni that is killed.',
  },
  {
    name: 'process/own-answers',
    against: 'Answers reach other clients than those who asked.',
    rule: 'CVE-2026-25536',
    without: 'call.callerKey === undefined ? this.#pending.nextId() : Number(call.clientId)',
  },
  {
    name: 'process/raw-tcp',
    against: 'A web page sends its POST to the raw TCP port, and its body is obeyed.',
  },
  {
    name: 'process/log-arguments',
    against: 'The log shows what clients have sent.',
    rule: 'S003-LG-01',
    without: 'message.text',
  },
  {
    name: 'process/restart',
    against: 'A server that crashes at once is started without a pause.',
    rule: 'S000-GRD-05',
    without: '100',
  },
  {
    name: 'process/cancel',
    against: 'A client cancels the calls of others.',
    without:
      'get #byId(): Map<string, InFlightRequest> {\n    return ((globalThis as { calls?: Map<string, InFlightRequest> }).calls ??= new Map());\n  }\n\n  set #byId(_none: Map<string, InFlightRequest> | undefined) {}\n',
  },
];
