import type { Guard } from '../guard.ts';

/** The policy: who may do what. */
export const ACCESS_GUARDS: readonly Guard[] = [
  {
    name: 'policy/nothing-granted',
    against: 'Whoever an identity provider or a certificate names may call before anything is granted.',
  },
  {
    name: 'policy/tenants',
    against: 'A principal without a role in a tenant calls its servers.',
    rule: 'S003-SC-02',
  },
  {
    name: 'policy/untrusted-hints',
    against: 'A server that nobody trusts says of its tools that they change nothing.',
    without: 'true',
  },
  {
    name: 'policy/failed-condition',
    against: 'A rule whose condition fails is as if it were not there.',
    places: 2,
  },
  {
    name: 'policy/cost',
    against: 'Arguments of a client make a condition run for as long as they like.',
    without: 'true',
  },
  {
    name: 'policy/searches',
    against: 'A client that sends two long texts stops the gateway for a second.',
    without: '0',
  },
  {
    name: 'policy/changed-principal',
    against: 'Claims of an older token count for the newer one.',
    without: 'true',
  },
  {
    name: 'policy/view-of-principal',
    against: 'A principal is shown what a condition shows to another one.',
    without: 'return JSON.stringify([roles]);',
  },
  {
    name: 'policy/bounded-plans',
    against: 'Names that a client makes up fill the memory.',
  },
  {
    name: 'policy/bound-to-nobody',
    against: 'A binding that names nobody gives its roles to everybody.',
    without: 'false',
  },
  {
    name: 'policy/denied-names',
    against: 'A mode that leaves names out is about those alone.',
    without: 'true',
  },
  {
    name: 'policy/doubled-key',
    against: 'A condition judges one of two arguments of one name, and the server takes the other one.',
  },
  {
    name: 'policy/inexact-integers',
    against: 'A condition judges another number than the server gets.',
  },
  {
    name: 'policy/unbounded-functions',
    against: 'A condition takes time that grows faster than arguments do.',
  },
  {
    name: 'policy/time-zones',
    against: 'A condition on time means another hour on another machine.',
    without: 'false',
  },
  {
    name: 'policy/climbing-paths',
    against: 'A path that begins in an allowed folder leads out of it.',
  },
  {
    name: 'policy/strange-paths',
    against: 'A path that a shell or Windows reads in another way counts as a harmless one.',
  },
  {
    name: 'policy/same-answers',
    against: 'A change of policies is called harmless that changes answers.',
    without: 'true',
  },
];
