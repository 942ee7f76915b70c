export { isLoopbackHost } from './loopback-host.ts';
export { OriginGuard, type OriginGuardOptions, type RequestSource } from './origin-guard.ts';
export { TokenCheck, type TokenCheckOptions } from './token-check.ts';
export { type AcceptedToken } from './token-table.ts';
