import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SUITE = fileURLToPath(
  new URL('../../../../node_modules/@modelcontextprotocol/conformance/dist/index.js', import.meta.url),
);
const TIMEOUT_MS = 60_000;

/** How each check of one scenario of the official conformance suite ended, by its id. */
export async function officialChecks(
  url: string,
  scenario: string,
): Promise<Readonly<Record<string, string>>> {
  const folder = await mkdtemp(join(tmpdir(), 'omni-e2e-suite-'));
  const args = ['server', '--url', url, '--scenario', scenario, '-o', folder];
  try {
    const said = await new Promise<string>((resolve) => {
      // Its exit code says again what stands in its files.
      execFile(process.execPath, [SUITE, ...args], { timeout: TIMEOUT_MS }, (_error, stdout, stderr) =>
        resolve(stdout + stderr),
      );
    });
    const [run] = await readdir(folder);
    if (run === undefined) throw new Error(`the suite has left no results: ${said.slice(-2_000)}`);
    const checks = JSON.parse(await readFile(join(folder, run, 'checks.json'), 'utf8')) as readonly {
      readonly id: string;
      readonly status: string;
    }[];
    return Object.fromEntries(checks.map(({ id, status }) => [id, status]));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
