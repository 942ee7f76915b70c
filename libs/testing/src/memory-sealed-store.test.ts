import { describe, expect, it } from '@jest/globals';
import type { CredentialOwner, SealedRow } from '@omni/ports';
import { failedTitles } from './contracts/failed-titles.fixture.ts';
import { sealedStoreContract } from './contracts/sealed-store-contract.ts';
import { MemorySealedStore } from './memory-sealed-store.ts';

describe('MemorySealedStore', () => {
  sealedStoreContract(it, () => new MemorySealedStore());
});

describe('sealedStoreContract', () => {
  class Careless extends MemorySealedStore {
    override write(row: SealedRow): Promise<boolean> {
      return super.write(row);
    }
  }
  class Confused extends MemorySealedStore {
    override read(owner: CredentialOwner): Promise<SealedRow | undefined> {
      return super.read({ ...owner, principal: 'ada' });
    }
  }

  it('is not passed by one that writes over what is newer, nor by one that mixes up owners', async () => {
    expect(await failedTitles((define) => sealedStoreContract(define, () => new Careless()))).toEqual([
      'does not put one in the place of another than the expected one',
    ]);
    expect(await failedTitles((define) => sealedStoreContract(define, () => new Confused()))).toContain(
      'keeps a row for its owner alone',
    );
  });
});
