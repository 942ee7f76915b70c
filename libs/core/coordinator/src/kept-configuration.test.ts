import { describe, expect, it } from '@jest/globals';
import type { NewConfigRevision } from '@omni/ports';
import { KeptConfiguration } from './kept-configuration.ts';
import type { ConfigurationAsk } from './messages.ts';

const OVERRIDE = { id: 'a', at: 0, author: 'ada', until: null, document: '{}' };
const REVISION: NewConfigRevision = {
  key: 'k',
  at: 0,
  author: 'ada',
  cause: 'file',
  hash: 'h',
  summary: '{}',
  document: null,
  isWhole: false,
};

function scene(hasStore = true) {
  const sent: [number, ConfigurationAsk['kind']][] = [];
  const kept = new KeptConfiguration({
    hasStore,
    send: (number, { kind }) => void sent.push([number, kind]),
  });
  return { sent, kept };
}

describe('configurations and overrides on their way to the store', () => {
  it('wait until it is open', async () => {
    const { sent, kept } = scene();
    const number = kept.addRevision(REVISION);
    expect(sent).toEqual([]);
    kept.opened();
    expect(sent).toEqual([[1, 'addRevision']]);
    kept.answered(1, { value: 7 });
    expect(await number).toBe(7);
  });

  it('are sent again to the next one, when the store went away', async () => {
    const { sent, kept } = scene();
    kept.opened();
    const first = kept.keepOverride(OVERRIDE);
    const second = kept.findRevision(3);
    kept.lost();
    kept.opened();
    expect(sent.map(([, kind]) => kind)).toEqual([
      'keepOverride',
      'findRevision',
      'keepOverride',
      'findRevision',
    ]);
    // A late word of the one before.
    kept.answered(1, { value: null });
    kept.answered(3, { value: null });
    kept.answered(4, { value: null });
    expect([await first, await second]).toEqual([undefined, undefined]);
  });

  it('fail with what the store fails with', async () => {
    const { kept } = scene();
    kept.opened();
    const asked = kept.overrides(0);
    const stored = kept.whenStored();
    kept.answered(1, { code: 'OMNI_STORE_FULL', message: 'no room' });
    await expect(asked).rejects.toMatchObject({ code: 'OMNI_STORE_FULL' });
    await stored;
  });

  it('fail where there is no store', async () => {
    await expect(scene(false).kept.revisions(1)).rejects.toMatchObject({ code: 'OMNI_STORE_UNAVAILABLE' });
  });

  // guard: coordinator/kept-configuration
  it('are not without end', async () => {
    const { kept } = scene();
    for (let ask = 0; ask < 1_000; ask++) void kept.keepOverride(OVERRIDE);
    await expect(kept.keepOverride(OVERRIDE)).rejects.toMatchObject({ code: 'OMNI_STORE_UNAVAILABLE' });
  });
});
