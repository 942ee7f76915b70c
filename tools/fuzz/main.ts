/**
 * Searches inputs for which a part of Omni does not keep its promise.
 * Usage: npm run fuzz -- [--target name,…] [--seconds n] [--seed n] [--keep] | --list | --replay FILE
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { asciiJson, fromText, toText, writeCorpus } from './corpus.ts';
import type { Finding } from './fuzz-loop.ts';
import { createTarget, TARGET_NAMES } from './targets.ts';
import { watchedSearch } from './watched-search.ts';

const FINDINGS = join(import.meta.dirname, '..', '..', 'reports', 'fuzz');
/** What a corpus file may hold, in bytes of inputs. */
const MAX_CORPUS_BYTES = 6_000;

const USAGE = 'npm run fuzz -- [--target name,…] [--seconds n] [--seed n] [--keep] | --list | --replay FILE';

const values = readOptions();

if (values.list)
  for (const name of TARGET_NAMES) console.log(`${name.padEnd(14)}  ${createTarget(name).promise}`);
else if (values.replay !== undefined) await replay(values.replay);
else await search(values.target.split(','), Number(values.seconds), Number(values.seed));

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        target: { type: 'string', default: TARGET_NAMES.join(',') },
        seconds: { type: 'string', default: '60' },
        seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
        keep: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        replay: { type: 'string' },
      },
    });
    return values;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\nUsage: ${USAGE}`);
    process.exit(64);
  }
}

async function search(names: readonly string[], seconds: number, seed: number): Promise<void> {
  const unknown = names.filter((name) => !TARGET_NAMES.includes(name));
  if (unknown.length > 0 || !(seconds > 0) || !Number.isInteger(seed)) {
    console.error(`The targets are ${TARGET_NAMES.join(', ')}; --seconds and --seed are numbers.`);
    process.exitCode = 64;
    return;
  }
  let found = 0;
  for (const target of names) {
    const { runs, ms, kept, findings, characters } = await watchedSearch({ target, seconds, seed });
    const rate = Math.round((runs * 1_000) / ms);
    console.log(
      `${target}: ${runs} inputs in ${Math.round(ms / 1_000)} s (${rate}/s, seed ${seed}), ${kept.length} kept, ${characters} characters of source run, ${findings.length} findings`,
    );
    for (const finding of findings) report(target, finding);
    found += findings.length;
    if (values.keep && findings.length === 0) writeCorpus(target, smallest(kept, createTarget(target).seeds));
  }
  if (found > 0) process.exitCode = 1;
}

function report(target: string, { key, message, input }: Finding): void {
  mkdirSync(FINDINGS, { recursive: true });
  const file = join(FINDINGS, `${target}-${createHash('sha256').update(key).digest('hex').slice(0, 8)}.json`);
  writeFileSync(file, `${asciiJson({ target, key, message, input: toText(input) })}\n`);
  console.log(
    `  ${message.replaceAll('\n', '\n  ')}\n  input: ${asciiJson(toText(input))}\n  kept as ${file}`,
  );
}

async function replay(file: string): Promise<void> {
  // Written above.
  const { target: name, input } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly target: string;
    readonly input: string;
  };
  const target = createTarget(name);
  try {
    console.log(await target.check(fromText(input)));
  } finally {
    await target.close?.();
  }
}

/** The shortest ones, as many as a corpus may hold; seeds are tried anyway. */
function smallest(
  inputs: readonly Uint8Array[],
  seeds: readonly (string | Uint8Array)[],
): readonly Uint8Array[] {
  const known = new Set(seeds.map((seed) => Buffer.from(seed).toString('latin1')));
  let bytes = 0;
  return inputs
    .filter((input) => !known.has(toText(input)))
    .toSorted((a, b) => a.length - b.length)
    .filter((input) => (bytes += input.length) <= MAX_CORPUS_BYTES);
}
