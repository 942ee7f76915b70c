import { runClientSuite, type ClientRoute } from './client-suite.ts';
import type { Leg, LegGroup } from './leg.ts';
import type { Revision } from './requirement-set.ts';

/**
 * For a legacy client Omni asks a modern server once whether it speaks the legacy era too. These scenarios
 * take that `initialize` for a modern request without its headers.
 */
const WITHOUT_IN_OTHER_ERA = ['http-standard-headers', 'request-metadata'];

/** A client of the SDK before the servers of the suite: without Omni, and through its fronts. */
export function clientLegs(revision: Revision, main: string | undefined): LegGroup {
  const leg = (name: string, route: ClientRoute, without: readonly string[] = []): Leg => ({
    name: `client ${name}`,
    side: 'client',
    revision,
    without,
    run: () =>
      runClientSuite(
        revision,
        { ...route, main },
        { without, onRefused: (text) => process.stderr.write(`${text}\n`) },
      ),
  });
  const otherEra = revision === '2026-07-28' ? 'legacy' : 'modern';
  return {
    direct: leg('direct', { front: 'direct' }),
    throughOmni: [
      leg('http', { front: 'http' }),
      leg('stdio', { front: 'stdio' }),
      leg(`http, ${otherEra} client`, { front: 'http', era: otherEra }, WITHOUT_IN_OTHER_ERA),
    ],
  };
}
