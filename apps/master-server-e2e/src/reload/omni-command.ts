import { fileURLToPath } from 'node:url';
import { StartedProcess } from '../harness/start-omni.ts';

const OMNI = fileURLToPath(new URL('../../../cli/src/main.ts', import.meta.url));

/** Runs the command `omni` until it ends. */
export async function runOmniCommand(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const started = new StartedProcess(
    process.execPath,
    ['--conditions=@omni/source', OMNI, ...args],
    environment,
  );
  started.child.stdin?.end();
  const { code } = await started.ended;
  return { code, stdout: started.stdout, stderr: started.stderr };
}
