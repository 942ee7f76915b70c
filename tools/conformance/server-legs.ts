import { withCertificate } from './certificate.ts';
import type { Leg, LegGroup } from './leg.ts';
import { startHttpFixture, startOmni, stdioFixtureEntry, type OmniOptions } from './omni-under-test.ts';
import type { Revision } from './requirement-set.ts';
import { runServerSuite, type ServerSuiteOptions } from './run.ts';
import type { SuiteResult } from './suite-results.ts';

type UpstreamTransport = 'stdio' | 'http';

/** `/mcp` shows the names of the only upstream as they are, because nothing conflicts. */
const PATHS = ['/mcp/fixture', '/mcp'] as const;
/** These open connections of their own, which are never TLS. */
const PLAIN_HTTP_ONLY = ['http-header-validation', 'http-custom-header-server-validation'];
const UPSTREAMS: readonly UpstreamTransport[] = ['stdio', 'http'];

/**
 * The suite as a client of the fixture: without Omni, and through every front and endpoint that it can reach.
 */
export function serverLegs(revision: Revision, main: string | undefined): LegGroup {
  const leg = (name: string, run: () => Promise<SuiteResult>): Leg => ({
    name: `server ${name}`,
    side: 'server',
    revision,
    run,
  });
  return {
    direct: leg('direct', () => withHttpFixture((url) => runServerSuite(url, revision))),
    throughOmni: [
      ...UPSTREAMS.flatMap((upstream) =>
        PATHS.map((path) =>
          leg(`${upstream} ${path}`, () => runThroughOmni({ upstream, path, revision, omni: { main } })),
        ),
      ),
      {
        ...leg('http /mcp over TLS', () =>
          withCertificate(({ ca, ...tls }) =>
            runThroughOmni({
              upstream: 'http',
              path: '/mcp',
              revision,
              omni: { main, tls },
              suite: { env: { NODE_EXTRA_CA_CERTS: ca }, without: PLAIN_HTTP_ONLY },
            }),
          ),
        ),
        without: PLAIN_HTTP_ONLY,
      },
    ],
  };
}

interface ThroughOmni {
  readonly upstream: UpstreamTransport;
  readonly path: string;
  readonly revision: Revision;
  readonly omni: OmniOptions;
  readonly suite?: ServerSuiteOptions;
}

async function runThroughOmni({
  upstream,
  path,
  revision,
  omni: options,
  suite = {},
}: ThroughOmni): Promise<SuiteResult> {
  const run = async (entry: Parameters<typeof startOmni>[0]): Promise<SuiteResult> => {
    const omni = await startOmni(entry, options);
    try {
      return await runServerSuite(`${omni.url}${path}`, revision, suite);
    } finally {
      await omni.stop();
    }
  };
  return upstream === 'stdio' ? await run(stdioFixtureEntry()) : await withHttpFixture((url) => run({ url }));
}

async function withHttpFixture<T>(use: (url: string) => Promise<T>): Promise<T> {
  const fixture = await startHttpFixture();
  try {
    return await use(fixture.url);
  } finally {
    await fixture.stop();
  }
}
