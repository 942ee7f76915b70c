import { describe, expect, it, jest } from '@jest/globals';
import { findOwnName, NameRoutes } from './name-routes.ts';

describe('NameRoutes', () => {
  // guard: name/length
  it('takes no name apart that is longer than a server and a name can be', () => {
    const owned = new Map([['fs', new Map([['read', { upstream: 'fs', name: 'read' }]])]]);
    const get = jest.spyOn(owned, 'get');
    const routes = new NameRoutes({ noun: 'tool', exposed: [], owned });
    expect(routes.find(`fs:${':'.repeat(510)}`)).toMatchObject({ code: 'OMNI_NAME_UNKNOWN' });
    expect(get).not.toHaveBeenCalled();
    expect(routes.find('fs:read')).toEqual({ upstream: 'fs', name: 'read' });
    expect(get).toHaveBeenCalled();
  });

  it('names at most 20 candidates', () => {
    const exposed = Array.from({ length: 30 }, (_, index) => ({
      upstream: `s${index}`,
      name: 'read',
      exposed: `s${index}__read`,
    }));
    const owned = new Map(exposed.map((entry) => [entry.upstream, new Map([[entry.name, entry]])]));
    const error = new NameRoutes({ noun: 'tool', exposed, owned }).find('read');
    expect(error).toMatchObject({ code: 'OMNI_NAME_AMBIGUOUS', data: { candidates: { length: 20 } } });
  });
});

describe('findOwnName', () => {
  it('knows the own names of a server, and names the nearest of them', () => {
    const read = { upstream: 'fs', name: 'read' };
    expect(findOwnName('tool', 'read', new Map([['read', read]]))).toBe(read);
    expect(findOwnName('tool', 'raed', new Map([['read', read]]))).toMatchObject({
      code: 'OMNI_NAME_UNKNOWN',
    });
    expect(findOwnName('prompt', 'read', undefined)).toMatchObject({ code: 'OMNI_NAME_UNKNOWN' });
  });
});
