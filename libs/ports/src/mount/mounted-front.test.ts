import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '../errors/gateway-error.ts';
import { checkMount } from './mounted-front.ts';

// guard: mount/authentication
describe('checkMount', () => {
  it('refuses to mount what would not know who sends a request, and says what to give', () => {
    const mount = (): void => checkMount({ authenticates: false }, {});
    expect(mount).toThrow(GatewayError);
    expect(mount).toThrow(expect.objectContaining({ code: 'OMNI_MOUNT_UNPROTECTED' }));
    expect(mount).toThrow(expect.objectContaining({ hint: expect.stringContaining('principalOf') }));
  });

  it('lets a front mount that authenticates, and a host that knows its users', () => {
    expect(() => checkMount({ authenticates: true }, {})).not.toThrow();
    expect(() => checkMount({ authenticates: false }, { principalOf: () => undefined })).not.toThrow();
  });
});
