import type {
  Configuration,
  HttpGateway,
  PhaseLog,
  serviceManager,
  watchLaunchers,
} from '@omni/container/node';
import type { Access, BannerFacts } from './banner.ts';
import { configurationReport } from './configuration-report.ts';
import { readAgain } from './read-again.ts';
import { startInTime } from './start-in-time.ts';
import { protect, stopInTime } from './stop-in-time.ts';
import { exitCodeOf, watchStopSignals } from './stop-signals.ts';
import type { ProgramHost } from './program-host.ts';

export interface GatewayRun {
  readonly configuration: Configuration;
  readonly start: () => Promise<HttpGateway>;
  readonly phases: Pick<PhaseLog, 'current'>;
  readonly watchLaunchers: typeof watchLaunchers;
  readonly serviceManager: typeof serviceManager;
  /** Says that the gateway is up. */
  readonly announce: (facts: BannerFacts) => void;
}

/**
 * Runs a gateway until a signal ends it, or whoever runs it on behalf of a user has ended. The first SIGINT
 * or SIGTERM lets running requests finish up to `server.drain`, another one at least a second later ends them
 * at once.
 *
 * @returns The exit code: 0 after an orderly stop, 1 after one that a second signal cut short; 130 or 143
 * when two signals came before it was up.
 * @throws {@link GatewayError} `OMNI_START_TIMEOUT`, and what the start fails with.
 */
export async function runGateway(
  { configuration, start, phases, watchLaunchers, serviceManager, announce }: GatewayRun,
  host: ProgramHost,
): Promise<number> {
  // What a crash or a failed start has to end.
  const up: { gateway?: HttpGateway } = {};
  const signals = watchStopSignals(host.signals, () => readAgain(up.gateway, host));
  host.writeErr(configurationReport(configuration));
  host.crashes.onRejection = configuration.errors.onUnknown;
  const unwatch = watchLaunchers(host, () => signals.request('what started it has ended'));
  const manager = serviceManager({
    environment: host.environment,
    pid: host.pid,
    isAlive: () => up.gateway?.server.readiness().live === true,
  });
  try {
    let listens: (gateway: HttpGateway) => void = () => {};
    const listening = new Promise<HttpGateway>((resolve) => (listens = resolve));
    const started = startInTime({
      start,
      phases,
      startup: configuration.startup,
      onListening(gateway) {
        up.gateway = gateway;
        protect(gateway, host.crashes);
        announce({
          url: gateway.url,
          sockets: gateway.sockets,
          access: accessOf(gateway, configuration),
          upstreams: gateway.server.upstreams().map(({ name }) => name),
        });
        listens(gateway);
      },
    });
    const hurried = await Promise.race([
      started.then(() => manager.ready()),
      // Before it listens there is nothing to end in order.
      listening.then(() => signals.stop).then(() => {}),
      signals.forceStop,
    ]);
    if (hurried !== undefined && up.gateway === undefined) return exitCodeOf(hurried);
    const signal = await signals.stop;
    host.writeErr(`omni: ${signal}, stopping; once more in a second to stop at once\n`);
    manager.stopping();
    const { drainMs } = configuration.server;
    const exitCode = await stopInTime(await listening, { signals, host, drainMs });
    host.writeErr('omni: stopped\n');
    return exitCode;
  } catch (error) {
    await up.gateway?.stop({ deadlineMs: 0 });
    throw error;
  } finally {
    host.crashes.stop = undefined;
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
