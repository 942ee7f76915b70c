import { atEnd } from './end-everything.ts';
import { eventually } from './eventually.ts';
import { StartedProcess } from './start-omni.ts';

/**
 * Starts a Node program that prints `{"url": …}` on stdout, and gives the URL. It is stopped when the test
 * file ends.
 */
export async function startServer(
  args: readonly string[],
): Promise<{ readonly url: string; readonly process: StartedProcess }> {
  const started = new StartedProcess(process.execPath, args, { PATH: process.env['PATH'] ?? '' });
  atEnd(async () => void (await started.stop()));
  const url = await eventually(
    'the URL of the server',
    () => {
      if (started.hasEnded) throw new Error(`it ended before it listened:\n${started.stderr}`);
      return /"url":"([^"]+)"/.exec(started.stdout)?.[1];
    },
    20_000,
  );
  return { url, process: started };
}
