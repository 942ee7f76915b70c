export { Limiter, type CallLimits, type LimiterOptions } from './limiter.ts';
export { callRates, type CallRatesOptions } from './stages/call-rates.ts';
export type { Called } from './stages/called.ts';
export { CapabilityBreakers, type CapabilityBreakersOptions } from './stages/capability-breakers.ts';
export { requestDeadline, type RequestDeadlineOptions } from './stages/request-deadline.ts';
export { requestRates, type RequestRatesOptions } from './stages/request-rates.ts';
export {
  requestRepeats,
  type RepeatedAttempt,
  type RequestRepeatsOptions,
} from './stages/request-repeats.ts';
