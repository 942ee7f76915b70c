import { describe, expect, it, jest } from '@jest/globals';
import { HealthMonitor } from '@omni/health';
import type { ComponentStatus, Principal } from '@omni/ports';
import { healthPage } from './health-pages.ts';

const OWNER: Principal = { id: 'owner', kind: 'token' };
const ADA: Principal = { id: 'ada', kind: 'token' };

function monitor(
  level: 'ok' | 'error',
  getDetails = (): object => ({ lastError: 'for users' }),
): HealthMonitor {
  const health = new HealthMonitor();
  const getStatus = (): ComponentStatus => ({
    level,
    since: 0,
    get details() {
      return { ...getDetails() };
    },
    ownerDetails: { reports: ['for the owner'] },
  });
  health.register({ name: 'upstream:secretive', critical: true, getStatus });
  health.setAccepting(true);
  return health;
}

describe('healthPage', () => {
  it.each(['/health/ready', '/readyz', '/ready'])('answers readiness at %s', (path) => {
    expect(healthPage(monitor('ok'), path, undefined, false)?.status).toBe(200);
    expect(healthPage(monitor('error'), path, undefined, false)?.status).toBe(503);
  });

  it.each(['/health/live', '/healthz', '/livez'])('answers liveness at %s whatever upstreams do', (path) => {
    expect(healthPage(monitor('error'), path, undefined, false)?.status).toBe(200);
  });

  it('shows the verdict to strangers, and neither names nor states', () => {
    expect(healthPage(monitor('error'), '/ready', undefined, false)?.body).toBe('{"status":"fail"}');
    expect(healthPage(new HealthMonitor(), '/ready', undefined, false)?.body).toBe(
      '{"status":"fail","output":"not accepting work"}',
    );
  });

  it('names sick servers to those who show who they are', () => {
    const body = healthPage(monitor('error'), '/ready', ADA, false)?.body ?? '';
    expect(JSON.parse(body)).toMatchObject({
      status: 'fail',
      checks: { 'upstream:secretive': [{ status: 'fail' }] },
      details: { 'upstream:secretive': { lastError: 'for users' } },
    });
  });

  // guard: health/owner-details
  it.each<[Principal, boolean]>([
    [OWNER, true],
    [{ id: 'local', kind: 'local' }, true],
    [{ id: 'anonymous', kind: 'anonymous' }, false],
    [ADA, false],
    [{ id: 'owner', kind: 'certificate' }, false],
  ])('shows %o what is for the owner: %s', (principal, isShown) => {
    expect(healthPage(monitor('ok'), '/ready', principal, false)?.body.includes('for the owner')).toBe(
      isShown,
    );
  });

  it('shows everybody what is for the owner where all are one', () => {
    const anonymous: Principal = { id: 'anonymous', kind: 'anonymous' };
    expect(healthPage(monitor('ok'), '/ready', anonymous, true)?.body).toContain('for the owner');
  });

  it('puts details together once for a page that shows them, and never for a look at levels', () => {
    const getDetails = jest.fn(() => ({}));
    const health = monitor('ok', getDetails);
    health.refresh();
    healthPage(health, '/ready', undefined, false);
    expect(getDetails).not.toHaveBeenCalled();
    healthPage(health, '/ready', ADA, false);
    expect(getDetails).toHaveBeenCalledTimes(1);
  });

  it('shows no raw control characters', () => {
    const health = monitor('ok', () => ({ lastError: 'a\u001b[2J\u009b\u202eb' }));
    const body = healthPage(health, '/ready', ADA, false)?.body ?? '';
    expect(body).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
    expect(JSON.parse(body)).toMatchObject({
      details: { 'upstream:secretive': { lastError: 'a\u001b[2J\u009b\u202eb' } },
    });
  });

  it('answers nothing elsewhere', () => {
    expect(healthPage(monitor('ok'), '/health', OWNER, false)).toBeUndefined();
  });
});
