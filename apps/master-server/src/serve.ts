import { systemClock } from '@omni/ports';
import { bannerJson, logLossText, serveBanner } from './banner.ts';
import { checkVerdict, configurationReport } from './configuration-report.ts';
import { runGateway } from './gateway-run.ts';
import { keepCode } from './keep-code.ts';
import type { LogLevel } from './arguments/log-level.ts';
import { thisProcess, type ProgramHost } from './program-host.ts';
import { settingFlags } from './arguments/setting-flags.ts';
import { telemetryExporter } from './telemetry/telemetry-exporter.ts';

export interface ServeOptions {
  /** File or folder of the configuration. Default: what is found. */
  readonly config?: string;
  /**
   * Whether one server that is wrong stops all in a client's file, as it does in Omni's own. Default `false`.
   */
  readonly strict?: boolean;
  /** Settings over those of the files, `KEY=VALUE` each. */
  readonly set?: readonly string[];
  /** `HOST:PORT`; that of the configuration when absent, port 0 picks a free one. */
  readonly listen?: string;
  readonly logLevel?: LogLevel;
  /** Validates the configuration and ends. */
  readonly check: boolean;
  /** Tells URL and token file as one line of JSON on stdout. */
  readonly json: boolean;
}

/**
 * Serves a configuration over HTTP until a signal comes.
 *
 * @returns The exit code.
 * @throws {@link GatewayError} `OMNI_USAGE` where there is no configuration, `OMNI_CONFIG_*`,
 * `OMNI_LISTEN_*`, `OMNI_STATE_DENIED`.
 */
export async function runServe(options: ServeOptions, host: ProgramHost = thisProcess): Promise<number> {
  if (!options.check) await keepCode(host);
  // The command loads this file to print its help, too; the gateway itself is loaded when it is needed.
  const { exposeCollector, openConfiguration, PhaseLog, serviceManager, startHttpGateway, watchLaunchers } =
    await import('@omni/container/node');
  const { environment } = host;
  const phases = new PhaseLog('start', systemClock);
  const origin = await openConfiguration({
    ...options,
    environment: host.environment,
    folder: host.folder,
    flags: settingFlags(options.set),
  });
  const configuration = await phases.run('configuration', () => origin.first.load());
  if (options.check) {
    host.writeErr(configurationReport(configuration));
    const { text, exitCode } = checkVerdict(origin.files.path, configuration);
    host.writeOut(text);
    return exitCode;
  }
  exposeCollector();
  const { listen, logLevel } = options;
  return await runGateway(
    {
      configuration,
      phases,
      watchLaunchers,
      serviceManager,
      start: async () =>
        startHttpGateway({
          configuration,
          environment,
          origin,
          exporter: await telemetryExporter(configuration, environment),
          startPhases: phases,
          listen,
          logLevel,
          supervision: 'thread',
          ...(options.json ? {} : { onLogLost: (reason) => host.writeOut(logLossText(reason)) }),
        }),
      announce: (facts) =>
        options.json ? host.writeOut(bannerJson(facts)) : host.writeErr(serveBanner(facts)),
    },
    host,
  );
}
