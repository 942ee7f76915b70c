import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** One JSON value as text; see `tools/fidelity/corpus.ts`. */
export interface CorpusValue {
  readonly category: string;
  readonly text: string;
}

const PROGRAM = fileURLToPath(new URL('../../../../tools/fidelity/corpus.ts', import.meta.url));
const MAX_BYTES = 16 * 1024 * 1024;

/** The corpus, as its program prints it. */
export async function readCorpus(): Promise<readonly CorpusValue[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM], { maxBuffer: MAX_BYTES });
  // The program prints one value per line.
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as CorpusValue);
}
