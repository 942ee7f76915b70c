export { ApiKeys } from './identity/api-keys.ts';
export { IdentityCheck, type IdentityCheckOptions, type IdentityFacts } from './identity/identity-check.ts';
export { type ResourcePage } from './identity/resource-server.ts';
export { type RefusalReason, type RefusedToken } from './identity/verified-token.ts';
export { isLoopbackHost } from './loopback-host.ts';
export { OriginGuard, type OriginGuardOptions, type RequestSource } from './origin-guard.ts';
export { TokenCheck, type TokenCheckOptions } from './token-check.ts';
export { type AcceptedToken } from './token-table.ts';
