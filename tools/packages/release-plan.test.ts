import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { linkPackages } from './clean-build.ts';
import { workspaceFolders } from '../workspace/projects.mjs';

jest.setTimeout(300_000);

const ROOT = join(import.meta.dirname, '../..');
const NX = join(ROOT, 'node_modules/nx/dist/bin/nx.js');

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'omni-release-'));
  const listed = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const files = execFileSync('git', listed, { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 26 });
  for (const file of files.split('\0').filter((path) => path !== '' && !path.startsWith('.nx/'))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(ROOT, file), join(folder, file));
  }
  linkPackages(ROOT, folder, workspaceFolders(ROOT));
  change('nx.json', ({ release, ...rest }) => {
    // It builds everything, which is tried elsewhere.
    const { preVersionCommand: _, ...version } = release.version;
    return { ...rest, release: { ...release, version } };
  });
  change('libs/model/package.json', (manifest) => ({ ...manifest, private: true }));
  mkdirSync(join(folder, '.nx/version-plans'), { recursive: true });
  plan('jsonrpc', { '@omni/jsonrpc': 'patch' });
  plan('container', { '@omni/container': 'minor' });
  plan('two', { '@omni/auth': 'patch', '@omni/health': 'patch' });
  const git = (...args: string[]): unknown =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.example', ...args], { cwd: folder });
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all');
  git('commit', '--quiet', '--message=all');
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

// oxlint-disable-next-line typescript/no-explicit-any -- what a test changes in a file is its own affair
function change(file: string, by: (json: any) => object): void {
  const path = join(folder, file);
  writeFileSync(path, JSON.stringify(by(JSON.parse(readFileSync(path, 'utf8'))), undefined, 2));
}

function plan(name: string, bumps: Readonly<Record<string, string>>): void {
  const lines = Object.entries(bumps).map(([library, bump]) => `'${library}': ${bump}`);
  writeFileSync(
    join(folder, `.nx/version-plans/${name}.md`),
    `---\n${lines.join('\n')}\n---\n\nSaid of ${name}.\n`,
  );
}

function rehearse(...args: readonly string[]): { code: number | null; output: string; written: string[] } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [NX, 'release', '--dry-run', '--skip-publish', ...args],
    {
      cwd: folder,
      encoding: 'utf8',
      env: {
        ...process.env,
        NX_DAEMON: 'false',
        NX_NO_CLOUD: 'true',
        NX_WORKSPACE_ROOT_PATH: folder,
        NO_COLOR: '1',
      },
    },
  );
  const output = stdout + stderr;
  const manifests = [...output.matchAll(/New version (\S+) written to (?:manifest: )?(\S+)/g)];
  return { code: status, output, written: manifests.map(([, version, file]) => `${version} ${file}`) };
}

describe('a rehearsed release', () => {
  it('of one library alone touches no other', () => {
    const { code, output, written } = rehearse('--projects=@omni/jsonrpc');
    expect(code).toBe(0);
    expect(written).toEqual(['0.1.1 libs/jsonrpc/package.json']);
    expect(output).toContain('Said of jsonrpc.');
    expect(output).not.toContain('Said of container.');
  });

  it('takes the version along to the identity', () => {
    expect(rehearse('--projects=@omni/container').written).toEqual([
      '0.1.1 libs/composition/di-container/package.json',
      '0.1.1 libs/composition/di-container/src/identity.ts',
    ]);
  });

  it('of all leaves out what is private', () => {
    const { code, written } = rehearse();
    expect(code).toBe(0);
    const folders = written.map((line) => line.split(' ')[1]);
    expect(folders).toContain('libs/jsonrpc/package.json');
    expect(folders.filter((file) => /^(apps|tools|libs\/model)\//.test(file ?? ''))).toEqual([]);
  });

  it('fails for a library whose plan names another one', () => {
    const { code, output } = rehearse('--projects=@omni/auth');
    expect(code).toBe(1);
    expect(output).toContain('@omni/health');
  });

  it('fails for a library that is private', () => {
    expect(rehearse('--projects=@omni/model').code).toBe(1);
  });
});
