import { describe, expect, it, jest } from '@jest/globals';
import { HealthMonitor } from '@omni/health';
import { type ComponentStatus, GatewayError, type Principal } from '@omni/ports';
import { type HealthPageParts, healthPage, type Page } from './health-pages.ts';

const OWNER: Principal = { id: 'owner', kind: 'token' };
const ADA: Principal = { id: 'ada', kind: 'token' };

/** What is there at once; an error fails the test. */
function pageOf(
  health: HealthMonitor,
  path: string,
  principal: Principal | undefined,
  isOpen = false,
): Page | undefined {
  const [plain = '', query = ''] = path.split('?');
  const page = healthPage({ health, switchedOff: () => ['off'] }, plain, query)?.(principal, isOpen);
  if (page instanceof GatewayError) throw page;
  if (page instanceof Promise) throw new TypeError('not at once');
  return page;
}

function bodyOf(page: Page | undefined): unknown {
  return JSON.parse(page?.body ?? '');
}

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
  health.register({ name: 'upstream:secretive', server: 'secretive', critical: true, getStatus });
  health.setAccepting(true);
  return health;
}

describe('healthPage', () => {
  it.each(['/health/ready', '/readyz', '/ready'])('answers readiness at %s [S003-ST-10]', (path) => {
    expect(pageOf(monitor('ok'), path, undefined)?.status).toBe(200);
    expect(pageOf(monitor('error'), path, undefined)?.status).toBe(503);
  });

  it.each(['/health/live', '/healthz', '/livez'])('answers liveness at %s whatever upstreams do', (path) => {
    expect(pageOf(monitor('error'), path, undefined)?.status).toBe(200);
  });

  it('shows the verdict to strangers, and neither names nor states', () => {
    expect(pageOf(monitor('error'), '/ready', undefined)?.body).toBe('{"status":"fail"}');
    expect(pageOf(new HealthMonitor(), '/ready', undefined)?.body).toBe(
      '{"status":"fail","output":"not accepting work"}',
    );
  });

  it('names sick servers to those who show who they are', () => {
    const body = pageOf(monitor('error'), '/ready', ADA)?.body ?? '';
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
    expect(pageOf(monitor('ok'), '/ready', principal, false)?.body.includes('for the owner')).toBe(isShown);
  });

  it('shows everybody what is for the owner where all are one', () => {
    const anonymous: Principal = { id: 'anonymous', kind: 'anonymous' };
    expect(pageOf(monitor('ok'), '/ready', anonymous, true)?.body).toContain('for the owner');
  });

  it('puts details together once for a page that shows them, and never for a look at levels', () => {
    const getDetails = jest.fn(() => ({}));
    const health = monitor('ok', getDetails);
    health.refresh();
    pageOf(health, '/ready', undefined);
    expect(getDetails).not.toHaveBeenCalled();
    pageOf(health, '/ready', ADA, false);
    expect(getDetails).toHaveBeenCalledTimes(1);
  });

  it('shows no raw control characters', () => {
    const health = monitor('ok', () => ({ lastError: 'a\u001b[2J\u009b\u202eb' }));
    const body = pageOf(health, '/ready', ADA)?.body ?? '';
    expect(body).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
    expect(JSON.parse(body)).toMatchObject({
      details: { 'upstream:secretive': { lastError: 'a\u001b[2J\u009b\u202eb' } },
    });
  });

  it('answers nothing elsewhere', () => {
    expect(pageOf(monitor('ok'), '/health', OWNER, false)).toBeUndefined();
  });

  it.each([
    ['core', 200],
    ['critical', 200],
    ['all', 503],
  ])('answers for the scope %s: %i', (scope, status) => {
    const health = monitor('ok');
    const getStatus = (): ComponentStatus => ({ level: 'error', since: 0, details: {} });
    health.register({ name: 'upstream:spare', server: 'spare', critical: false, getStatus });
    expect(pageOf(health, `/ready?scope=${scope}`, undefined)?.status).toBe(status);
    expect(pageOf(health, '/ready', undefined)?.status).toBe(200);
  });

  it('does not need servers for the scope core', () => {
    expect(pageOf(monitor('error'), '/ready?scope=core', undefined)?.status).toBe(200);
    expect(pageOf(new HealthMonitor(), '/ready?scope=core', undefined)?.status).toBe(503);
  });

  it('refuses a scope that is none, and says which there are', () => {
    expect(() => pageOf(monitor('ok'), '/ready?scope=everything', undefined)).toThrow(
      'none of core, critical and all',
    );
    expect(new GatewayError('OMNI_PARAMS_INVALID', '').facts.httpStatus).toBe(400);
  });

  // guard: health/probe-by-strangers
  it('lets those who show who they are wait for a probe, and nobody else', async () => {
    const health = monitor('ok');
    const probe = jest.fn(() => Promise.resolve());
    const getStatus = (): ComponentStatus => ({ level: 'ok', since: 0, details: {} });
    health.register({ name: 'upstream:live', server: 'live', critical: true, getStatus, probe });
    expect(pageOf(health, '/ready?probe=1', undefined)?.status).toBe(200);
    expect(pageOf(health, '/ready?probe=0', ADA)?.status).toBe(200);
    expect(probe).not.toHaveBeenCalled();
    const parts: HealthPageParts = { health, switchedOff: () => [] };
    expect(await healthPage(parts, '/ready', 'probe=1')?.(ADA, false)).toMatchObject({ status: 200 });
    expect(probe).toHaveBeenCalledTimes(1);
  });

  it('shows all components to those who show who they are [S002-DG-04] [S003-HM-05]', () => {
    expect(bodyOf(pageOf(monitor('error'), '/health/components', ADA))).toMatchObject({
      status: 'fail',
      components: [
        {
          name: 'upstream:secretive',
          level: 'error',
          critical: true,
          since: '1970-01-01T00:00:00.000Z',
          changes: [{ from: 'unknown', to: 'error' }],
          details: { lastError: 'for users' },
        },
      ],
    });
    expect(pageOf(monitor('ok'), '/health/components', ADA)?.body).not.toContain('for the owner');
    expect(pageOf(monitor('ok'), '/health/components', OWNER)?.body).toContain('for the owner');
  });

  it('summarises servers, and tells strangers what they are together [X000-05]', () => {
    expect(bodyOf(pageOf(monitor('ok'), '/servers', undefined))).toEqual({ status: 'ok' });
    expect(bodyOf(pageOf(monitor('error'), '/servers', ADA))).toMatchObject({
      status: 'down',
      servers: [{ name: 'secretive', status: 'down', critical: true }],
      switchedOff: ['off'],
    });
  });

  it('shows one server [X000-05]', () => {
    const page = pageOf(monitor('ok'), '/servers/secretive', ADA);
    expect(bodyOf(page)).toMatchObject({
      name: 'secretive',
      status: 'ok',
      details: { lastError: 'for users' },
    });
    expect(page?.body).not.toContain('for the owner');
    expect(pageOf(monitor('ok'), '/servers/secretive', OWNER)?.body).toContain('for the owner');
    expect(bodyOf(pageOf(monitor('ok'), '/servers/off', ADA))).toEqual({ name: 'off', status: 'disabled' });
    expect(() => pageOf(monitor('ok'), '/servers/nobody', ADA)).toThrow('nobody');
  });

  it.each(['/health/components', '/servers/secretive', '/servers/nobody'])(
    'tells strangers nothing at %s, whatever there is',
    (path) => {
      expect(() => pageOf(monitor('ok'), path, undefined)).toThrow('for those who show who they are');
    },
  );
});
