export { Limiter, type CallLimits } from './limiter.ts';
