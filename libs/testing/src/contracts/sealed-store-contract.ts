import assert from 'node:assert/strict';
import type { CredentialOwner, SealedRow, SealedStore } from '@omni/ports';
import type { DefineTest } from './define-test.ts';

const ADA: CredentialOwner = { principal: 'ada', server: 'github', audience: '' };
const OTHERS: readonly CredentialOwner[] = [
  { ...ADA, principal: 'bob' },
  { ...ADA, server: 'gitlab' },
  { ...ADA, audience: 'https://api.test' },
];

function row(owner: CredentialOwner, sealed: string, keyId = 'file:1'): SealedRow {
  return { owner, keyId, sealed };
}

/**
 * What every `SealedStore` must do; the test file of each calls this.
 *
 * @param it - Of the runner.
 * @param open - Called for each test; the store is empty.
 */
export function sealedStoreContract(it: DefineTest, open: () => SealedStore | Promise<SealedStore>): void {
  it('keeps a row for its owner alone', async () => {
    const store = await open();
    assert.equal(await store.read(ADA), undefined);
    assert.equal(await store.write(row(ADA, 'first')), true);
    assert.deepEqual(await store.read(ADA), row(ADA, 'first'));
    for (const other of OTHERS) assert.equal(await store.read(other), undefined);
  });

  it('puts a row in the place of the one before', async () => {
    const store = await open();
    await store.write(row(ADA, 'first'));
    await store.write(row(ADA, 'second', 'file:2'));
    assert.deepEqual(await store.read(ADA), row(ADA, 'second', 'file:2'));
  });

  it('does not put one in the place of another than the expected one', async () => {
    const store = await open();
    const first = row(ADA, 'first');
    assert.equal(await store.write(row(ADA, 'wrapped'), first), false);
    assert.equal(await store.read(ADA), undefined);
    await store.write(first);
    await store.write(row(ADA, 'second'));
    assert.equal(await store.write(row(ADA, 'wrapped'), first), false);
    assert.deepEqual(await store.read(ADA), row(ADA, 'second'));
    assert.equal(await store.write(row(ADA, 'wrapped'), row(ADA, 'second')), true);
    assert.deepEqual(await store.read(ADA), row(ADA, 'wrapped'));
  });

  it('forgets a row, and says whether it was there', async () => {
    const store = await open();
    await store.write(row(ADA, 'first'));
    assert.equal(await store.remove(ADA), true);
    assert.equal(await store.read(ADA), undefined);
    assert.equal(await store.remove(ADA), false);
  });

  it('says which keys rows need, and which rows need another one', async () => {
    const store = await open();
    for (const [index, owner] of OTHERS.entries())
      await store.write(row(owner, `row ${index}`, `file:${index % 2}`));
    assert.deepEqual([...(await store.keyIds())].toSorted(), ['file:0', 'file:1']);
    const found = await store.withOtherKey('file:1', 10);
    assert.deepEqual(found.map(({ sealed }) => sealed).toSorted(), ['row 0', 'row 2']);
    assert.equal((await store.withOtherKey('file:1', 1)).length, 1);
    assert.deepEqual([...(await store.withOtherKey('file:2', 10))].length, 3);
  });
}
