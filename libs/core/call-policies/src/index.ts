export { Limiter, type CallLimits, type LimiterOptions } from './limiter.ts';
