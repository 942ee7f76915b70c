import type { Configuration, HttpGateway } from '@omni/container/node';
import type { Access, BannerFacts } from './banner.ts';
import { configurationReport } from './configuration-report.ts';
import { exitCodeOf, watchStopSignals } from './stop-signals.ts';
import type { ProgramHost } from './program-host.ts';

export interface GatewayRun {
  readonly configuration: Configuration;
  readonly start: () => Promise<HttpGateway>;
  /** Says that the gateway is up. */
  readonly announce: (facts: BannerFacts) => void;
}

/**
 * Runs a gateway until a signal ends it. The first SIGINT or SIGTERM lets running requests finish up to `server.drain`, a second
 * one ends them at once.
 *
 * @returns The exit code: 0 after an orderly stop; 130 or 143 when two signals came before it was up.
 */
export async function runGateway(
  { configuration, start, announce }: GatewayRun,
  host: ProgramHost,
): Promise<number> {
  const signals = watchStopSignals(host.signals, () =>
    host.writeErr('omni: SIGHUP is ignored; restart to read the configuration again\n'),
  );
  host.writeErr(configurationReport(configuration));
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
    host.writeErr(`omni: ${signal}, stopping; once more to stop at once\n`);
    void signals.forceStop.then(() => outcome.forceStop());
    await outcome.stop();
    host.writeErr('omni: stopped\n');
    return 0;
  } finally {
    signals.close();
  }
}

function accessOf({ token }: HttpGateway, { auth }: Configuration): Access {
  if (auth.mode === 'open') return { kind: 'open' };
  return token === undefined
    ? { kind: 'configured' }
    : { kind: 'file', token: token.value, path: token.path };
}
