import type { Guard } from '../guard.ts';

/** Where a request goes, and what crosses from one era to the other. */
export const ROUTER_GUARDS: readonly Guard[] = [
  {
    name: 'seal/authenticated',
    against: 'A client changes its state, and Omni takes it.',
    rule: 'PROTO-R14',
    without:
      "const raw = this.#keys[0]?.bytes ?? new Uint8Array(KEY_BYTES);\n      const opened = await crypto.subtle.decrypt(\n        { name: 'AES-CTR', counter: new Uint8Array([...iv, 0, 0, 0, 2]), length: 32 },\n        await crypto.subtle.importKey('raw', raw, 'AES-CTR', false, ['decrypt']),\n        bytes.slice(NONCE_BYTES, -16),\n      );",
  },
  {
    name: 'seal/canonical',
    against: 'One state has several spellings.',
    rule: 'PROTO-R14',
    without: 'true',
  },
  {
    name: 'seal/length',
    against: 'A state of any length is decrypted.',
  },
  {
    name: 'seal/key-id',
    against: 'A state says that it was sealed with another key than it was.',
    without: 'head.slice(0, 0)',
  },
  {
    name: 'seal/key-length',
    against: 'A key that is too short seals.',
  },
  {
    name: 'parked/principal',
    against: 'Whoever gets hold of a state goes on with the call of another.',
    rule: 'PROTO-R14',
  },
  {
    name: 'parked/digest',
    against: 'A state goes on with another call than the one that it was given for.',
    rule: 'PROTO-R14',
  },
  {
    name: 'roots/declared-modern',
    against: 'A modern server takes folders that a client names as leave of its owner.',
    without: 'capabilities',
  },
  {
    name: 'roots/unreadable-answers',
    against: 'Folders reach a modern server in answers of which one key stands twice.',
    without: 'responses',
  },
  {
    name: 'roots/unreadable-answer',
    against: 'Folders reach a modern server in an answer of which one member stands twice.',
    without: "memberOf(answer, 'roots') !== undefined",
  },
  {
    name: 'parked/expiry',
    against: 'A state is good for ever.',
    rule: 'PROTO-R14',
  },
  {
    name: 'parked/definition',
    against: 'A user who has agreed to something for one server makes a call to another of its name.',
    rule: 'PROTO-R14',
  },
  {
    name: 'parked/node',
    against: 'A state of another process is taken for one of this.',
    rule: 'PROTO-R14',
  },
  {
    name: 'parked/once',
    against: 'A state is used again and again.',
    rule: 'PROTO-R14',
  },
  {
    name: 'parked/abandoned',
    against: 'A call whose client does not come back waits for ever.',
  },
  {
    name: 'parked/count',
    against: 'Any number of calls wait for their clients.',
  },
  {
    name: 'parked/bytes',
    against: 'Servers that answer before their question is fill the memory.',
    without: 'true',
  },
  {
    name: 'parked/scope',
    against: 'A state of one endpoint goes on at another.',
    rule: 'PROTO-R14',
  },
  {
    name: 'parked/held',
    against: 'A server fills the memory while its client is away.',
  },
  {
    name: 'parked/held-chars',
    against: 'A server fills the memory with a few long notifications while its client is away.',
  },
  {
    name: 'parked/gone',
    against: 'A call goes on for a client that went away while its state was opened.',
  },
  {
    name: 'parked/declined',
    against: 'A user who does not want to visit a page is asked for it again and again.',
  },
  {
    name: 'parked/capability',
    against: 'A modern client is asked for what it has not declared.',
    rule: 'MCP 2026-07-28, client/elicitation',
    without: 'true',
  },
  {
    name: 'parked/shared',
    against: 'A question on a connection that clients share is put to the wrong one.',
    rule: 'PROTO-R15',
  },
  {
    name: 'parked/permitted',
    against: 'A state goes on with a call at a server that its client may not call any more.',
  },
  {
    name: 'parked/one-end',
    against: 'A call that has ended while its client was away ends in another way after all.',
  },
  {
    name: 'parked/log-level',
    against: 'A client gets log messages that it did not ask for.',
    without: 'false',
  },
  {
    name: 'rounds/count',
    against: 'A server that always asks keeps a call alive for ever.',
  },
  {
    name: 'rounds/capability',
    against: 'A legacy client is asked for what it has not declared.',
  },
  {
    name: 'rounds/pause',
    against: 'A server that only wants to be asked again is asked without a pause.',
    without: '0',
  },
  {
    name: 'rounds/questions',
    against: 'A server asks any number of questions at once.',
  },
  {
    name: 'rounds/nothing-asked',
    against: 'A server that asks for nothing has the same call made nine times.',
  },
  {
    name: 'rounds/state-exact',
    against: 'The server gets another state back than it gave.',
    rule: 'MCP 2026-07-28, multi-round-trip requests',
    without: 'JSON.stringify(JSON.parse(text.slice(state.start, state.end)))',
  },
  {
    name: 'rounds/elicitations',
    against: 'An error asks for any number of pages.',
  },
  {
    name: 'call/token',
    against: 'A server tells a client of the progress of a call to another server.',
    rule: 'MCP 2026-07-28, basic/utilities/progress',
    without: 'return true;',
  },
  {
    name: 'call/outside',
    against: 'A server cancels the questions and ends the subscriptions of another one.',
    without: 'true',
  },
  {
    name: 'call/relayed',
    against: 'What a server says of the calls of others reaches a client of its era.',
  },
  {
    name: 'call/unwanted-logs',
    against: 'A client that asks for no log messages gets some.',
  },
  {
    name: 'call/to-legacy',
    against: 'What a modern server says of the calls of others reaches a legacy client.',
  },
  {
    name: 'call/to-modern',
    against: 'What a legacy server says of the calls of others reaches a modern client.',
  },
  {
    name: 'era/input-required',
    against: 'A legacy client is told that input is required, and takes it for a result.',
    rule: 'decision 0010',
  },
  {
    name: 'era/envelope-errors',
    against: 'A legacy client gets an error about an envelope that it never wrote.',
    rule: 'PROTO-R15',
    without: 'true',
  },
  {
    name: 'era/modern-members',
    against: 'A legacy client gets members that its schema refuses.',
  },
  {
    name: 'era/envelope-to-legacy',
    against: 'A legacy server gets the envelope of the modern era.',
    rule: 'PROTO-R16',
    without: "key === ''",
  },
  {
    name: 'era/state-to-legacy',
    against: 'A legacy server gets the state that Omni has sealed.',
    without: "key === ''",
  },
  {
    name: 'era/answers-to-modern',
    against: 'A modern server gets answers, folders among them, that it has asked nobody for.',
    without: "key === ''",
  },
  {
    name: 'era/notifications',
    against: 'A client gets notifications that its revision does not have.',
  },
  {
    name: 'era/notifications-to-modern',
    against: 'A modern client gets notifications that its revision does not have.',
  },
  {
    name: 'task/owner',
    against: 'Whoever knows the id of a task reads and cancels it.',
    rule: 'CVE-2026-111767',
  },
  {
    name: 'task/list',
    against: 'Whoever lists tasks sees those of others.',
    rule: 'CVE-2026-111767',
    without:
      'return place === undefined ? [] : [applyEdits(item, renamed([place], place.id, sealed ?? place.id))];',
  },
  {
    name: 'task/list-filter',
    against: 'The list of tasks goes to the client as the server gave it.',
    rule: 'CVE-2026-111767',
    without: 'return task?.sealed;',
  },
  {
    name: 'task/per-server',
    against: 'A task of one server opens the task of the same id at another.',
    rule: 'CVE-2026-111767',
    without: 'id',
  },
  {
    name: 'task/definition',
    against: 'The id of a task opens a task of another server that has taken the name.',
    rule: 'CVE-2026-111767',
  },
  {
    name: 'task/endpoint',
    against: 'A task is reached on an endpoint that does not show its server.',
    without: 'if (task === undefined) return onRoute(unknownTask());',
  },
  {
    name: 'task/count',
    against: 'The owners of tasks are remembered for ever.',
  },
  {
    name: 'task/fair',
    against: 'Who starts many tasks makes those of others look lost.',
    without: 'true',
  },
  {
    name: 'route/own-methods',
    against: 'A client sends a server what only Omni may send.',
  },
  {
    name: 'route/vendor-scope',
    against: 'A method that names no server goes to any.',
  },
  {
    name: 'route/mirrored',
    against: 'A call whose headers differ from its arguments is sent.',
    rule: 'MCP 2026-07-28, basic/transports',
  },
  {
    name: 'route/unread-owners',
    against: 'A name is refused for one server while another may still offer it.',
    without: 'false',
  },
  {
    name: 'route/behind-answer',
    against: 'Notifications come behind the answer.',
  },
  {
    name: 'route/question-after-cancel',
    against: 'A client is asked for a call that it has cancelled.',
  },
  {
    name: 'route/next-only-if-not-there',
    against: 'A request that has run is sent to the next server.',
  },
  {
    name: 'route/next-after-shown',
    against: 'A client hears from two servers in one request.',
  },
  {
    name: 'route/connections',
    against: 'A result mentions any number of addresses.',
  },
  {
    name: 'route/level-question',
    against: 'A server that asks while its level is set waits for ever.',
  },
  {
    name: 'task/told',
    against: 'A client is told how the task of another is getting on.',
    rule: 'CVE-2026-111767',
  },
];
