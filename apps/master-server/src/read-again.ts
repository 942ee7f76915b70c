import type { ProgramHost } from './program-host.ts';

/** What reads its configuration again. */
interface ConfiguredGateway {
  /** `false` where there are no files. */
  readConfigurationAgain(): boolean;
}

/** SIGHUP: reads the configuration again, and stops nothing, since it also comes when a terminal closes. */
export function readAgain(gateway: ConfiguredGateway | undefined, host: Pick<ProgramHost, 'writeErr'>): void {
  if (gateway === undefined) host.writeErr('omni: SIGHUP, and nothing is up yet\n');
  else if (gateway.readConfigurationAgain()) host.writeErr('omni: SIGHUP, reading the configuration again\n');
  else host.writeErr('omni: SIGHUP is ignored; there is no configuration file to read again\n');
}
