import { systemClock } from '@omni/ports';
import type { StdioGateway } from '@omni/container/node';
import { sendConsoleToStderr } from './console-guard.ts';
import { configurationReport } from './configuration-report.ts';
import type { LogLevel } from './arguments/log-level.ts';
import { keepCode } from './keep-code.ts';
import { exitCodeOf, watchStopSignals } from './stop-signals.ts';
import { readAgain } from './read-again.ts';
import { protect, stopInTime } from './stop-in-time.ts';
import { thisProcess, type ProgramHost } from './program-host.ts';
import { settingFlags } from './arguments/setting-flags.ts';
import { telemetryExporter } from './telemetry/telemetry-exporter.ts';

export interface StdioOptions {
  /** File or folder of the configuration. Default: what is found. */
  readonly config?: string;
  /** As for `serve`. */
  readonly strict?: boolean;
  /** Settings over those of the files, `KEY=VALUE` each. */
  readonly set?: readonly string[];
  /** Shows this server alone, under its own names; all when absent. */
  readonly server?: string;
  readonly logLevel?: LogLevel;
}

/**
 * Serves one client on stdin and stdout until it goes away or a signal comes.
 *
 * @returns The exit code.
 * @throws {@link GatewayError} `OMNI_USAGE` where there is no configuration, `OMNI_CONFIG_*`,
 * `OMNI_SERVER_UNKNOWN`.
 */
export async function runStdio(options: StdioOptions, host: ProgramHost = thisProcess): Promise<number> {
  sendConsoleToStderr();
  await keepCode(host);
  const { exposeCollector, openConfiguration, PhaseLog, startStdioGateway, watchLaunchers } =
    await import('@omni/container/node');
  exposeCollector();
  const up: { gateway?: StdioGateway } = {};
  const signals = watchStopSignals(host.signals, () => readAgain(up.gateway, host));
  const unwatch = watchLaunchers(host, () => signals.request('what started it has ended'));
  try {
    const startPhases = new PhaseLog('start', systemClock);
    const origin = await openConfiguration({
      ...options,
      environment: host.environment,
      folder: host.folder,
      flags: settingFlags(options.set),
    });
    const configuration = await startPhases.run('configuration', () => origin.first.load());
    host.crashes.onRejection = configuration.errors.onUnknown;
    host.writeErr(configurationReport(configuration));
    const { server: only, logLevel } = options;
    const outcome = await Promise.race([
      startStdioGateway({
        configuration,
        origin,
        only,
        logLevel,
        environment: host.environment,
        startPhases,
        supervision: 'thread',
        input: host.input,
        output: host.output,
        exporter: await telemetryExporter(configuration, host.environment),
      }),
      signals.forceStop,
    ]);
    if (typeof outcome === 'string') return exitCodeOf(outcome);
    up.gateway = outcome;
    protect(outcome, host.crashes);
    await Promise.race([outcome.closed, signals.stop]);
    return await stopInTime(outcome, { signals, host, drainMs: configuration.server.drainMs });
  } finally {
    host.crashes.stop = undefined;
    unwatch();
    signals.close();
  }
}
