/**
 * Says of each configuration file below a folder whether it is served, refused or served in part, and
 * everything that is told of it.
 *
 * Usage: npm run configs -- FOLDER [EXPECTATIONS.json]
 *
 * With expectations (a map from paths to `Expectation`) the exit code is 1 when a file is judged otherwise,
 * or is not there.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { differences, filesBelow, verdictOf, type Expectation } from './verdict.ts';

async function main([folder, expectationsFile]: readonly string[]): Promise<number> {
  if (folder === undefined) {
    process.stderr.write('Usage: npm run configs -- FOLDER [EXPECTATIONS.json]\n');
    return 64;
  }
  // What is written there by hand has this form, or the differences below say so.
  const expectations = (
    expectationsFile === undefined ? {} : JSON.parse(await readFile(expectationsFile, 'utf8'))
  ) as Readonly<Record<string, Expectation>>;
  const left = new Set(Object.keys(expectations));
  let wrong = 0;
  for (const file of await filesBelow(folder)) {
    const verdict = await verdictOf(join(folder, file), process.env);
    const expected = expectations[file];
    left.delete(file);
    const differs = expected === undefined ? [] : differences(verdict, expected);
    if (differs.length > 0) wrong += 1;
    const mark = expected === undefined ? '' : differs.length > 0 ? ' WRONG' : ' as expected';
    const lines = [...verdict.lines, ...differs.map((difference) => `WRONG: ${difference}`)];
    process.stdout.write(`${file}: ${verdict.outcome} [${verdict.servers.join(', ')}]${mark}\n`);
    for (const line of lines) process.stdout.write(`    ${line.replaceAll(`${folder}/`, '')}\n`);
  }
  for (const file of left) process.stdout.write(`${file}: WRONG: there is no such file\n`);
  return wrong + left.size > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
