import type { Guard } from '../guard.ts';

/** Events, metrics and traces. */
export const OBSERVING_GUARDS: readonly Guard[] = [
  {
    name: 'events/slots',
    against: 'Events for a reader that does not read fill the memory.',
    without: 'false',
  },
  {
    name: 'events/resync',
    against: 'A slow reader loses events and is not told.',
    without: '0',
  },
  {
    name: 'events/subscriptions',
    against: 'Any number of readers hold events that they do not read.',
  },
  {
    name: 'events/log-count',
    against: 'Events that nobody asks for are kept without end.',
  },
  {
    name: 'events/log-bytes',
    against: 'Long events fill the memory.',
  },
  {
    name: 'events/failing-reader',
    against: 'A reader that throws keeps others from hearing of an event.',
    without: 'code();',
  },
  {
    name: 'events/failing-filter',
    against: 'A filter that throws hits whoever publishes.',
    without: '(() => { isWanted = accepts?.(event) ?? true; })();',
  },
  {
    name: 'events/burst-once',
    against: 'Fifty servers that fall at once raise forty-eight alarms.',
    without: 'false',
  },
  {
    name: 'events/timeout-flood',
    against: 'A server that hangs drives all other events out of the log.',
  },
  {
    name: 'events/timeout-caller',
    against: 'Whoever may see a server reads whose calls it does not answer.',
  },
  {
    name: 'metrics/series',
    against: 'Whoever chooses names fills the memory with series.',
  },
  {
    name: 'metrics/owner-series',
    against: 'One server takes the room of all others in a metric.',
    without: 'false',
  },
  {
    name: 'metrics/read-series',
    against: 'A gauge of many servers makes a page of any length.',
  },
  {
    name: 'metrics/label-length',
    against: 'A label of any length is kept.',
  },
  {
    name: 'metrics/label-escape',
    against: 'A tool is named so that its name forges other measurements.',
    without: 'return text;',
  },
  {
    name: 'metrics/method',
    against: 'A client makes a series of each method that it invents.',
    without: 'true',
  },
  {
    name: 'metrics/error-code',
    against: 'A server makes a series of each error code that it invents.',
    without: 'true',
  },
  {
    name: 'log/sampling',
    against: 'Where a share of the requests is to be logged, all are.',
    rule: 'S003-LG-02',
    without: 'true',
  },
  {
    name: 'metrics/owner',
    against: 'Every user reads which tools others call and how often.',
    without: 'true',
  },
  {
    name: 'process/command-secrets',
    against: 'The event of a started process shows a secret in the path of its command.',
    without: 'command',
  },
  {
    name: 'trace/client-name',
    against: 'What a client writes in place of a name becomes the name of a span.',
    without: 'span.updateName(spanName(method, target));',
  },
  {
    name: 'trace/argument',
    against: 'An argument that repeats the trace context of its request is changed.',
    without: 'true',
  },
  {
    name: 'metrics/listens',
    against: 'How long somebody listens is taken for how long a server works.',
  },
  {
    name: 'metrics/asked',
    against: 'How long people think is taken for how long a server works.',
    without: '0',
  },
];
