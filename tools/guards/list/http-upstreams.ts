import type { Guard } from '../guard.ts';

/** What servers that are reached over HTTP may do. */
export const HTTP_UPSTREAM_GUARDS: readonly Guard[] = [
  {
    name: 'sse/endpoint-origin',
    against: 'A server has the messages and credentials sent to another origin.',
    rule: 'CVE-2026-111769',
    without: 'return url.href;',
  },
  {
    name: 'sse/endpoint-credentials',
    against: 'A server has other credentials sent than the configured ones.',
    without: 'return url.origin === new URL(base).origin ? url.href : undefined;',
  },
  {
    name: 'sse/first-endpoint',
    against: 'A server leads a running session elsewhere.',
    rule: 'PROTO-R24',
  },
  {
    name: 'sse/posts-backlog',
    against: 'Messages for a server that accepts none pile up.',
  },
  {
    name: 'sse/silent',
    against: 'A server that names no endpoint is waited for without end.',
    without: 'undefined',
  },
  {
    name: 'sse/event-size',
    against: 'An event of any size fills the memory.',
  },
  {
    name: 'sse/line-size',
    against: 'A line of any length fills the memory.',
  },
  {
    name: 'sse/room',
    against: 'Unfinished events of many streams fill the memory.',
  },
  {
    name: 'held/answer',
    against: 'Answers that have to be held until their end fill the memory.',
  },
  {
    name: 'held/answer-back',
    against: 'Calls that were given up leave less and less room.',
  },
  {
    name: 'sse/utf8',
    against: 'Bytes of an event stream that are no text are replaced.',
    without: 'false',
  },
  {
    name: 'answer/size',
    against: 'An answer of any size fills the memory.',
  },
  {
    name: 'answer/page-size',
    against: 'A web page of any size is read to the end.',
  },
  {
    name: 'answer/utf8',
    against: 'Bytes of an answer that are no text are replaced.',
  },
  {
    name: 'answer/id',
    against: 'The answer to another request is taken for the one that was asked for.',
  },
  {
    name: 'answer/untouched-id',
    against: 'Large bytes that answer another request are passed on unread.',
  },
  {
    name: 'answer/legacy-id',
    against: 'The answer to another request on a stream is taken for the one that was asked for.',
  },
  {
    name: 'http/own-headers',
    against: 'A configured header replaces one of the protocol.',
    without: 'true',
  },
  {
    name: 'http/redirect-origin',
    against: 'A redirect takes headers, session and body to another origin.',
    rule: 'CVE-2026-111769',
    without: 'if (to === null) return false;',
  },
  {
    name: 'http/redirects',
    against: 'A server that leads in a circle is followed for ever.',
    without: 'false',
  },
  {
    name: 'http/skipped',
    against: 'A notification is answered with a body without end, which is read for ever.',
  },
  {
    name: 'cookies/domain',
    against: 'A cookie that a server sets for others is kept.',
  },
  {
    name: 'cookies/length',
    against: 'Cookies of any length fill the memory and every request.',
  },
  {
    name: 'cookies/count',
    against: 'Any number of cookies fills the memory.',
  },
  {
    name: 'cookies/header-length',
    against: 'Cookies make requests longer than servers take them.',
  },
  {
    name: 'cookies/forwarded',
    against: 'A cookie that a server gives to one client goes along with the calls of all.',
    without: 'this.#instance.cookies.take(this.#url, headers);',
  },
  {
    name: 'handshake/not-about-era',
    against: 'Refused credentials and overload are taken for another era.',
    places: 2,
  },
  {
    name: 'http/unsafe-again',
    against: 'A call that may have run runs twice.',
    rule: 'PROTO-R13',
    without: 'return true;',
  },
  {
    name: 'http/doubts-rate',
    against: 'Each call of a server that fails opens a session there.',
  },
  {
    name: 'http/method-header',
    against: 'A method with a line break adds a header.',
    without: 'const { method } = call;',
  },
  {
    name: 'http/in-flight',
    against: 'Calls to a modern HTTP server pass no limit.',
    rule: 'PROTO-R12',
    without: 'return this.#raw(call, handler);',
  },
  {
    name: 'http/in-flight-legacy',
    against: 'Calls to a legacy HTTP server pass no limit.',
    rule: 'PROTO-R12',
    without: 'return this.#raw(call, handler);',
  },
  {
    name: 'http/orphaned-session',
    against: 'A server that is found to be modern keeps the session that the other question has opened.',
  },
  {
    name: 'handshake/late-refusal',
    against: 'Refused credentials of a slow server are told as one that does not know its era.',
    without: 'false',
  },
  {
    name: 'http/session-id',
    against: 'A session id with a line break goes into the headers of every request.',
  },
  {
    name: 'http/sent-twice',
    against: 'A call that may have run is sent again.',
    rule: 'PROTO-R13',
  },
  {
    name: 'http/third-time',
    against: 'A call is sent again and again to a server that knows no session.',
    rule: 'PROTO-R13',
  },
  {
    name: 'http/resumed-twice',
    against: 'A call whose stream has begun is sent again.',
    rule: 'PROTO-R13',
  },
  {
    name: 'http/resumes',
    against: 'A stream that always breaks is continued for ever.',
  },
  {
    name: 'http/retry',
    against: 'A server has Omni reconnect without a pause.',
    without: 'this.#reader?.retryMs ?? this.#retryMs',
  },
  {
    name: 'http/stream-backoff',
    against: 'A server that ends its stream at once is called without a pause.',
    without: 'Math.min(livedMs, 0)',
  },
  {
    name: 'http/answered-twice',
    against: 'A call that its method has refused is sent again.',
    rule: 'PROTO-R13',
  },
  {
    name: 'http/session-stands',
    against: 'Any refusal ends the session of all clients, and the call is sent again.',
    rule: 'PROTO-R13',
    without: 'true',
  },
  {
    name: 'http/no-ping',
    against: 'A server without ping is taken for one that has lost its session.',
    rule: 'PROTO-R13',
  },
  {
    name: 'http/renewals',
    against: 'A server that loses each session at once is greeted without a pause.',
    without: 'true',
  },
  {
    name: 'http/relists',
    against: 'A server that loses its session while its lists are read is read without end.',
    without: 'Math.min(relistMs, 500)',
  },
  {
    name: 'http/era-questions',
    against: 'Each refusal of a server costs a question for its era.',
  },
  {
    name: 'answer/declared-size',
    against: 'An answer that says that it is too long goes on to the client.',
  },
  {
    name: 'posts/replies',
    against: 'A server that pings without end and takes no pong fills the memory.',
  },
  {
    name: 'posts/replies-under-way',
    against: 'Pongs that a server does not take hold up what it has to know.',
  },
  {
    name: 'posts/messages',
    against: 'A connection that takes no message is kept, and what is lost is told to nobody.',
  },
  {
    name: 'posts/under-way',
    against: 'A server that answers no POST takes all descriptors.',
    without: 'this.#underWay.size < 600',
  },
  {
    name: 'posts/open-answer',
    against: 'A server that begins its answers to POSTs and never ends them takes all descriptors.',
    without: 'const call = httpPost(http, url, headers, text, { onOutcome: onOver });',
  },
  {
    name: 'sse/posts-under-way',
    against: 'A server of HTTP+SSE that answers no POST takes all descriptors.',
  },
  {
    name: 'answer/undeclared',
    against:
      'An answer whose length nobody knows goes on, turns out too long, and its client is cut off without a word.',
  },
];
