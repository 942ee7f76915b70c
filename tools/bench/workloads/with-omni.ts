import { mkdirSync } from 'node:fs';
import type { SkippedSubject } from '../bench-result.ts';
import type { BenchSession } from '../bench-session.ts';
import { startOmni, type RunningOmni, type StartOmniOptions, type UpstreamEntry } from '../subjects/omni.ts';

/** Starts an Omni, lets it be used, and ends it; what fails tells what it wrote. */
export async function withOmni<T>(
  session: BenchSession,
  {
    folder,
    servers,
    ...options
  }: StartOmniOptions & {
    readonly folder: string;
    readonly servers: Readonly<Record<string, UpstreamEntry>>;
  },
  act: (omni: RunningOmni) => Promise<T>,
): Promise<T> {
  mkdirSync(folder, { recursive: true });
  const omni = await startOmni(servers, session.cores, folder, options);
  try {
    return await act(omni);
  } catch (error) {
    throw new Error(`${reasonOf(error)}; ${omni.process.logTail()}`, { cause: error });
  } finally {
    await omni.process.stop();
  }
}

/** Runs rounds until one fails; its reason is what the result shows. */
export async function roundsOf<T>(
  session: Pick<BenchSession, 'progress'>,
  { label, rounds }: { readonly label: string; readonly rounds: number },
  act: (round: number) => Promise<readonly T[]>,
): Promise<{ samples: T[]; skipped: SkippedSubject[] }> {
  const samples: T[] = [];
  for (let round = 0; round < rounds; round += 1) {
    session.progress(`${label}: round ${round + 1} of ${rounds}`);
    try {
      samples.push(...(await act(round)));
    } catch (error) {
      return { samples, skipped: [{ name: 'omni', reason: reasonOf(error) }] };
    }
  }
  return { samples, skipped: [] };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
