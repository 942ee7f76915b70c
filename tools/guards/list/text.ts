import type { Guard } from '../guard.ts';

/** What text of others may show, and what it may do to who reads it. */
export const TEXT_GUARDS: readonly Guard[] = [
  {
    name: 'clock/long-delay',
    against: 'A time limit beyond 24 days ends at once.',
    without: 'delayMs',
  },
  {
    name: 'redaction/normalised-first',
    against: 'A secret with a colour in it is not found.',
    without: 'text',
  },
  {
    name: 'redaction/values',
    against: 'A configured secret is shown.',
    without: 'plain',
  },
  {
    name: 'redaction/patterns',
    against: 'Something that looks like a credential is shown.',
    without: 'redacted',
  },
  {
    name: 'redaction/lines',
    against: 'The lines of a key are shown one by one.',
  },
  {
    name: 'terminal/controls',
    against: 'What servers and files say acts on the terminal of who reads it.',
    without: 'text',
  },
  {
    name: 'terminal/out',
    against: 'A result acts on the terminal of who asked for it.',
    without: 'text',
  },
  {
    name: 'terminal/err',
    against: 'A failure acts on the terminal of who reads it.',
    without: 'text',
  },
  {
    name: 'terminal/content',
    against: 'What a tool says acts on the terminal of who called it.',
    without: 'text',
  },
  {
    name: 'message/error-controls',
    against: 'An error acts on the terminal of who looks at the answer.',
    without: 'JSON.stringify(body)',
  },
];
