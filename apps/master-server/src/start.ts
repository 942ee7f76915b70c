import { GatewayError, systemClock } from '@omni/ports';
import { logLossText, startBanner } from './banner.ts';
import { DEMO_CONFIGURATION_PATH, demoConfigurationText, findDemoPrograms } from './demo-configuration.ts';
import { runGateway } from './gateway-run.ts';
import { keepCode } from './keep-code.ts';
import type { LogLevel } from './arguments/log-level.ts';
import { thisProcess, type ProgramHost } from './program-host.ts';
import { settingFlags } from './arguments/setting-flags.ts';
import { telemetryExporter } from './telemetry/telemetry-exporter.ts';

export interface StartOptions {
  /** File or folder of the configuration; two demo servers when absent. */
  readonly config?: string;
  /** As for `serve`. */
  readonly strict?: boolean;
  /** Settings over those of the files, `KEY=VALUE` each. */
  readonly set?: readonly string[];
  /** `HOST:PORT`; that of the configuration when absent, port 0 picks a free one. */
  readonly listen?: string;
  readonly logLevel?: LogLevel;
}

/**
 * The first run: serves over HTTP, in front of demo servers unless told otherwise, and prints URL, token and
 * what to paste.
 *
 * @returns The exit code.
 * @throws {@link GatewayError} `OMNI_CONFIG_*`, `OMNI_LISTEN_*`, `OMNI_STATE_DENIED`.
 */
export async function runStart(options: StartOptions, host: ProgramHost = thisProcess): Promise<number> {
  await keepCode(host);
  const {
    ConfigurationFiles,
    exposeCollector,
    parseConfigurationText,
    PhaseLog,
    serviceManager,
    startHttpGateway,
    watchLaunchers,
  } = await import('@omni/container/node');
  exposeCollector();
  const { environment } = host;
  const phases = new PhaseLog('start', systemClock);
  const files =
    options.config === undefined
      ? undefined
      : new ConfigurationFiles(options.config, environment, { ...options, flags: settingFlags(options.set) });
  const first = await files?.read();
  const configuration = await phases.run('configuration', () =>
    first === undefined
      ? parseConfigurationText(
          demoConfigurationText(findDemoPrograms()),
          DEMO_CONFIGURATION_PATH,
          environment,
        )
      : first.load(),
  );
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
          origin: files && first && { files, first },
          exporter: await telemetryExporter(configuration, environment),
          startPhases: phases,
          listen,
          logLevel,
          supervision: 'thread',
          onLogLost: (reason) => host.writeOut(logLossText(reason)),
        }).catch(explainTakenPort),
      announce: (facts) => host.writeOut(startBanner(facts)),
    },
    host,
  );
}

/** Whoever starts for the first time is given the command to type. */
function explainTakenPort(error: unknown): never {
  if (!(error instanceof GatewayError) || error.code !== 'OMNI_LISTEN_IN_USE') throw error;
  throw new GatewayError(error.code, error.message, {
    cause: error,
    hint: 'npm start -- --listen 127.0.0.1:0\nor stop the program that uses the port; it may be another Omni.',
  });
}
