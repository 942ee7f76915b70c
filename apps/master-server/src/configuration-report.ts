import type { Configuration } from '@omni/container/node';

/**
 * What everybody who reads a configuration is told on stderr: how a client's file was read, which servers are
 * left out because their entries are wrong, and what has no effect.
 *
 * @returns Lines that end in a line break, for a sink that encodes them; nothing when there is nothing to
 * tell.
 */
export function configurationReport({ notes, warnings, upstreams }: Configuration): string {
  const flaws = upstreams.flatMap(({ flaw }) => (flaw === undefined ? [] : flaw.split('\n')));
  return [
    ...notes.map((note) => `note: ${note}`),
    ...flaws.map((flaw) => `misconfigured: ${flaw}`),
    ...warnings.map((warning) => `warning: ${warning}`),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

/** What `--check` says of a configuration that could be read, and the exit code. */
export function checkVerdict(
  path: string,
  { upstreams }: Configuration,
): { readonly text: string; readonly exitCode: number } {
  const bad = upstreams.filter(({ flaw }) => flaw !== undefined).length;
  const good = upstreams.length - bad;
  const servers = `${good} ${good === 1 ? 'server' : 'servers'}`;
  if (bad === 0) return { text: `${path} is valid: ${servers}\n`, exitCode: 0 };
  if (good > 0) return { text: `${path} can be served: ${servers}, ${bad} misconfigured\n`, exitCode: 0 };
  return { text: `${path} cannot be served: ${bad} misconfigured, no other server\n`, exitCode: INVALID };
}

/** That of `OMNI_CONFIG_INVALID`. */
const INVALID = 4;
