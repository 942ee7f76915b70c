/**
 * Measures hand-written parts beside libraries that do the same: bytes of a minified bundle, time to load it,
 * time per operation. Prints the table that `results.md` holds and docs/parts.md speaks of. Usage:
 * `node --conditions=@omni/source tools/packages/parts/main.ts > tools/packages/parts/results.md`
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { npm, QUIET } from '../npm.ts';
import { run } from '../process.ts';
import { COMPARISONS } from './comparisons.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROUNDS = 9;
const ROUND_MS = 40;
const LOADS = 15;

interface Prepared {
  readonly prepare: (input: unknown) => (() => unknown) | Promise<() => unknown>;
}

interface Measured {
  readonly bytes: number;
  readonly packedBytes: number;
  readonly file: string;
  readonly loadMs: number;
  readonly operation: () => unknown;
}

async function measured(code: string, input: unknown, folder: string, name: string): Promise<Measured> {
  const bundle = await build({
    stdin: { contents: code, resolveDir: HERE, loader: 'ts' },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'node',
    mainFields: ['module', 'main'],
    conditions: ['@omni/source'],
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  const text = bundle.outputFiles[0]?.contents ?? new Uint8Array();
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, text);
  const { prepare } = (await import(pathToFileURL(file).href)) as Prepared; // what each comparison exports
  return {
    bytes: text.length,
    packedBytes: gzipSync(text).length,
    file,
    loadMs: await loadTime(file),
    operation: await prepare(input),
  };
}

/** The best of some processes, without the start of Node itself. */
async function loadTime(file: string): Promise<number> {
  const script = `const t=performance.now();await import(${JSON.stringify(pathToFileURL(file).href)});console.log(performance.now()-t)`;
  const times: number[] = [];
  for (let index = 0; index < LOADS; index++) {
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: HERE });
    times.push(Number(stdout));
  }
  return Math.min(...times);
}

/** Time per operation, in nanoseconds: medians of rounds that take turns. */
async function timesOf(operations: readonly (() => unknown)[]): Promise<number[]> {
  const rounds = operations.map((): number[] => []);
  for (let round = 0; round <= ROUNDS; round++)
    for (const [index, operation] of operations.entries()) {
      const isAsync = operation() instanceof Promise;
      let count = 0;
      const started = performance.now();
      while (performance.now() - started < ROUND_MS)
        for (let turn = 0; turn < 16; turn++, count++)
          if (isAsync) await operation();
          else operation();
      // The first round warms up.
      if (round > 0) rounds[index]?.push(((performance.now() - started) * 1e6) / count);
    }
  return rounds.map(median);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function duration(nanoseconds: number): string {
  return nanoseconds < 1_000 ? `${nanoseconds.toFixed(0)} ns` : `${(nanoseconds / 1_000).toFixed(1)} µs`;
}

function size({ bytes, packedBytes }: Measured): string {
  return `${(bytes / 1_000).toFixed(1)} kB (${(packedBytes / 1_000).toFixed(1)} gzip)`;
}

if (!existsSync(join(HERE, 'node_modules'))) {
  const { code, output } = await npm(['install', '--no-package-lock', ...QUIET], { cwd: HERE });
  if (code !== 0) throw new RangeError(`npm install failed in ${HERE}:\n${output}`);
}
const folder = mkdtempSync(join(tmpdir(), 'omni-parts-'));
try {
  console.log(`Node ${process.versions.node}, ${cpus()[0]?.model.trim()}, ${new Date().toISOString().slice(0, 10)}. Times are medians of ${ROUNDS} rounds in
turn, loads the best of ${LOADS}.\n`);
  console.log('| part | task | Omni: bundle | load | time | library | bundle | load | time |');
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- |');
  for (const [index, { part, task, input, ours, library, theirs }] of COMPARISONS.entries()) {
    const own = await measured(ours, input, folder, `ours-${index}`);
    const other = await measured(theirs, input, folder, `theirs-${index}`);
    const [ownTime = 0, otherTime = 0] = await timesOf([own.operation, other.operation]);
    const cells = [part, task, size(own), `${own.loadMs.toFixed(1)} ms`, duration(ownTime)].concat([
      library,
      size(other),
      `${other.loadMs.toFixed(1)} ms`,
      duration(otherTime),
    ]);
    console.log(`| ${cells.join(' | ')} |`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
