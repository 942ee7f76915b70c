export {
  healthDocument,
  type HealthCheck,
  type HealthDocument,
  type HealthVerdict,
  isoTime,
} from './health-document.ts';
export {
  HealthMonitor,
  type HealthComponent,
  type HealthListener,
  type HealthMonitorOptions,
} from './health-monitor.ts';
export {
  READINESS_SCOPES,
  type ComponentHealth,
  type HealthRollup,
  type ReadinessScope,
} from './health-rollup.ts';
export type { LevelChange, ScorecardFacts } from './scorecard.ts';
export {
  serversDocument,
  type ServerLevel,
  type ServerSummary,
  type ServersDocument,
} from './servers-document.ts';
