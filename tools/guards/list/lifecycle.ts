import type { Guard } from '../guard.ts';

/** What keeps a server running, and what keeps it from being run too much. */
export const LIFECYCLE_GUARDS: readonly Guard[] = [
  {
    name: 'lifecycle/end-keeps-disabled',
    against: 'A server that an admin has switched off runs again after a restart of Omni.',
    rule: 'S001-ST-06',
  },
  {
    name: 'lifecycle/end-keeps-disabling',
    against: 'A server that is being switched off when Omni stops runs again after the restart.',
    rule: 'S001-ST-06',
    without: 'false',
  },
  {
    name: 'lifecycle/admin-only',
    against: 'A change of the configuration switches on what an admin has switched off.',
    rule: 'S001-ST-06',
  },
  {
    name: 'lifecycle/admin-first',
    against: 'A server that is off by an admin and by the configuration comes back with the configuration.',
    rule: 'S001-ST-06',
  },
  {
    name: 'lifecycle/login-not-counted',
    against: 'A server that waits for a login is given up as one that fails.',
    without: 'false',
  },
  {
    name: 'lifecycle/overdue',
    against: 'A server whose attempts take long is tried for ever.',
    rule: 'S001-CB-06',
    without: 'false',
  },
  {
    name: 'lifecycle/rearmed',
    against: 'A server that was given up stays so when its definition is mended.',
  },
  {
    name: 'lifecycle/wanted-again',
    against: 'A call for a server that is about to sleep waits for ever.',
  },
  {
    name: 'lifecycle/stable',
    against: 'A server that falls every minute gets the first, short pause for ever.',
    without: 'true',
  },
  {
    name: 'lifecycle/flapping',
    against: 'A server that falls every few seconds is started again without end.',
    without: 'null',
  },
  {
    name: 'lifecycle/trial-reopens',
    against: 'A trial that fails is followed by attempts one after the other.',
    rule: 'S001-CB-01',
    without: 'false',
  },
  {
    name: 'lifecycle/threshold',
    against: 'A server that keeps failing is started every ten seconds for ever.',
    rule: 'S001-CB-02',
    without: 'false',
  },
  {
    name: 'lifecycle/grace',
    against: 'A server that is slow to start is ended while it starts.',
    without: 'true',
  },
  {
    name: 'lifecycle/busy-degrades',
    against: 'A server that works hard on one call is ended.',
    without: 'true',
  },
  {
    name: 'lifecycle/one-at-a-time',
    against: 'What a command reports is decided before what it was commanded by is told.',
    without: 'false',
  },
  {
    name: 'lifecycle/released',
    against: 'An upstream that is gone is connected again.',
  },
  {
    name: 'lifecycle/not-startable',
    against: 'A missing command is looked for every few seconds.',
  },
  {
    name: 'lifecycle/permanent-exit',
    against: 'A program that says that it cannot run is started again and again.',
  },
  {
    name: 'lifecycle/login',
    against: 'A server that refuses its credentials is asked until it locks them.',
    without: 'false',
  },
  {
    name: 'lifecycle/error-secrets',
    against: 'Health pages, events and the store show a secret of a definition.',
    without: 'text',
  },
  {
    name: 'lifecycle/late-start',
    against: 'A listener that is bound after the stop stays.',
  },
  {
    name: 'coordinator/orderly-end',
    against: 'A second signal during an orderly stop kills the process.',
    without: '0',
  },
  {
    name: 'coordinator/end-grace',
    against: 'An orderly stop of a busy Omni kills its own process.',
    without: 'await this.#within(0, this.#monitor.stop());',
  },
  {
    name: 'lifecycle/start-undecided',
    against: 'A call that comes while the coordinator has yet to decide the start is told "was stopped".',
  },
  {
    name: 'lifecycle/one-process',
    against: 'A second process runs beside one that hangs.',
    rule: 'X000-06',
    without: 'open();',
  },
];
