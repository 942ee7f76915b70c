import { describe, expect, it } from '@jest/globals';
import { HealthMonitor } from '@omni/health';
import { healthPage } from './health-pages.ts';

function monitor(level: 'ok' | 'error'): HealthMonitor {
  const health = new HealthMonitor();
  health.register({
    name: 'upstream:a',
    critical: true,
    getStatus: () => ({ level, since: 0, details: { lastError: 'inside only' } }),
  });
  health.setAccepting(true);
  return health;
}

describe('healthPage', () => {
  it.each(['/health/ready', '/readyz', '/ready'])('answers readiness at %s', (path) => {
    expect(healthPage(monitor('ok'), path, false)?.status).toBe(200);
    expect(healthPage(monitor('error'), path, false)?.status).toBe(503);
  });

  it.each(['/health/live', '/healthz', '/livez'])('answers liveness at %s whatever upstreams do', (path) => {
    expect(healthPage(monitor('error'), path, false)?.status).toBe(200);
  });

  it('shows details only to those who say who they are', () => {
    const open = healthPage(monitor('error'), '/ready', false);
    const trusted = healthPage(monitor('error'), '/ready', true);
    expect(open?.body.includes('inside only')).toBe(false);
    expect(trusted?.body.includes('inside only')).toBe(true);
  });

  it('answers nothing elsewhere', () => {
    expect(healthPage(monitor('ok'), '/health', true)).toBeUndefined();
  });
});
