import { describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { BUNDLE } from './bundle.mjs';

describe('the bundle of the server', () => {
  it('leaves out the languages of zod and Node’s own undici, which no start needs', async () => {
    const { metafile, outputFiles } = await build({ ...BUNDLE, write: false, metafile: true });
    const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs));
    const languages = inputs.filter(
      ([path, { bytesInOutput }]) => bytesInOutput > 0 && path.includes('/zod/v4/locales/'),
    );
    expect(languages.map(([path]) => path).filter((path) => !path.endsWith('/en.js'))).toEqual([]);
    expect(inputs.some(([path]) => path.includes('/zod/v4/'))).toBe(true);
    expect(outputFiles.filter(({ text }) => /from\s*"node:http"/.test(text)).map(({ path }) => path)).toEqual(
      [],
    );
  });
});
