import type { Guard } from '../guard.ts';

/** Sessions, their streams, their questions and subscriptions. */
export const SESSION_GUARDS: readonly Guard[] = [
  {
    name: 'session/principal',
    against: 'Whoever learns the id of a session uses it.',
    rule: 'CVE-2026-52869',
  },
  {
    name: 'session/scope',
    against: 'The session of one endpoint is used at another.',
    rule: 'CVE-2026-52869',
  },
  {
    name: 'session/count',
    against: 'Any number of sessions are open.',
  },
  {
    name: 'session/idle',
    against: 'Sessions that nobody uses stay.',
  },
  {
    name: 'session/busy',
    against: 'A session is ended while its call runs.',
  },
  {
    name: 'places/full',
    against: 'One user takes all places of everybody.',
  },
  {
    name: 'places/few',
    against: 'One user takes the places, too, that are kept for those who have few.',
    without: 'left > 0',
  },
  {
    name: 'places/owner',
    against: 'Users who are many lock the owner out.',
    without: 'false',
  },
  {
    name: 'bytes/few',
    against: 'One user takes the bytes, too, that are kept for those who have few.',
    without: 'left >= 0',
  },
  {
    name: 'bytes/part',
    against: 'Those who have most take what is kept for those who have few.',
    without: 'true',
  },
  {
    name: 'places/in-use',
    against: 'What somebody waits for ends to make room.',
  },
  {
    name: 'places/part',
    against: 'Whoever opens without end ends what others have left idle.',
    without: 'true',
  },
  {
    name: 'updates/count',
    against: 'Any number of resources are subscribed to.',
  },
  {
    name: 'session/random-id',
    against: 'The id of a session can be guessed.',
    without: "() => '00'",
  },
  {
    name: 'session/priming',
    against: 'Clients of older revisions choke on an event without data.',
    rule: 'MCP 2025-11-25, basic/transports',
    without: 'true',
  },
  {
    name: 'session/in-flight',
    against: 'One session takes all places of the others.',
    without: 'true',
  },
  {
    name: 'session/subscriptions',
    against: 'A session subscribes without end.',
  },
  {
    name: 'session/taken-back',
    against: 'A subscription that was taken back before it stood lasts as long as the session.',
  },
  {
    name: 'session/release',
    against: 'The subscriptions of a session outlive it.',
  },
  {
    name: 'session/level-in-call',
    against: 'A client gets log messages that it does not want, during its calls.',
  },
  {
    name: 'session/level',
    against: 'A client gets log messages that it does not want, outside of its calls.',
  },
  {
    name: 'session/changes',
    against: 'A client of one endpoint hears of the changes of others.',
  },
  {
    name: 'session/foreign-listen',
    against: 'A client is shown the listen that Omni holds at a server.',
    rule: 'PROTO-R16',
    without: 'update.text',
  },
  {
    name: 'question/capability',
    against: 'A client is asked for what it has not declared.',
  },
  {
    name: 'question/count',
    against: 'A server asks one client without end.',
  },
  {
    name: 'question/own-ids',
    against: 'ServerRequests of two servers with one id are answered to the wrong one.',
    rule: 'CVE-2026-25536',
    without: 'message.id',
  },
  {
    name: 'question/deadline',
    against: 'A question that nobody answers waits for ever.',
  },
  {
    name: 'question/no-stream',
    against: 'A question for a client without a stream waits in vain.',
    without: '{\n      this.#wait(text);\n      return true;\n    }',
  },
  {
    name: 'question/modern',
    against: 'A modern client gets a request, which its revision does not have.',
  },
  {
    name: 'question/modern-channel',
    against: 'A modern client on a channel gets a request, which its revision does not have.',
  },
];
