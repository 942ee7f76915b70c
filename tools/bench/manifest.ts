import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import type { BenchOptions } from './options.ts';
import type { CorePlan } from './pinned-process.ts';
import { peersLockHash } from './subjects/peers.ts';
import type { Subject } from './subjects/subject.ts';

const ROOT = new URL('../../', import.meta.url);

/** Everything that a reader needs to judge a result or to repeat it. Holds no host name and no path. */
export interface Manifest {
  readonly startedAt: string;
  readonly seconds: number;
  readonly commit: string;
  readonly isDirty: boolean;
  readonly node: string;
  readonly kernel: string;
  readonly cpu: string;
  readonly cpuCount: number;
  readonly memoryBytes: number;
  readonly loadAverageAtStart: number;
  readonly cores: CorePlan;
  readonly seed: number;
  readonly options: Omit<BenchOptions, 'out' | 'before'>;
  readonly lockSha256: string;
  readonly peersLockSha256: string;
  readonly versions: Readonly<Record<string, string>>;
}

/** Starts a manifest; the function that it gives completes it when the run is over. */
export function startManifest(
  options: BenchOptions,
  cores: CorePlan,
  subjects: readonly Pick<Subject, 'name' | 'version'>[],
): () => Manifest {
  const startedAt = new Date();
  const loadAverageAtStart = loadavg()[0] ?? 0;
  const { out: _out, before: _before, ...kept } = options;
  return () => ({
    startedAt: startedAt.toISOString(),
    seconds: Math.round((Date.now() - startedAt.getTime()) / 1_000),
    commit: git('rev-parse', '--short', 'HEAD') ?? 'uncommitted',
    isDirty: git('status', '--porcelain') !== '',
    node: process.version,
    kernel: release(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cpuCount: cpus().length,
    memoryBytes: totalmem(),
    loadAverageAtStart,
    cores,
    seed: options.seed,
    options: kept,
    lockSha256: createHash('sha256')
      .update(readFileSync(new URL('package-lock.json', ROOT)))
      .digest('hex'),
    peersLockSha256: peersLockHash(),
    versions: Object.fromEntries(subjects.map((subject) => [subject.name, versionOf(subject)])),
  });
}

function versionOf(subject: Pick<Subject, 'version'>): string {
  try {
    return subject.version();
  } catch (error) {
    return `not available: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function git(...args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}
