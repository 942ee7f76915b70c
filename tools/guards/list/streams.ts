import type { Guard } from '../guard.ts';

/** Streams, what is kept for clients that come back, and subscriptions. */
export const STREAM_GUARDS: readonly Guard[] = [
  {
    name: 'chunks/kept',
    against: 'A stored list is empty for the next client.',
  },
  {
    name: 'events/own-stream',
    against: 'A client that comes back gets the events of another call.',
    rule: 'MCP 2025-11-25, basic/transports',
  },
  {
    name: 'events/count',
    against: 'A session keeps any number of events.',
  },
  {
    name: 'events/size',
    against: 'A session keeps events of any size together.',
  },
  {
    name: 'events/one-size',
    against: 'One huge event pushes out all others.',
  },
  {
    name: 'events/budget',
    against: 'All sessions together fill the memory with events.',
  },
  {
    name: 'events/age',
    against: 'Events are kept for ever.',
    without: 'false',
  },
  {
    name: 'events/fair',
    against: 'The flood of one call costs another call its answer.',
    without: '0',
  },
  {
    name: 'stream/slow-reader',
    against: 'A stream that nobody reads grows without end.',
  },
  {
    name: 'stream/waiting-count',
    against: 'Messages wait without end for a stream that nobody opens.',
  },
  {
    name: 'stream/waiting-length',
    against: 'Messages of any length wait for a stream that nobody opens.',
  },
  {
    name: 'listen/count',
    against: 'Any number of subscriptions are open.',
  },
  {
    name: 'listen/resources',
    against: 'One subscription names any number of resources.',
    without: 'Number.MAX_SAFE_INTEGER',
  },
  {
    name: 'listen/scope',
    against: 'A client of one endpoint hears of the changes of others.',
  },
  {
    name: 'listen/asked-for',
    against: 'A client hears of what it did not ask for.',
    rule: 'MCP 2026-07-28, basic/subscriptions',
  },
  {
    name: 'listen/known',
    against: 'A client watches what its endpoint does not offer.',
  },
  {
    name: 'listen/slow-reader',
    against: 'Changes for a client that does not read pile up.',
    without: 'true',
  },
  {
    name: 'listen/release',
    against: 'What a subscription watches is watched when it is over.',
  },
  {
    name: 'sse/principal',
    against: 'Whoever learns the id of an HTTP+SSE session posts into it.',
    rule: 'CVE-2026-52869',
    without: 'this.#sessions.has(id)',
  },
  {
    name: 'sse/count',
    against: 'Any number of HTTP+SSE sessions are open.',
  },
  {
    name: 'sse/slow-reader',
    against: 'Messages for an HTTP+SSE client that does not read pile up.',
  },
  {
    name: 'sse/content-type',
    against: 'A form of a web page posts into an HTTP+SSE session.',
  },
  {
    name: 'sse/ended-meanwhile',
    against: 'A message is taken that nobody will answer.',
  },
];
