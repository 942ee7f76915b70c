import { GatewayError } from '@omni/ports';
import type { CommandContext, Target, TargetOptions } from './target.ts';

const DEFAULT_URL = 'http://127.0.0.1:7431';

/**
 * Opens the gateway that the options name: a configuration, a URL, or the one that runs on this machine by
 * default.
 *
 * @param settleMs - How long servers of a configuration may take to start.
 * @throws {@link GatewayError} `OMNI_USAGE`, `OMNI_CONFIG_*`.
 */
export async function openTarget(
  options: TargetOptions,
  settleMs: number,
  { terminal, signal }: CommandContext,
): Promise<Target> {
  const { config, strict = false, url, token, debug } = options;
  if (config === undefined) {
    const { openRemoteTarget } = await import('./remote-target.ts');
    return await openRemoteTarget({ url: url ?? DEFAULT_URL, token }, terminal.environment);
  }
  if (url !== undefined || token !== undefined) {
    throw new GatewayError(
      'OMNI_USAGE',
      '--config runs a gateway of its own; --url and --token are for one that runs already',
      {
        hint: 'Leave one of them out.',
      },
    );
  }
  const { openLocalTarget } = await import('./local-target.ts');
  return await openLocalTarget(
    { config, strict, settleMs, logLevel: debug ? 'debug' : 'error', signal },
    terminal,
  );
}
