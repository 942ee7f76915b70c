/** Imported by a started Omni before anything else: `--import=…/guard-import.mjs?guard=<name>` loads its sources without that guard. */
import { registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { GUARDS } from './guards.ts';
import { withoutGuard } from './without-guard.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const name = new URL(import.meta.url).searchParams.get('guard');
const guard = GUARDS.find((one) => one.name === name);
if (guard === undefined) throw new Error(`There is no guard ${name}`);
const guarded = pathToFileURL(`${ROOT}${guard.file}`).href;

registerHooks({
  load(url, context, nextLoad) {
    if (url !== guarded) return nextLoad(url, context);
    // Types have to go before it is a module, which only the loader of Node does: it is asked first whether it can.
    const loaded = nextLoad(url, context);
    if (typeof loaded.source === 'string' || loaded.source === undefined || loaded.source === null) throw new Error(`${url} was not read`);
    return { ...loaded, source: withoutGuard(guard, new TextDecoder().decode(loaded.source)) };
  },
});
