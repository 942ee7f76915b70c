/**
 * Imported by a started Omni before anything else: `--import=…/guard-import.mjs?removals=<JSON>` loads its
 * sources without a guard.
 */
import { registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { withoutGuard } from './without-guard.mjs';

/** @import { Removal } from './placed-guards.ts' */

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** @type {readonly Removal[]} */
const removals = JSON.parse(new URL(import.meta.url).searchParams.get('removals') ?? '[]');
if (removals.length === 0) throw new Error('There is no guard to take away');
const guarded = new Map(removals.map(({ file }) => [pathToFileURL(`${ROOT}${file}`).href, file]));

registerHooks({
  load(url, context, nextLoad) {
    const file = guarded.get(url);
    if (file === undefined) return nextLoad(url, context);
    // Types have to go before it is a module, which only the loader of Node does: it is asked first whether
    // it can.
    const loaded = nextLoad(url, context);
    if (typeof loaded.source === 'string' || loaded.source === undefined || loaded.source === null)
      throw new Error(`${url} was not read`);
    return { ...loaded, source: withoutGuard(removals, file, new TextDecoder().decode(loaded.source)) };
  },
});
