import { describe, expect, it } from '@jest/globals';
import type { StatusLevel } from '@omni/ports';
import { HealthMonitor } from './health-monitor.ts';
import { serversDocument, type ServerLevel } from './servers-document.ts';

function documentOf(levels: readonly StatusLevel[]): ReturnType<typeof serversDocument> {
  const monitor = new HealthMonitor();
  const getStatus = (level: StatusLevel) => () => ({ level, details: {}, since: 0 });
  monitor.register({ name: 'protocol', critical: true, getStatus: getStatus('error') });
  for (const [index, level] of levels.entries()) {
    const server = `s${index}`;
    monitor.register({
      name: `upstream:${server}`,
      server,
      critical: index === 0,
      getStatus: getStatus(level),
    });
  }
  return serversDocument(monitor.getReadiness());
}

describe('serversDocument', () => {
  it.each<[StatusLevel, ServerLevel]>([
    ['ok', 'ok'],
    ['warn', 'degraded'],
    ['error', 'down'],
    ['unknown', 'unknown'],
  ])('calls a server that is %s %s [X000-05]', (level, status) => {
    expect(documentOf([level]).servers).toMatchObject([
      { name: 's0', status, critical: true, since: '1970-01-01T00:00:00.000Z' },
    ]);
  });

  it('bears a component whose time is none', () => {
    const monitor = new HealthMonitor();
    const getStatus = () => ({ level: 'ok' as const, details: {}, since: Number.NaN });
    monitor.register({ name: 'upstream:x', server: 'x', critical: false, getStatus });
    expect(serversDocument(monitor.getReadiness()).servers).toMatchObject([{ name: 'x', since: null }]);
  });

  it.each<[StatusLevel[], ServerLevel]>([
    [[], 'ok'],
    [['ok', 'ok'], 'ok'],
    [['ok', 'warn'], 'degraded'],
    [['ok', 'error'], 'degraded'],
    [['ok', 'unknown'], 'degraded'],
    [['unknown'], 'degraded'],
    [['error', 'warn'], 'degraded'],
    [['error', 'error'], 'down'],
  ])('calls servers that are %j together %s [X000-05]', (levels, status) => {
    expect(documentOf(levels).status).toBe(status);
  });
});
