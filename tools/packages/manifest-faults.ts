/** What a package.json of a published library must say, and must say truly. */
import { imports } from './imports.ts';
import type { Bounds } from './bounds.mjs';
import type { Manifest } from './libraries.ts';

export interface ManifestFacts extends Bounds {
  /** From the root of the workspace. */
  readonly folder: string;
  /** `repository.url` of the workspace. */
  readonly repository: string;
  readonly readme: string;
  /** Examples of the README, as TypeScript. */
  readonly examples: readonly string[];
}

const CARET = /^\^\d/;
const ON_INSTALL = ['preinstall', 'install', 'postinstall', 'prepare'];
const TEST_RUNNERS = /^(jest|@jest\/.*|vitest|mocha)$/;

/** @returns What is wrong, one sentence each. */
export function manifestFaults(manifest: Manifest, facts: ManifestFacts): string[] {
  const { name, dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = manifest;
  const faults: string[] = [];
  const demand = (isRight: boolean, fault: string): void => {
    if (!isRight) faults.push(fault);
  };
  demand(manifest.license === 'MIT', 'license is not MIT');
  demand((manifest.description ?? '') !== '', 'there is no description');
  demand(manifest.keywords?.includes('mcp') === true, 'keywords do not name mcp');
  demand(manifest.homepage?.startsWith('https://') === true, 'there is no homepage');
  demand(manifest.repository?.url === facts.repository, 'repository is not that of the workspace');
  demand(manifest.repository?.directory === facts.folder, `repository.directory is not ${facts.folder}`);
  demand(
    manifest.engines?.node === `>=${facts.node}`,
    `engines.node is ${manifest.engines?.node}; what is tried begins at ${facts.node}`,
  );
  demand(
    peerDependencies['typescript'] === `>=${facts.typescript}` &&
      peerDependenciesMeta['typescript']?.optional === true,
    `the optional peer typescript is not >=${facts.typescript}, where what is tried begins`,
  );
  demand(
    manifest.publishConfig?.access === 'public' && manifest.publishConfig.provenance === true,
    'publishConfig does not say access: public and provenance: true',
  );
  for (const [dependency, range] of Object.entries(dependencies)) {
    demand(CARET.test(range), `${dependency} is wanted as ${range}, not as a caret range`);
    demand(!TEST_RUNNERS.test(dependency), `${dependency} is a dependency, not a peer`);
  }
  for (const script of ON_INSTALL)
    demand(manifest.scripts?.[script] === undefined, `the script ${script} runs when it is installed`);
  const installs = installedBy(facts.readme);
  for (const wanted of new Set([name, ...facts.examples.flatMap((text) => imports(text).packages)]))
    demand(installs.has(wanted), `the README has no "npm install" line with ${wanted}, which it uses`);
  return faults;
}

/** Packages that some `npm install` line names. */
function installedBy(readme: string): Set<string> {
  const lines = [...readme.matchAll(/^npm install (.*)$/gm)].map(([, rest = '']) => rest);
  return new Set(lines.flatMap((rest) => rest.split(' ').filter((word) => !word.startsWith('-'))));
}
