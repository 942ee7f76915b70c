import { describe, expect, it } from '@jest/globals';
import { StateSeal, STATE_PREFIX, type SealKey } from './state-seal.ts';

function key(id: string, fill: number): SealKey {
  return { id, bytes: new Uint8Array(32).fill(fill) };
}

describe('StateSeal', () => {
  it('opens what it has sealed', async () => {
    const seal = new StateSeal();
    const state = await seal.seal('{"a":"\u00e9"}');
    expect(state).toMatch(/^omni1\.own\.[A-Za-z0-9_-]+$/);
    expect(await seal.open(state)).toBe('{"a":"\u00e9"}');
  });

  it('gives a text that begins with a byte order mark back as it was', async () => {
    const seal = new StateSeal();
    expect(await seal.open(await seal.seal('\uFEFFx'))).toBe('\uFEFFx');
  });

  // guard: seal/length
  it('opens no state that is longer than its own are', async () => {
    const seal = new StateSeal();
    expect(await seal.open(await seal.seal('x'.repeat(2_000)))).toHaveLength(2_000);
    expect(await seal.open(await seal.seal('x'.repeat(4_000)))).toBeUndefined();
  });

  it('shows nothing of the text and never seals alike', async () => {
    const seal = new StateSeal();
    const [one, two] = await Promise.all([seal.seal('plain text'), seal.seal('plain text')]);
    expect(one).not.toBe(two);
    expect(atob((one.split('.')[2] ?? '').replaceAll('-', '+').replaceAll('_', '/'))).not.toContain('plain');
  });

  // guard: seal/authenticated
  it('does not open a state of which any one character was changed [PROTO-R14]', async () => {
    const seal = new StateSeal();
    const state = await seal.seal('{"ticket":"t"}');
    const opened: (string | undefined)[] = [];
    for (let at = 0; at < state.length; at++) {
      // Several bits of the character, and another character of the same alphabet.
      for (const other of [
        String.fromCharCode(state.charCodeAt(at) ^ 1),
        String.fromCharCode(state.charCodeAt(at) ^ 4),
        state[at] === 'A' ? 'B' : 'A',
      ]) {
        opened.push(await seal.open(state.slice(0, at) + other + state.slice(at + 1)));
      }
    }
    expect(opened).toEqual(opened.map(() => undefined));
    expect(await seal.open(state)).toBe('{"ticket":"t"}');
  });

  // guard: seal/canonical
  it('opens one spelling of a state only: the bits at its end that say nothing must be zero', async () => {
    const seal = new StateSeal();
    for (const text of ['', 'a', 'ab']) {
      const state = await seal.seal(text);
      const others = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
        .split('')
        .map((last) => state.slice(0, -1) + last);
      const opened = await Promise.all(
        others.filter((other) => other !== state).map((other) => seal.open(other)),
      );
      expect(opened.filter((other) => other !== undefined)).toEqual([]);
    }
  });

  it('does not open a state that was cut or made longer at any place', async () => {
    const seal = new StateSeal();
    const state = await seal.seal('{"ticket":"t"}');
    for (let at = 0; at < state.length; at++) {
      expect([at, await seal.open(state.slice(0, at))]).toEqual([at, undefined]);
      expect([at, await seal.open(state.slice(at + 1))]).toEqual([at, undefined]);
      expect([at, await seal.open(`${state.slice(0, at)}A${state.slice(at)}`)]).toEqual([at, undefined]);
    }
  });

  it.each([
    '',
    '.',
    STATE_PREFIX,
    'omni1.own.',
    'omni1.own.!',
    'omni1.own.A',
    'omni2.own.AAAA',
    'omni1.other.AAAA',
    `omni1.own.${'A'.repeat(5_000)}`,
    'omni1.own.AAAA.AAAA',
  ])('does not open %s', async (state) => {
    expect(await new StateSeal().open(state)).toBeUndefined();
  });

  // guard: seal/key-id
  it('does not open the state of another key, whatever its name', async () => {
    const state = await new StateSeal([key('a', 1)]).seal('x');
    expect(await new StateSeal([key('a', 2)]).open(state)).toBeUndefined();
    expect(await new StateSeal().open(await new StateSeal().seal('x'))).toBeUndefined();
    // The name is sealed too: the same bytes under another name are another key.
    expect(await new StateSeal([key('b', 1)]).open(state.replace('omni1.a.', 'omni1.b.'))).toBeUndefined();
  });

  it('opens states of the former key after a change of keys', async () => {
    const before = new StateSeal([key('a', 1)]);
    const after = new StateSeal([key('b', 2), key('a', 1)]);
    const [former, latter] = [await before.seal('x'), await after.seal('y')];
    expect(await after.open(former)).toBe('x');
    expect(latter.startsWith('omni1.b.')).toBe(true);
    expect(await before.open(latter)).toBeUndefined();
  });

  it('gives a key without a name one that everybody derives from it, and from which the key is not told', async () => {
    const bytes = key('x', 7).bytes;
    const [state, other] = await Promise.all([
      new StateSeal([{ bytes }]).seal('x'),
      new StateSeal([{ bytes: key('x', 8).bytes }]).seal('x'),
    ]);
    expect(await new StateSeal([key('first', 1), { bytes }]).open(state)).toBe('x');
    const [id, otherId] = [state, other].map((text) => text.split('.')[1] ?? '');
    expect(/^[0-9a-f]{8}$/.test(id ?? '')).toBe(true);
    expect(id === otherId).toBe(false);
    expect(id ?? '').not.toContain('07');
  });

  // guard: seal/key-length
  it.each([[[]], [[key('no.dots', 1)]], [[{ id: 'a', bytes: new Uint8Array(16) }]]])(
    'refuses keys that are none: %j',
    (keys) => {
      expect(() => new StateSeal(keys)).toThrow('sealing key');
    },
  );
});
