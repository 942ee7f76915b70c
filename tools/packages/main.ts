/**
 * `npm run packages`: whether a stranger can use the libraries from their tarballs alone, on the oldest Node
 * and TypeScript that they name, on those of the workspace and on the newest. Prints a table, then counts.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkPackages, type CheckResult } from './check.ts';
import { countsLine, tableOf } from './report.ts';
import { SBOM_FILE } from './supply-rows.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const HELP = `Usage: npm run packages -- [--json] [--out FOLDER]

Builds and packs all public libraries, installs the tarballs into empty projects, and there imports, compiles
and runs everything that they promise; publishes them to a registry of this machine and installs from it.

  --json        print one JSON object in place of the table: rows, tarballs, notes
  --out FOLDER  keep the tarballs and their bill of materials (CycloneDX) when nothing has failed

Ends with 0 when nothing has failed, with 1 otherwise, with 64 for an unknown argument.`;

async function main(argv: readonly string[]): Promise<number> {
  let options;
  try {
    options = parseArgs({
      args: [...argv],
      options: { json: { type: 'boolean' }, out: { type: 'string' }, help: { type: 'boolean' } },
    }).values;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return 64;
  }
  if (options.help === true) {
    console.log(HELP);
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), 'omni-packages-'));
  try {
    const result = await checkPackages(ROOT, folder, (line) => process.stderr.write(`packages: ${line}\n`));
    const hasFailed = result.rows.some(({ outcome }) => outcome === 'failed');
    if (options.out !== undefined && !hasFailed) keep(result, resolve(options.out));
    console.log(options.json === true ? jsonOf(result) : textOf(result));
    return hasFailed ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function textOf({ rows, tarballs, notes }: CheckResult): string {
  return [...tableOf(rows, tarballs), '', ...notes.map((note) => `note: ${note}`), countsLine(rows)].join(
    '\n',
  );
}

function jsonOf({ rows, tarballs, notes }: CheckResult): string {
  const sizes = tarballs.map(({ name, version, packedBytes, unpackedBytes, sha256 }) => {
    return { name, version, packedBytes, unpackedBytes, sha256 };
  });
  return JSON.stringify({ rows, tarballs: sizes, notes }, undefined, 2);
}

function keep({ tarballs, project }: CheckResult, out: string): void {
  mkdirSync(out, { recursive: true });
  for (const { file } of tarballs) copyFileSync(file, join(out, basename(file)));
  if (project !== undefined) copyFileSync(join(project, SBOM_FILE), join(out, SBOM_FILE));
}

process.exitCode = await main(process.argv.slice(2));
