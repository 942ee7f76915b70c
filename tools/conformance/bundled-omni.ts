import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleServer } from '../workspace/bundle.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Omni as it is shipped. */
export interface BundledOmni {
  /** File that starts it. */
  readonly main: string;
  remove(): Promise<void>;
}

/** Bundles Omni, and takes a copy that nobody replaces while it is tested. */
export async function bundleOmni(): Promise<BundledOmni> {
  const entry = join(ROOT, await bundleServer());
  const folder = await mkdtemp(join(tmpdir(), 'omni-conformance-'));
  await cp(dirname(entry), folder, { recursive: true });
  return { main: join(folder, 'main.mjs'), remove: () => rm(folder, { recursive: true, force: true }) };
}
