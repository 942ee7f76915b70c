import type { Guard } from '../guard.ts';

/** Who may ask, and what a request may look like. */
export const FRONT_GUARDS: readonly Guard[] = [
  {
    name: 'host/list',
    against: 'A web page that rebinds its name to this machine calls Omni.',
    rule: 'CVE-2025-66414',
  },
  {
    name: 'host/shape',
    against: 'A Host header with two hosts or none is served.',
    without: 'undefined',
  },
  {
    name: 'host/length',
    against: 'A Host header of any length is taken apart.',
  },
  {
    name: 'origin/foreign',
    against: 'Any web page that the user visits calls Omni.',
    rule: 'CVE-2025-66416',
    without: 'true',
  },
  {
    name: 'origin/null',
    against: 'A list that names the origin null trusts every sandboxed frame.',
  },
  {
    name: 'origin/rebound',
    against: 'A page under a rebound name counts as the own page of an outside bind.',
  },
  {
    name: 'origin/memory',
    against: 'The verdict about one origin counts for the next.',
  },
  {
    name: 'origin/memory-of-credentials',
    against: 'The verdict about a program that shows credentials counts for a page that shows none.',
  },
  {
    name: 'origin/page-of-this-machine',
    against: 'A page that any program of this machine serves opens WebSockets in open mode.',
  },
  {
    name: 'endpoint/page-without-origin',
    against: 'A page opens streams of HTTP+SSE by a frame or a picture, for which browsers send no Origin.',
  },
  {
    name: 'page/listed',
    against: 'Every page may read what it is answered.',
  },
  {
    name: 'token/needed',
    against: 'Whoever shows a wrong token is let in.',
    without: 'ANONYMOUS',
  },
  {
    name: 'token/missing',
    against: 'Whoever shows no token is let in.',
    without: 'ANONYMOUS',
  },
  {
    name: 'token/length',
    against: 'A header of any length is compared.',
  },
  {
    name: 'token/frozen',
    against: 'Who is handed a principal can turn it into another one.',
    without: "{ id, kind: 'token' }",
  },
  {
    name: 'endpoint/host',
    against: 'No endpoint looks at Host and Origin.',
    rule: 'CVE-2025-66414',
  },
  {
    name: 'endpoint/token',
    against: 'No endpoint asks for a token.',
    rule: 'GHSA-rvq5-wwqv-78pq',
    without:
      "{ kind: 'admitted', principal: { id: 'anonymous', kind: 'anonymous' }, endpoint: endpointOf(server) }",
  },
  {
    name: 'endpoint/scope',
    against: 'The endpoint of a server that is not there is served.',
    without: 'false',
  },
  {
    name: 'endpoint/removed',
    against: 'Clients of a server that is not configured any more are told that it offers nothing.',
  },
  {
    name: 'endpoint/off',
    against: 'Clients of a server that is switched off are told that it offers nothing.',
  },
  {
    name: 'connect/unknown',
    against: 'A program that misspells the name of a server is told that it offers nothing.',
  },
  {
    name: 'connect/off',
    against: 'A program that connects to a server that is switched off is told that it offers nothing.',
  },
  {
    name: 'memory/unread-client',
    against: 'Messages for a client in memory that nobody listens to are kept without end.',
  },
  {
    name: 'endpoint/health-details',
    against: 'Whoever reaches the health page learns what runs behind it.',
    without: "probes.answer(exchange.path, { id: 'owner', kind: 'token' })",
  },
  {
    name: 'scope/replace',
    against: 'A program that misspells a part believes that it has replaced it.',
  },
  {
    name: 'health/listener',
    against: 'A listener of a program that throws stops the gateway in the middle of a change.',
    without: 'for (const { tell } of this.#listeners) tell(readiness);',
  },
  {
    name: 'health/outdated',
    against: 'Readiness is told from what was known before the machine was suspended.',
    without: 'return false;',
  },
  {
    name: 'health/covered',
    against: 'A gateway is taken out of use because of one replica, while another one serves.',
  },
  {
    name: 'replicas/one-listed',
    against: 'What clients are shown changes with each replica that is read.',
  },
  {
    name: 'replicas/next-listed',
    against: 'The tools of a server vanish while a replica of it serves them.',
  },
  {
    name: 'health/probe-by-strangers',
    against: 'Whoever reaches the health page makes Omni ask all servers, as often as they like.',
    without: 'true',
  },
  {
    name: 'health/owner-details',
    against: 'Every user reads on the health page what a server wrote about the calls of others.',
    without: 'true',
  },
  {
    name: 'log/quoted-answer',
    against: 'The log quotes the answer of a server to one user.',
    without: 'error.message',
  },
  {
    name: 'authentication/failure',
    against: 'Whoever makes the authentication fail is let in.',
    without: "{ id: 'anonymous', kind: 'anonymous' }",
  },
  {
    name: 'authentication/unanswered',
    against: 'Any number of authentications are under way for clients that have gone.',
    rule: 'PROTO-R12',
  },
  {
    name: 'authentication/answer',
    against: 'An authentication that answers with nothing lets everybody in.',
    without: 'true',
  },
  {
    name: 'authentication/challenge',
    against: 'A line break in a challenge writes headers of its own.',
    without: 'true',
  },
  {
    name: 'pending/room',
    against:
      'Requests that wait to be authenticated fill the memory, or one address takes all the room there is.',
  },
  {
    name: 'authentication/signal',
    against: 'What an authentication asks of others goes on when nobody waits for it.',
  },
  {
    name: 'pending/deadline',
    against: 'An authentication that never answers keeps its requests.',
    without: 'undefined',
  },
  {
    name: 'request/body-while-waiting',
    against: 'The body of a request is read before it is known who sent it.',
    without:
      'void exchange.readBody(this.#options.limits.maxBodyBytes);\n    known.then((later) => serve(exchange, later)).catch(() => {});',
  },
  {
    name: 'request/content-type',
    against: 'A form of a web page, which needs no permission of the browser, is taken for a message.',
  },
  {
    name: 'request/encoding',
    against: 'A compressed body is read as it is, or unpacked without limit.',
  },
  {
    name: 'request/accept',
    against: 'A client that cannot read the answer gets it.',
  },
  {
    name: 'request/body-limit',
    against: 'A body of any size is read.',
    rule: 'GHSA-f897-62hf-6gxq',
    without: 'Number.MAX_SAFE_INTEGER',
  },
  {
    name: 'request/body-limit-on-sse',
    against: 'A body of any size is read at the front of HTTP+SSE.',
    rule: 'GHSA-f897-62hf-6gxq',
    without: 'Number.MAX_SAFE_INTEGER',
  },
  {
    name: 'request/utf8',
    against: 'Bytes that are no text are replaced, and the server gets what nobody sent.',
    without: 'false',
  },
  {
    name: 'request/header-version',
    against: 'What stands between is shown another revision than the server.',
    rule: 'MCP 2026-07-28, basic/transports',
  },
  {
    name: 'request/header-method',
    against: 'What stands between is shown another method than the server.',
    rule: 'MCP 2026-07-28, basic/transports',
  },
  {
    name: 'request/header-name',
    against: 'What stands between is shown another tool than the server.',
    rule: 'MCP 2026-07-28, basic/transports',
    without: 'true',
  },
  {
    name: 'request/forwarded-headers',
    against: 'Token and cookies of the client go to the servers.',
    rule: 'GHSA-rvq5-wwqv-78pq',
    without: "(found ??= []).push(name, headers[at + 1] ?? '');",
  },
  {
    name: 'request/removed-methods',
    against: 'Methods that the modern era removed reach servers.',
  },
  {
    name: 'request/cursor',
    against: 'A cursor that Omni never issued is taken.',
    without: 'return undefined;',
  },
  {
    name: 'request/method-in-error',
    against: 'A method of any length comes back in the error.',
  },
  {
    name: 'request/version-in-error',
    against: 'A version of any length comes back in the error.',
  },
  {
    name: 'admission/in-flight',
    against: 'Any number of requests run at once.',
  },
  {
    name: 'admission/closing',
    against: 'An Omni that stops takes new requests.',
  },
  {
    name: 'admission/memory',
    against: 'New requests on sockets and pipes are begun while memory is short.',
    without: 'undefined',
  },
  {
    name: 'admission/no-overtaking',
    against: 'A request goes before an earlier one of the same user.',
    without: 'false',
  },
  {
    name: 'admission/waiting-at-the-end',
    against: 'An Omni that stops leaves those without an answer that wait for their turn.',
  },
  {
    name: 'memory/before-reading',
    against: 'Bodies are read while memory is short.',
    without: 'undefined',
  },
  {
    name: 'memory/health',
    against: 'Nobody can ask an Omni without memory how it is.',
  },
  {
    name: 'batch/revision',
    against: 'Batches run in revisions that have none.',
  },
  {
    name: 'batch/size',
    against: 'A batch of any length runs.',
    rule: 'GHSA-f897-62hf-6gxq',
  },
  {
    name: 'batch/admission',
    against: 'The requests of a batch do not count against the limit.',
  },
  {
    name: 'log/flood',
    against: 'A server that fails fills the log.',
    without: 'true',
  },
  {
    name: 'log/arguments',
    against: 'The log shows what the client has sent.',
    rule: 'S003-LG-01',
    without: 'message.text',
  },
  {
    name: 'log/method',
    against: 'A method of any length goes into the log.',
  },
  {
    name: 'channel/id-in-use',
    against: 'Two requests with one id run on a connection, and one gets the answer of the other.',
  },
  {
    name: 'channel/one-line',
    against: 'A line break of a server makes the client read a message that Omni never sent.',
    without: 'const line = text;',
  },
  {
    name: 'channel/slow-reader',
    against: 'A client that does not read is served on, and its messages are held or lost.',
    without: 'if (isTaken || line !== undefined) return;',
  },
  {
    name: 'channel/given-up',
    against:
      'A client that was given up goes on in what came with it: calls and subscriptions that nobody ends.',
  },
  {
    name: 'channel/gone',
    against: 'The calls of a client that is gone run on.',
  },
  {
    name: 'reply/cancel-when-gone',
    against: 'The call of a modern client that is gone runs on.',
  },
  {
    name: 'reply/slow-reader',
    against: 'Notifications for a client that does not read pile up in memory.',
  },
  {
    name: 'request/tell-failure',
    against: 'A client makes a call twice, since it is told that the call has failed when it may have run.',
    without: 'outcome',
  },
  {
    name: 'reply/one-answer',
    against: 'A second answer runs into the first.',
  },
  {
    name: 'request/permit',
    against: 'Each request keeps its place for ever.',
    without: 'this.number < 0',
  },
  {
    name: 'request/failed-write',
    against: 'An answer that cannot be written fails whoever gave it, and its client waits.',
    rule: 'decision 0020',
    without: 'throw cause;',
  },
  {
    name: 'request/cancelled-meanwhile',
    against: 'A request that was cancelled while it was being routed runs on at its server.',
  },
];
