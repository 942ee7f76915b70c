import { StateSeal } from '@omni/router';
import { promise, type FuzzTarget } from '../fuzz-target.ts';
import { textOf } from './input-text.ts';

interface Seal {
  seal(text: string): Promise<string>;
  open(state: string): Promise<string | undefined>;
}

type CreateSeal = (keys: ConstructorParameters<typeof StateSeal>[0]) => Seal;

const KEYS = ['a', 'b2'].map((id, index) => ({ id, bytes: new Uint8Array(32).fill(index + 1) }));
const STRANGER = [{ id: 'a', bytes: new Uint8Array(32).fill(9) }];

/**
 * What seals of the first keys have made once, and what is in it: nonces are random, so the search cannot
 * make them. A change of the form of states shows here first, and ends what clients have parked.
 */
const SEALED: ReadonlyMap<string, string> = new Map([
  ['omni1.a.QnXSeyQahFpqtyOHj-GDW2kfig7TogoEkypgRQY', 'x'],
  ['omni1.a.k7pEqWtXx36DypCqGW-gNHecVw7EkEnTZsmRTQ', ''],
  ['omni1.b2.gaGtKOjUIb6FhD-yme2iOhLmjpj2bl3iiGbbrcD_MF-8QoPo', '{"é":1}'],
]);

/** Sealed states: nothing but what was sealed opens. */
export function stateSeal(create: CreateSeal = (keys) => new StateSeal(keys)): FuzzTarget {
  const seal = create(KEYS);
  const stranger = create(STRANGER);
  return {
    name: 'state-seal',
    promise:
      'a state opens when one of the keys has made it and no character of it was changed; everything else is refused without an error, and any text can be sealed',
    covers: /request-router\/src\/seal\/state-seal\.ts$/,
    seeds: [...SEALED.keys()],
    dictionary: ['omni1.', '.', 'a', 'b2', '=', '-', '_', 'A', 'omni2.', '\n'],
    isJson: false,
    maxBytes: 5_000,
    async check(input) {
      const state = textOf(input);
      const opened = await seal.open(state);
      promise(opened === SEALED.get(state), 'only what was sealed opens', () => state);
      promise(
        (await stranger.open(state)) === undefined,
        'another key of the same name opens nothing',
        () => state,
      );
      if (state.length > 1_000) return 'long';
      const again = await seal.seal(state);
      promise(
        (await seal.open(again)) === (state.isWellFormed() ? state : state.toWellFormed()),
        'what is sealed opens again',
        () => state,
      );
      promise(/^omni1\.[A-Za-z0-9]+\.[A-Za-z0-9_-]+$/.test(again), 'a state is plain letters', () => again);
      return opened === undefined ? `refused ${Math.min(state.split('.').length, 5)}` : 'opened';
    },
  };
}
