export {
  healthDocument,
  type HealthCheck,
  type HealthDocument,
  type HealthVerdict,
} from './health-document.ts';
export {
  HealthMonitor,
  type HealthComponent,
  type HealthListener,
  type HealthMonitorOptions,
} from './health-monitor.ts';
export type { HealthRollup, ComponentHealth } from './health-rollup.ts';
