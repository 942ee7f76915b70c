import { describe, expect, it } from '@jest/globals';
import { hostBody, hostPrincipal } from './host-answers.ts';

const ADA = { id: 'ada', kind: 'token' } as const;

describe('hostPrincipal', () => {
  it.each([
    [ADA, ADA],
    [undefined, undefined],
    [null, undefined],
    [Promise.resolve(ADA), ADA],
    [Promise.resolve(null), undefined],
    [
      { id: 'anonymous', kind: 'anonymous' },
      { id: 'anonymous', kind: 'anonymous' },
    ],
    [
      { id: 'guest-7', kind: 'anonymous' },
      { id: 'guest-7', kind: 'anonymous' },
    ],
    [
      { id: 'owner', kind: 'local' },
      { id: 'owner', kind: 'local' },
    ],
    [
      { id: 'local', kind: 'local' },
      { id: 'local', kind: 'local' },
    ],
  ])('makes of %j: %j', async (named, expected) => {
    expect(await hostPrincipal(named)).toEqual(expected);
  });

  // guard: mount/named
  it.each([5, 'ada', {}, { id: 'ada' }, { id: '', kind: 'token' }, { id: 'ada', kind: 'user' }, []])(
    'refuses %j, which is no principal, at once and later',
    async (named) => {
      const refusal = expect.objectContaining({
        code: 'OMNI_INTERNAL',
        message: expect.stringContaining('principalOf of the mounted handler has named what is no principal'),
      });
      expect(() => hostPrincipal(named)).toThrow(refusal);
      await expect(hostPrincipal(Promise.resolve(named))).rejects.toEqual(refusal);
    },
  );

  // guard: mount/reserved-id
  it.each([
    { id: 'owner', kind: 'token' },
    { id: 'owner', kind: 'certificate' },
    { id: 'owner', kind: 'anonymous' },
    { id: 'local', kind: 'token' },
    { id: 'anonymous', kind: 'token' },
    { id: 'anonymous', kind: 'local' },
  ])('refuses %j, whose id is one of Omni', (named) => {
    expect(() => hostPrincipal(named)).toThrow(`a user "${named.id}" of kind ${named.kind}; this id belongs`);
  });

  it('keeps the failure of a promise that nobody asks for from the process', async () => {
    const later = hostPrincipal(Promise.reject(new RangeError('planted')));
    // A rejection that nobody handles would fail this test.
    await new Promise((resolve) => setImmediate(resolve));
    await expect(later).rejects.toThrow('planted');
  });
});

describe('hostBody', () => {
  it('takes bytes, and nothing', () => {
    const bytes = new Uint8Array(1);
    expect(hostBody(bytes)).toBe(bytes);
    expect(hostBody(undefined)).toBeUndefined();
    expect(hostBody(null)).toBeUndefined();
  });

  it.each<[unknown, string]>([
    ['{}', 'a value of type string'],
    [{}, 'a value of type object'],
  ])('refuses %j', (body, what) => {
    expect(() => hostBody(body)).toThrow(what);
  });

  it('refuses a promise, and keeps its failure from the process', async () => {
    expect(() => hostBody(Promise.reject(new RangeError('planted')))).toThrow('a promise');
    // A rejection that nobody handles would fail this test.
    await new Promise((resolve) => setImmediate(resolve));
  });
});
