import { settingFlags } from '@omni/master-server';
import { jsonText } from '@omni/ports';
import type { FlagSetting } from '@omni/container/node';
import type { CommandContext } from '../../connection/target.ts';

/** What every command of `omni config` takes. */
export interface ConfigOptions {
  /** File or folder. */
  readonly config: string;
  readonly strict?: boolean;
  /** `KEY=VALUE` each. */
  readonly set?: readonly string[];
  readonly output: 'text' | 'json';
}

/** @throws {@link GatewayError} `OMNI_USAGE` */
export function layersOf({ strict = false, set }: ConfigOptions): {
  readonly strict: boolean;
  readonly flags: readonly FlagSetting[];
} {
  return { strict, flags: settingFlags(set) };
}

/** Prints facts as JSON, or lines. */
export function print(
  { terminal }: CommandContext,
  { output }: Pick<ConfigOptions, 'output'>,
  facts: unknown,
  lines: readonly string[],
): void {
  terminal.writeOut(
    output === 'json' ? `${jsonText(facts, 2)}\n` : lines.map((line) => `${line}\n`).join(''),
  );
}

/** A value in one line. */
export function valueText(value: unknown): string {
  return typeof value === 'string' ? value : jsonText(value);
}
