import { describe, expect, it } from '@jest/globals';
import * as prettier from 'prettier';
import { markersIn } from './markers.ts';

/** @returns The source without each marked piece, one after the other. */
function without(text: string): string[] {
  return markersIn('libs/door/src/door.ts', text).map(({ dropped }) => {
    const {
      start,
      end,
      text: instead,
    } = dropped ?? { start: 0, end: text.length, text: 'cannot be dropped' };
    return text.slice(0, start) + instead + text.slice(end);
  });
}

/** @returns The marked pieces, without line breaks and the commas and brackets that come and go with them. */
function pieces(text: string): string[] {
  return markersIn('libs/door/src/door.ts', text).map(({ start, end }) =>
    text.slice(start, end).replaceAll(/\s+|,(?=\s*[)\]}])/g, ''),
  );
}

describe('markersIn', () => {
  it.each([
    ['statement', '// guard: a/b\nlock();\nopen();', '// guard: a/b\n;\nopen();'],
    ['statement behind a comment', '// guard: a/b\n// Why.\nlock();', '// guard: a/b\n// Why.\n;'],
    ['if', 'for (;;) {\n// guard: a/b\nif (isKey) { return; }\n}', 'for (;;) {\n// guard: a/b\n;\n}'],
    ['if with an else', '// guard: a/b\nif (isKey) return; else open();', '// guard: a/b\nopen();'],
    [
      'body of a loop',
      'for (const x of y) /* guard: a/b */ lock(x);',
      'for (const x of y) /* guard: a/b */ ;',
    ],
    [
      'first operand',
      'if (/* guard: a/b */ x > 1 && y || z) open();',
      'if (/* guard: a/b */ true && y || z) open();',
    ],
    [
      'last operand',
      'if (x || /* guard: a/b */ y.has(z)) open();',
      'if (x || /* guard: a/b */ false) open();',
    ],
    [
      'operand with a default',
      'const x = y ?? /* guard: a/b */ z;',
      'const x = y ?? /* guard: a/b */ undefined;',
    ],
    ['condition', 'const x = /* guard: a/b */ y > 1 ? 2 : 3;', 'const x = /* guard: a/b */ false ? 2 : 3;'],
    [
      'condition of an if',
      'if (x) y(); else if (/* guard: a/b */ z) lock();',
      'if (x) y(); else if (/* guard: a/b */ false) lock();',
    ],
    ['property', 'open({\n// guard: a/b\nmax: 3,\nmin: 1 });', 'open({\n// guard: a/b\n\nmin: 1 });'],
    ['last argument', 'open(x, /* guard: a/b */ y);', 'open(x, /* guard: a/b */ );'],
    ['element', 'const x = [/* guard: a/b */ y, z];', 'const x = [/* guard: a/b */  z];'],
    ['member', 'class Door {\n// guard: a/b\n#lock(): void {}\n}', 'class Door {\n// guard: a/b\n\n}'],
    [
      'link of a chain',
      'const x = y\n// guard: a/b\n.filter(isKey)\n.map(z);',
      'const x = y\n// guard: a/b\n\n.map(z);',
    ],
    ['windows line ends', '// guard: a/b\r\nlock();\r\nopen();', '// guard: a/b\r\n;\r\nopen();'],
  ])('drops a marked %s', (_what, text, rest) => {
    expect(without(text)).toEqual([rest]);
  });

  it.each([
    'const MAX = /* guard: a/b */ 3;',
    'return_(() => /* guard: a/b */ x);',
    'x = /* guard: a/b */ lock(y);',
  ])('knows that nothing can be left out in %s', (text) => {
    expect(markersIn('door.ts', text)[0]?.dropped).toBeUndefined();
  });

  it('takes several guards from one marker, and several markers from one file', () => {
    const found = markersIn('door.ts', '// guard: a/b, a/c\nif (/* guard: a/d */ x || y) lock();');
    expect(found.map(({ guard }) => guard)).toEqual(['a/b', 'a/c', 'a/d']);
  });

  it('tells tests from guards by the file, and by what is called in a contract suite', () => {
    const isTest = (file: string, text: string): boolean | undefined => markersIn(file, text)[0]?.isTest;
    expect(isTest('door.test.ts', '// guard: a/b\nonlyHere(x);')).toBe(true);
    expect(isTest('door-contract.ts', "// guard: a/b\nit.each([1])('is closed', () => {});")).toBe(true);
    expect(isTest('door.ts', '// guard: a/b\nlock(it);')).toBe(false);
  });

  it('says where nothing stands behind a marker', () => {
    expect(() => markersIn('door.ts', 'open();\n// guard: a/b\n')).toThrow(
      'door.ts:2: no piece of code begins behind the marker of a/b',
    );
  });

  it('finds the same pieces however the source is laid out', async () => {
    const text = `
      class Door {
        open(key: string, keys: ReadonlySet<string>): string | undefined {
          // guard: door/locked
          if (key.length > MAX_KEY_LENGTH || !keys.has(key)) return 'closed';
          else if (/* guard: door/else */ key === '') this.close();
          else /* guard: door/last */ this.lock();
          for (const one of keys) if (/* guard: door/loop */ one === key) this.count(/* guard: door/count */ one, { isStrict: /* guard: door/strict */ true });
          const isOpen = key !== undefined && /* guard: door/same */ (key === this.#key || key === this.#masterKey) && /* guard: door/now */ this.#now() < 5;
          const names = [...keys]
            // guard: door/names
            .filter((name) => name.startsWith('d')).map((name) => name.toUpperCase());
          return /* guard: door/condition */ isOpen ? names.join() : /* guard: door/else-part */ this.#refuse(key, names.length);
        }
      }`;
    const laidOut = async (printWidth: number): Promise<string[]> =>
      pieces(await prettier.format(text, { parser: 'typescript', printWidth, singleQuote: true }));
    const here = pieces(text);
    expect(here).toHaveLength(11);
    expect(await laidOut(40)).toEqual(here);
    expect(await laidOut(200)).toEqual(here);
  });
});
