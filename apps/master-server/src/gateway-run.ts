import type { Configuration, HttpGateway, watchLaunchers } from '@omni/container/node';
import type { Access, BannerFacts } from './banner.ts';
import { configurationReport } from './configuration-report.ts';
import { exitCodeOf, watchStopSignals } from './stop-signals.ts';
import type { ProgramHost } from './program-host.ts';

export interface GatewayRun {
  readonly configuration: Configuration;
  readonly start: () => Promise<HttpGateway>;
  readonly watchLaunchers: typeof watchLaunchers;
  /** Says that the gateway is up. */
  readonly announce: (facts: BannerFacts) => void;
}

/**
 * Runs a gateway until a signal ends it, or whoever runs it on behalf of a user has ended. The first SIGINT
 * or SIGTERM lets running requests finish up to `server.drain`, another one at least a second later ends them
 * at once.
 *
 * @returns The exit code: 0 after an orderly stop; 130 or 143 when two such signals came before it was up.
 */
export async function runGateway(
  { configuration, start, watchLaunchers, announce }: GatewayRun,
  host: ProgramHost,
): Promise<number> {
  const signals = watchStopSignals(host.signals, () =>
    host.writeErr('omni: SIGHUP is ignored; restart to read the configuration again\n'),
  );
  host.writeErr(configurationReport(configuration));
  const unwatch = watchLaunchers(host, () => signals.request('what started it has ended'));
  try {
    const outcome = await Promise.race([start(), signals.forceStop]);
    if (typeof outcome === 'string') return exitCodeOf(outcome);
    announce({
      url: outcome.url,
      sockets: outcome.sockets,
      access: accessOf(outcome, configuration),
      upstreams: outcome.server.upstreams().map(({ name }) => name),
    });
    const signal = await signals.stop;
    host.writeErr(`omni: ${signal}, stopping; once more in a second to stop at once\n`);
    void signals.forceStop.then(() => outcome.forceStop());
    await outcome.stop();
    host.writeErr('omni: stopped\n');
    return 0;
  } finally {
    unwatch();
    signals.close();
  }
}

function accessOf({ token }: HttpGateway, { auth }: Configuration): Access {
  if (auth.mode === 'open') return { kind: 'open' };
  return token === undefined
    ? { kind: 'configured' }
    : { kind: 'file', token: token.value, path: token.path };
}
