import { keepCompiledCode } from '@omni/container/compiled-code';
import type { ProgramHost } from './program-host.ts';

/** Makes later starts shorter, and says so where that cannot be. */
export async function keepCode(host: Pick<ProgramHost, 'environment' | 'writeErr'>): Promise<void> {
  const why = await keepCompiledCode(host.environment);
  if (why !== undefined)
    host.writeErr(`omni: compiled code is not kept, so that each start takes longer: ${why}\n`);
}
