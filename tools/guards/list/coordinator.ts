import type { Guard } from '../guard.ts';

/** Who decides about upstreams, and what happens when that one dies. */
export const COORDINATOR_GUARDS: readonly Guard[] = [
  {
    name: 'coordinator/old-role',
    against: 'A coordinator that was replaced goes on deciding.',
    rule: 'S001-ARC-04',
    without: 'true',
  },
  { name: 'coordinator/stale', against: 'What was on its way when main took over is executed as well.' },
  {
    name: 'coordinator/own-pause',
    against: 'After the machine was suspended a coordinator that is well is replaced.',
  },
  { name: 'coordinator/pause', against: 'Time that nobody has seen counts as downtime.', without: 'true' },
  {
    name: 'coordinator/quarantine',
    against: 'A server that kills the coordinator does so for ever.',
    without: 'true',
  },
  {
    name: 'coordinator/restored-first',
    against: 'An outage of a server that the store defines stands still after a restart.',
  },
  {
    name: 'coordinator/kept-calls',
    against: 'Outcomes that cannot be stored fill the memory.',
  },
  {
    name: 'coordinator/pruned-calls',
    against: 'Calls with keys, and their answers, are kept for ever.',
    without: '() => Promise.resolve(0)',
  },
  {
    name: 'coordinator/pruned-in-parts',
    against: 'Nothing is written, and the coordinator is replaced, while a large log is pruned.',
    without: '1_000_000',
  },
  {
    name: 'coordinator/unseen-leap',
    against: 'A suspension of the machine counts as downtime when the coordinator hung at the time.',
  },
  {
    name: 'coordinator/stored',
    against: 'What the store has refused is told as stored, and lost.',
    without: 'true',
  },
  {
    name: 'coordinator/restored',
    against: 'A server that an admin has switched off, or that waits, is started with the next Omni.',
    without: 'false',
  },
  {
    name: 'coordinator/off-by-definition',
    against: 'A server that its definition has switched off is started by what an earlier run has stored.',
    without: 'false',
  },
  { name: 'coordinator/notes', against: 'A store that cannot be written costs memory without end.' },
  {
    name: 'coordinator/kept-configuration',
    against: 'What cannot be stored fills the memory.',
    without: 'true',
  },
];
