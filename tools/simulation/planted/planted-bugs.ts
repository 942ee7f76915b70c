/** Guards whose absence a simulation notices within ten simulated hours. */
export const PLANTED_BUGS: readonly string[] = [
  'channel/gone',
  'channel/id-in-use',
  'change/gone',
  'era/envelope-to-legacy',
  'era/modern-members',
  'lifecycle/admin-only',
  'lifecycle/login-not-counted',
  'lifecycle/stable',
  'lifecycle/threshold',
  'limiter/places-back',
  'link/own-ids',
  'reply/cancel-when-gone',
  'request/permit',
  'restart/place-back',
  'session/idle',
];
