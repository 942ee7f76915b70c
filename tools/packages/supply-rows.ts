/** What a stranger's security team asks for: a bill of materials, and known advisories. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Library } from './libraries.ts';
import { npm } from './npm.ts';
import { rowOf, type Row } from './row.ts';
import type { StrangersProject } from './stranger.ts';

export const SBOM_FILE = 'sbom.cdx.json';

interface Bom {
  readonly components: readonly {
    readonly name: string;
    readonly group?: string;
    readonly licenses?: unknown[];
  }[];
}

interface Audit {
  readonly error?: unknown;
  readonly metadata?: { readonly vulnerabilities: Readonly<Record<string, number>> };
}

/** Writes the CycloneDX bill of what was installed into the project's folder. */
export async function sbomRow(project: StrangersProject, libraries: readonly Library[]): Promise<Row> {
  const args = ['sbom', '--sbom-format=cyclonedx', '--omit=dev'];
  const { code, stdout, output } = await npm(args, { cwd: project.folder, node: project.world.node });
  if (code !== 0) return rowOf('all', 'any', 'sbom', [output]);
  writeFileSync(join(project.folder, SBOM_FILE), stdout);
  const { components } = JSON.parse(stdout) as Bom; // the format that was asked for
  const names = new Map(
    components.map((component) => [
      component.group === undefined ? component.name : `${component.group}/${component.name}`,
      component,
    ]),
  );
  const missing = libraries
    .map(({ manifest }) => manifest.name)
    .filter((name) => !names.has(name))
    .map((name) => `${name} is not in the bill`);
  const bare = [...names]
    .filter(([, { licenses = [] }]) => licenses.length === 0)
    .map(([name]) => `${name} names no licence`);
  return rowOf('all', 'any', 'sbom', [...missing, ...bare]);
}

/** Asks the registry for advisories of what was installed; high and critical ones fail. */
export async function advisoryRow(project: StrangersProject): Promise<Row> {
  const args = ['audit', '--omit=dev', '--json'];
  const { stdout, output } = await npm(args, { cwd: project.folder, node: project.world.node });
  const audit = auditOf(stdout);
  if (audit?.metadata === undefined)
    return {
      of: 'all',
      where: 'any',
      what: 'advisories',
      outcome: 'skipped',
      detail: `the registry tells no advisories: ${output.trim().slice(0, 300)}`,
    };
  const { high = 0, critical = 0 } = audit.metadata.vulnerabilities;
  const found = high + critical;
  return rowOf('all', 'any', 'advisories', found === 0 ? [] : [`${found} high or critical: ${stdout}`]);
}

function auditOf(text: string): Audit | undefined {
  try {
    return JSON.parse(text) as Audit; // npm's report
  } catch {
    return undefined;
  }
}
