import { ownerProof } from '@omni/node';
import { describe, expect, it } from '@jest/globals';
import { ownerPage } from './owner-page.ts';

const PLACE = { host: '127.0.0.1', port: 7431 };
const NONCE = 'n'.repeat(43);

describe('ownerPage', () => {
  it('proves that it has the token, for this nonce and this place', () => {
    const page = ownerPage('token-of-the-owner', () => PLACE)(`/health/owner/${NONCE}`);
    expect(page).toEqual({
      status: 200,
      contentType: 'application/json',
      body: JSON.stringify({ proof: ownerProof('token-of-the-owner', NONCE, PLACE) }),
    });
    expect(page?.body).not.toContain('token-of-the-owner');
  });

  it.each([
    '/health/owner',
    '/health/owner/',
    '/health/owner/short',
    `/health/owner/${'n'.repeat(129)}`,
    `/health/owner/${NONCE}/x`,
    `/x/health/owner/${NONCE}`,
  ])('is nowhere else: %s', (path) => {
    expect(ownerPage('token-of-the-owner', () => PLACE)(path)).toBeUndefined();
  });

  it('is not there before the place is known', () => {
    expect(ownerPage('token-of-the-owner', () => undefined)(`/health/owner/${NONCE}`)).toBeUndefined();
  });
});
