import type { Guard } from '../guard.ts';

/** What servers may do to Omni, and to the clients of one another. */
export const UPSTREAM_GUARDS: readonly Guard[] = [
  {
    name: 'link/own-ids',
    against: 'Calls of two clients with one id get the answer of each other.',
    rule: 'CVE-2026-25536',
    without: 'call.clientId',
  },
  {
    name: 'link/no-channel',
    against: 'Code in the process of Omni that opens no channel ends that process.',
    rule: 'decision 0046',
  },
  {
    name: 'link/thrown-text',
    against: 'What code in the process of Omni throws ends that process when it is reported.',
    rule: 'decision 0046',
    without: 'if (thrown instanceof Error) return thrown.stack ?? thrown.message;',
  },
  {
    name: 'link/late-answer',
    against: 'A late answer is taken for that of a newer call.',
    rule: 'CVE-2026-25536',
    without: 'true',
  },
  {
    name: 'call/was-sent',
    against: 'A call that is cut by its deadline, or by the end of Omni, is said not to have run.',
  },
  {
    name: 'link/in-flight',
    against: 'Calls on a channel pass no limit.',
    rule: 'PROTO-R12',
    without: 'return this.#raw(call, handler);',
  },
  {
    name: 'link/answered-at-once',
    against:
      'An answer that comes while its call is being sent is lost, or told before the caller has its handle.',
    without: 'this.#read(text);',
  },
  {
    name: 'stages/definition-changed',
    against: 'Calls pass stages that were made for a definition of before.',
  },
  {
    name: 'limiter/upstream',
    against: 'Any number of calls wait for a server.',
    rule: 'PROTO-R12',
  },
  {
    name: 'limiter/instance',
    against: 'Any number of calls wait for one process or connection of a server.',
    rule: 'PROTO-R12',
  },
  {
    name: 'limiter/waiting',
    against: 'Calls that wait for a server to start are not counted as its calls.',
  },
  {
    name: 'limiter/no-overtaking',
    against: 'A call goes before an earlier one of the same user.',
    without: 'false',
  },
  {
    name: 'limiter/lowered',
    against: 'A server gets more calls than were found out to be good for it.',
    rule: 'S003-RT-10',
    without: 'this.#capacity',
  },
  {
    name: 'limiter/parked',
    against: 'Calls that wait for their client lower the limit of a server that is fast.',
    without: 'false',
  },
  {
    name: 'limiter/reserve',
    against: 'A server that is full of calls of clients can be neither listed nor watched.',
    without: '0',
  },
  {
    name: 'limiter/places-back',
    against: 'Calls that are over go on to count, until none is let through.',
  },
  {
    name: 'link/backlog',
    against: 'Calls for a server that does not read are taken to be sent.',
    rule: 'PROTO-R12',
  },
  {
    name: 'link/progress-token',
    against: 'A server is told the token of the client, which another client may use too.',
    rule: 'CVE-2026-25536',
    without: 'call.text.slice(token.start, token.end)',
  },
  {
    name: 'link/two-run',
    against: 'A question without an address is put to one of two clients.',
  },
  {
    name: 'link/unaddressed',
    against: 'What a server says of the call of one client reaches the next.',
  },
  {
    name: 'link/unaddressed-users',
    against: 'What a server says of an answered call of one user reaches the next user.',
  },
  {
    name: 'link/unaddressed-unanswered',
    against: 'What a server says of a call that was cancelled in one session reaches another one.',
  },
  {
    name: 'link/unaddressed-time',
    against: 'What a server says of a call is thought over too early.',
    without: '1',
  },
  {
    name: 'link/unaddressed-cancelled',
    against: 'What a server says of a cancelled call reaches the next client.',
  },
  {
    name: 'link/modern-requests',
    against: 'A modern server asks a client, which its revision does not allow.',
  },
  {
    name: 'link/cancelled-answer',
    against: 'The answer of a cancelled call reaches a client.',
  },
  {
    name: 'link/framingError-flood',
    against: 'A server that prints to its output fills the log.',
  },
  {
    name: 'link/listen-not-running',
    against: 'What a server says reaches nobody while somebody listens, or who listens.',
  },
  {
    name: 'link/too-long',
    against: 'A call waits for an answer that was dropped.',
  },
  {
    name: 'link/notification-flood',
    against: 'Notifications pile up for a client that does not read.',
  },
  {
    name: 'credentials/secrets',
    against: 'A message quotes a credential that came after the start, or is in force no longer.',
  },
  {
    name: 'credentials/longest-first',
    against: 'Of two credentials the rest of the longer one is shown.',
    without: '(a, b) => a.length - b.length',
  },
  {
    name: 'credentials/history',
    against: 'Credentials that change often fill the memory.',
  },
  {
    name: 'credentials/known-before',
    against: 'A message quotes a secret that the configuration named until it was changed.',
  },
  {
    name: 'credentials/settings-secrets',
    against: 'A message quotes a secret that a change of the settings named.',
  },
  {
    name: 'credentials/header-case',
    against: 'A former credential is sent beside the one in force.',
    without: 'Object.is',
  },
  {
    name: 'credentials/client-header',
    against: 'What a client has sent is taken for a credential of Omni.',
    without: "headers.push(name, forwarded[at + 1] ?? '');",
  },
  {
    name: 'credentials/one-retry',
    against: 'A request that is refused with every credential is sent without end.',
    without: 'false',
  },
  {
    name: 'credentials/one-upgrade',
    against: 'A server that refuses every upgrade is dialled without pause.',
  },
  {
    name: 'credentials/stream-renewing',
    against: 'A server that refuses its stream is asked without pause, and newer credentials with it.',
    without: 'false',
  },
  {
    name: 'credentials/listen-renewing',
    against: 'A server that refuses a subscription is asked without pause, and newer credentials with it.',
    without: 'false',
  },
  {
    name: 'instances/waiting',
    against: 'Any number of calls wait for an instance to start, those of clients that have gone too.',
    rule: 'PROTO-R12',
  },
  {
    name: 'instance/ended-before',
    against: 'A process that is started for a session that has ended runs until Omni ends.',
    without: 'false',
  },
  {
    name: 'instance/idle-session',
    against: 'The process of a client that has gone stays until its session ends.',
    without: 'false',
  },
  {
    name: 'instance/session-in-use',
    against: 'The process of a session is closed while its client listens.',
    without: 'true',
  },
  {
    name: 'credentials/unchanged',
    against: 'Credentials that were refused are sent again.',
    without: 'true',
  },
  {
    name: 'credentials/asked-once',
    against: 'Calls that are refused together each have a credential issued.',
    without: 'undefined',
  },
  {
    name: 'credentials/renewal-time',
    against: 'Calls wait without end for credentials that do not come.',
  },
  {
    name: 'credentials/changed-meanwhile',
    against: 'A process goes on with an environment that changed while it was starting.',
  },
  {
    name: 'credentials/drained',
    against: 'A change of credentials breaks the calls that run.',
  },
  {
    name: 'credentials/listens-end',
    against: 'A process with former credentials is kept by subscriptions that have moved on.',
  },
  {
    name: 'reports/kept',
    against: 'A process that crashes over and over fills the memory with what it wrote.',
  },
  {
    name: 'excerpt/secrets',
    against: 'A message quotes a credential that a server has printed.',
    without: 'text.slice(0, LOOKED_AT)',
  },
  {
    name: 'excerpt/control-characters',
    against: 'What a server prints acts on the terminal of who reads the log.',
  },
  {
    name: 'excerpt/length',
    against: 'What a server prints fills the log.',
  },
  {
    name: 'asked/id-in-use',
    against: 'Two questions of a server with one id wait, and one gets the answer of the other.',
  },
  {
    name: 'asked/length',
    against: 'Long requests that wait for a client fill the memory.',
  },
  {
    name: 'asked/count',
    against: 'A server asks without end.',
  },
  {
    name: 'asked/withdrawn',
    against: 'A client answers a question that the server has taken back, and the answer goes to another.',
    without: 'true',
  },
  {
    name: 'asked/call-over',
    against: 'A question outlives the call that it belongs to.',
    without: 'true',
  },
  {
    name: 'asked/shared-http',
    against: 'A question without a call, on a connection that clients share, is put to somebody.',
  },
  {
    name: 'instance/per-principal',
    against: 'One user takes all instances of a server.',
  },
  {
    name: 'instance/of-others',
    against: 'A user who has instances already ends those of others.',
    without: '[...this.#instances]',
  },
  {
    name: 'instance/own-principal',
    against: 'Users with the same capabilities share an instance, and its serverRequests.',
    rule: 'PROTO-R11',
    without: "`${era} client ${typeof principal.id} ${this.#canonicalOf(capabilities) ?? '{}'}`",
  },
  {
    name: 'instance/own-capabilities',
    against: 'A server asks a client for what another one has declared.',
    rule: 'PROTO-R15',
    without: '`${era} client ${JSON.stringify(principal.id)} ${typeof capabilities}`',
  },
  {
    name: 'instance/capability-length',
    against: 'Capabilities of any length are compared and told to servers.',
  },
  {
    name: 'instance/idle',
    against: 'Instances that nobody uses stay.',
  },
  {
    name: 'instance/busy',
    against: 'An instance is closed while its call runs.',
  },
  {
    name: 'instance/count',
    against: 'Each session starts a process, without end.',
  },
  {
    name: 'instance/others-capabilities',
    against: 'A shared connection declares what only one client can do.',
    rule: 'PROTO-R11',
    without: '\'{"sampling":{},"elicitation":{},"roots":{}}\'',
  },
  {
    name: 'roots/declared',
    against: 'A legacy server takes folders that a client names as leave of its owner.',
    without: 'capabilities',
  },
  {
    name: 'roots/asked',
    against: 'A legacy server that asks for folders unbidden is answered by a client.',
    without: 'undefined',
  },
  {
    name: 'roots/changed',
    against: 'A server is told to ask again for folders that no client may name.',
  },
  {
    name: 'restart/backoff',
    against: 'A server that crashes at once is started without a pause.',
    rule: 'S000-GRD-05',
  },
  {
    name: 'restart/good-life',
    against: 'A server that crashes now and then gets the first, short pause for ever.',
    without: 'true',
  },
  {
    name: 'restart/longest-pause',
    against: 'A server that asks for a pause of years is never tried again.',
    without: '1e15',
  },
  {
    name: 'restart/used',
    against: 'The backoff is not climbed.',
    rule: 'S000-GRD-05',
    without: '100',
  },
  {
    name: 'restart/waiting',
    against: 'Calls pile up for a server that is starting.',
  },
  {
    name: 'restart/place-back',
    against: 'Calls that waited for a server go on to take a place.',
  },
  {
    name: 'starting/too-early',
    against: 'A process is started before there are limits, and before anybody watches.',
    rule: 'S000-BOOT-02',
  },
  {
    name: 'starting/all-processes',
    against: 'Processes of servers are started as many as there are, at once.',
    rule: 'S000-PROC-01',
    without: 'true',
  },
  {
    name: 'starting/hold',
    against: 'Servers that fall are started again while Omni stops.',
    without: 'true',
  },
  {
    name: 'idle/in-use',
    against: 'A server is stopped while a call is under way.',
    without: 'false',
  },
  {
    name: 'probing/hangs-under-calls',
    against: 'A server that hangs is never ended as long as somebody calls it again and again.',
  },
  {
    name: 'probing/heard',
    against: 'A server that is busy with what it sends counts as hanging.',
    without: 'false',
  },
  {
    name: 'probing/per-connection',
    against: 'Any number of probes work on one server at a time.',
    rule: 'X002-06',
    without: 'MAX_AT_ONCE',
  },
  {
    name: 'probing/past-stages',
    against: 'A server that is full of calls is not asked whether it lives.',
    without: 'this.#chain',
  },
  {
    name: 'restart/start-wait',
    against: 'A call waits for as long as a server takes to start.',
    without: '600_000',
  },
  {
    name: 'upstream/own-room',
    against: 'One server fills the room for unfinished messages of all servers.',
    without: 'const context = { ...this.#context, budget: this.#unfinished.of("all") };',
  },
  {
    name: 'restart/fails-fast',
    against: 'A call waits for a server that is down.',
    without: 'return;',
  },
  {
    name: 'watch/count',
    against: 'Any number of resources are watched.',
  },
  {
    name: 'deadline/idle',
    against: 'A call waits for ever for a server that is silent.',
    without: 'this.#totalAtMs',
  },
  {
    name: 'deadline/total',
    against: 'A server keeps a call alive for ever with progress.',
    without: 'idleFrom + this.#idleMs',
  },
  {
    name: 'handshake/stray-answer',
    against: 'A doubled answer to one question is taken for the answer to the next.',
  },
  {
    name: 'handshake/request',
    against: 'A server asks a client before it has said who it is.',
    without: 'true',
  },
  {
    name: 'handshake/silent',
    against: 'A server that never answers is waited for without end.',
  },
  {
    name: 'watch/acknowledged',
    against: 'A server that never acknowledges a subscription keeps its client waiting without end.',
  },
  {
    name: 'watch/alone',
    against: 'One resource that a server refuses costs the others their subscriptions.',
  },
  {
    name: 'watch/within',
    against: 'An update is told to who listens to another resource whose address begins alike.',
  },
  {
    name: 'registry/names',
    against: 'A server without a name takes the place of the endpoint of all servers.',
    without: 'false',
  },
  {
    name: 'registry/twice',
    against: 'Of two servers of one name, one is started and can never be called.',
    without: 'false',
  },
  {
    name: 'registry/replicas',
    against: 'A replica of a server that is not there runs, and is never called.',
    without: 'true',
  },
  {
    name: 'registry/unchanged',
    against: 'A change of one server restarts all of them.',
    without: 'false',
  },
  {
    name: 'registry/drains',
    against: 'Calls on a server that is removed are cut.',
    without: 'true',
  },
  {
    name: 'batch/own',
    against: 'Lists of Omni wait for calls of clients.',
    without: 'true',
  },
  {
    name: 'batch/negotiated',
    against: 'A server gets an array of which its revision knows nothing.',
    without: 'true',
  },
  {
    name: 'batch/cancelled',
    against: 'A call is sent that was cancelled before.',
  },
  {
    name: 'stages/held',
    against: 'A server that is taken out of service drops the calls that wait for their turn.',
    without: '0',
  },
  {
    name: 'registry/unset',
    against: 'A setting that is taken away stays in force.',
  },
];
