import { resolve } from 'node:path';
import type { Environment } from '@omni/config';
import { findConfig } from '@omni/node';
import { type AuditSink, GatewayError, silentAudit, systemClock } from '@omni/ports';
import { ApprovedConfigurations } from './approved-configurations.ts';
import { ConfigurationFiles, type FilesReading, type LoadOptions } from './configuration-files.ts';
import type { ConfigurationOrigin } from './followed-configuration.ts';

export interface OpenConfigurationOptions extends LoadOptions {
  /** File or folder. Default: what is found, see {@link findConfig}. */
  readonly config?: string | undefined;
  readonly environment: Environment;
  /** The working directory. */
  readonly folder: string;
}

/**
 * Reads the files of the configuration that is named, or else found. One in the working directory must have
 * been approved as it is, now and whenever it changes.
 *
 * @throws {@link GatewayError} `OMNI_USAGE` where there is none, `OMNI_CONFIG_UNREADABLE`,
 * `OMNI_CONFIG_UNAPPROVED`.
 */
export async function openConfiguration(options: OpenConfigurationOptions): Promise<ConfigurationOrigin> {
  const { environment } = options;
  const { path, isApproved } = await placeOf(options);
  const files = new ConfigurationFiles(path, environment, options);
  const first = await files.read();
  if (isApproved) return { files, first };
  const approved = new ApprovedConfigurations(environment);
  const checkApproved = (hash: string): Promise<void> => approved.check(path, hash);
  await checkApproved(first.hash);
  return { files, first, checkApproved };
}

export interface ApproveOptions extends OpenConfigurationOptions {
  /** Who approves it. */
  readonly by: string;
  readonly audit?: AuditSink;
}

/** Approves a configuration as it is. @returns What was approved. */
export async function approveConfiguration(
  options: ApproveOptions,
): Promise<Pick<FilesReading, 'hash'> & { readonly path: string }> {
  const { environment, by, audit = silentAudit } = options;
  const { path } = await placeOf(options);
  const { hash } = await new ConfigurationFiles(path, environment).read();
  await new ApprovedConfigurations(environment).approve(path, hash, by);
  const at = systemClock.now();
  audit.record({
    type: 'config.approved',
    at,
    actor: by,
    subject: path,
    outcome: 'success',
    details: { after: hash },
  });
  return { path, hash };
}

async function placeOf(
  options: OpenConfigurationOptions,
): Promise<{ readonly path: string; readonly isApproved: boolean }> {
  // What is named in a command was read by whoever names it.
  if (options.config !== undefined) return { path: options.config, isApproved: true };
  const found = await findConfig(options);
  if (found === undefined)
    throw new GatewayError('OMNI_USAGE', '--config is missing', {
      hint: 'Name a file or a folder (omni serve --help). An omni.yaml in the working directory or in your own folder is found without.',
    });
  return { path: resolve(found.path), isApproved: found.where === 'own' };
}
