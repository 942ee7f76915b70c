import { parseArgs } from 'node:util';
import { formatTable, worseThanDirect, type LegResult } from './leg-report.ts';
import { startHttpFixture, startOmni, stdioFixtureEntry } from './omni-under-test.ts';
import { loadRequirementSet, REVISIONS, type Revision } from './requirement-set.ts';
import { runServerSuite } from './run.ts';

/** `/mcp` shows the names of the only upstream as they are, because nothing conflicts. */
const PATHS = ['/mcp/fixture', '/mcp'] as const;
const UPSTREAMS = ['stdio', 'http'] as const;

/** Runs one leg and tells what it gave; a leg that cannot run has failed in every scored scenario. */
async function measure(
  name: string,
  revision: Revision,
  run: () => Promise<Awaited<ReturnType<typeof runServerSuite>>>,
): Promise<LegResult> {
  const startedAt = performance.now();
  const { scored } = await loadRequirementSet(revision);
  const outcome = await run().then(
    (suite) => ({ suite, problem: undefined }),
    (error: unknown) => ({ suite: undefined, problem: error instanceof Error ? error.message : String(error) }),
  );
  return { name, revision, scoredTotal: scored.length, ...outcome, seconds: (performance.now() - startedAt) / 1000 };
}

async function runDirect(revision: Revision): Promise<LegResult> {
  return await measure('direct', revision, async () => {
    const fixture = await startHttpFixture();
    try {
      return await runServerSuite(fixture.url, revision);
    } finally {
      await fixture.stop();
    }
  });
}

async function runThroughOmni(upstream: (typeof UPSTREAMS)[number], path: string, revision: Revision, main?: string): Promise<LegResult> {
  return await measure(`${upstream} ${path}`, revision, async () => {
    const fixture = upstream === 'http' ? await startHttpFixture() : undefined;
    try {
      const omni = await startOmni(fixture === undefined ? stdioFixtureEntry() : { url: fixture.url }, main);
      try {
        return await runServerSuite(`${omni.url}${path}`, revision);
      } finally {
        await omni.stop();
      }
    } finally {
      await fixture?.stop();
    }
  });
}

const { values } = parseArgs({ options: { 'direct-only': { type: 'boolean', default: false }, omni: { type: 'string' } } });
// Exiting, unlike dying of the signal, takes the started programs along.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
const direct: LegResult[] = [];
const through: LegResult[] = [];
let skipped = 0;
for (const revision of REVISIONS) {
  const reference = await runDirect(revision);
  direct.push(reference);
  for (const upstream of UPSTREAMS) {
    for (const path of PATHS) {
      if (values['direct-only']) skipped += reference.scoredTotal;
      else through.push(await runThroughOmni(upstream, path, revision, values.omni));
    }
  }
}

process.stdout.write(`${formatTable([...direct, ...through])}\n`);
for (const leg of through) {
  const reference = direct.find(({ revision }) => revision === leg.revision);
  for (const line of worseThanDirect(leg, reference)) process.stdout.write(`${leg.name} ${leg.revision}: ${line}\n`);
}
const passed = through.reduce((sum, { suite }) => sum + (suite?.scored.passed ?? 0), 0);
const total = through.reduce((sum, { scoredTotal }) => sum + scoredTotal, 0);
const isDirectFine = direct.every(({ suite, scoredTotal }) => suite?.scored.passed === scoredTotal);
if (!isDirectFine) process.stdout.write('The fixture itself does not pass: see the direct legs above.\n');
process.stdout.write(`${passed} passed, ${total - passed} failed, ${skipped} skipped\n`);
process.exitCode = passed === total && isDirectFine ? 0 : 1;
