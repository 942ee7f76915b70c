/**
 * Bundles the server into apps/master-server/dist/bundle: starts in a third of the time and needs no
 * node_modules.
 */
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FOLDER = 'apps/master-server/dist/bundle';

/** @returns {Promise<string>} path of the entry, from the root of the workspace */
export async function bundleServer() {
  // Chunks are named after their content: old ones would stay for ever.
  rmSync(`${ROOT}${FOLDER}`, { recursive: true, force: true });
  await bundle('main', 'apps/master-server/src/main.ts');
  // Runs in a thread, and is looked for beside the chunk that starts it. Bundled with the server it would
  // share a chunk with it, and load all of that.
  await bundle('coordinator-entry', 'libs/composition/di-container/src/node/coordinator-entry.ts');
  return `${FOLDER}/main.mjs`;
}

/**
 * @param {string} name
 * @param {string} entry - From the root of the workspace.
 */
async function bundle(name, entry) {
  await build({
    absWorkingDir: ROOT,
    entryPoints: { [name]: entry },
    outdir: FOLDER,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    conditions: ['@omni/source'],
    // Names stay readable in profiles and stack traces.
    minifySyntax: true,
    minifyWhitespace: true,
    // CommonJS packages ask for Node's own modules with require.
    banner: {
      js: "import{createRequire as omniCreateRequire}from'node:module';const require=omniCreateRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(`bundled ${await bundleServer()}`);
