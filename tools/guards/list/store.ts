import type { Guard } from '../guard.ts';

/** What is kept over restarts. */
export const STORE_GUARDS: readonly Guard[] = [
  { name: 'store/newer', against: 'An older Omni writes into a schema that it does not know.' },
  {
    name: 'store/calls-in-memory',
    against: 'A client relies on a key that is forgotten with the process.',
  },
  { name: 'store/kept-calls', against: 'One user fills the store with calls.' },
  { name: 'store/kept-bytes', against: 'One user fills the store with answers.' },
  { name: 'store/once', against: 'A batch whose answer was lost is written twice.' },
  {
    name: 'store/pruned-in-parts',
    against: 'Everything that is too old goes in one transaction, for which all others wait.',
    without: 'Number.MAX_SAFE_INTEGER',
  },
  { name: 'store/closed', against: 'A call after the end opens the database again.' },
  {
    name: 'store/fence',
    against: 'A writer that was replaced goes on writing.',
    rule: 'S001-ARC-04',
  },
  {
    name: 'store/reopen',
    against: 'After a failure of the disk Omni trusts what the old connection believes.',
    without: 'endsConnection: false',
  },
  { name: 'store/old-sqlite', against: 'A SQLite that loses written pages is used.' },
  { name: 'store/no-file', against: 'A link leads the store to a file of somebody else.' },
  { name: 'store/owner', against: 'The store is a file that another user can change.' },
  { name: 'store/mode', against: 'Other users read or change the store.' },
  { name: 'store/created-mode', against: 'Other users read the store.', without: '0o666' },
  { name: 'store/gone', against: 'A store that was lost is made anew, empty, and nobody notices.' },
  { name: 'store/empty', against: 'A store that was cut to nothing is filled anew, and nobody notices.' },
  { name: 'store/foreign', against: 'Tables are made in the database of another program.' },
  { name: 'store/damaged', against: 'Omni writes into a damaged database.' },
  { name: 'store/locked', against: 'A second Omni is told that something is wrong with the file.' },
  { name: 'store/second-database', against: 'A second Omni waits for the database without end.' },
  { name: 'store/override-time', against: 'Overrides whose time is over are kept for ever.' },
];
