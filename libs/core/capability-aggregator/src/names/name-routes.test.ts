import { describe, expect, it, jest } from '@jest/globals';
import { NameRoutes } from './name-routes.ts';

describe('NameRoutes', () => {
  // guard: name/length
  it('takes no name apart that is longer than a server and a name can be', () => {
    const owned = new Map([['fs', new Set(['read'])]]);
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
    const error = new NameRoutes({ noun: 'tool', exposed, owned: new Map() }).find('read');
    expect(error).toMatchObject({ code: 'OMNI_NAME_AMBIGUOUS', data: { candidates: { length: 20 } } });
  });
});
