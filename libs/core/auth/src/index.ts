export { isLoopbackHost } from './loopback-host.ts';
export { OriginGuard, type OriginGuardOptions, type RequestSource } from './origin-guard.ts';
export { TokenCheck, type AcceptedToken, type TokenCheckOptions } from './token-check.ts';
