/** Where strangers live: a Node, a TypeScript and the types of that Node, from the oldest to the newest. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pinnedFile } from './pins.ts';
import { run } from './process.ts';

export interface World {
  readonly name: 'oldest' | 'pinned' | 'newest';
  /** Path of its Node. */
  readonly node: string;
  /** What that Node says it is, without the `v`. */
  readonly nodeVersion: string;
  /** Path of the compiler, which the Node of the workspace runs. */
  readonly tsc: string;
  readonly tscVersion: string;
  /** Range of `@types/node`. */
  readonly nodeTypes: string;
}

/**
 * @param root - Of the workspace, whose Node and compilers are those in the middle and at the end.
 * @returns The worlds that exist on this platform, and what to tell of those that do not.
 */
export async function worldsOf(root: string): Promise<{ worlds: World[]; notes: string[] }> {
  const modules = join(root, 'node_modules');
  const wanted = [
    {
      name: 'oldest',
      node: pinnedFile('node-oldest/bin/node'),
      tsc: pinnedFile('typescript-oldest/bin/tsc'),
    },
    { name: 'pinned', node: process.execPath, tsc: join(modules, 'typescript/bin/tsc6') },
    {
      name: 'newest',
      node: pinnedFile('node-newest/bin/node'),
      tsc: join(modules, '@typescript/native/bin/tsc'),
    },
  ] as const;
  const worlds: World[] = [];
  const notes: string[] = [];
  for (const { name, node, tsc } of wanted) {
    const nodeVersion = node === undefined ? undefined : await versionOf(node, []);
    if (node === undefined || nodeVersion === undefined) {
      notes.push(`no ${name} Node for ${process.platform}-${process.arch}: tried on ${process.version} only`);
      continue;
    }
    if (tsc === undefined || !existsSync(tsc)) throw new RangeError(`no compiler at ${tsc}`);
    worlds.push({
      name,
      node,
      nodeVersion,
      tsc,
      tscVersion: (await versionOf(process.execPath, [tsc])) ?? 'unknown',
      nodeTypes: `^${nodeVersion.split('.')[0]}`,
    });
  }
  return { worlds, notes };
}

/** @returns `undefined` when it does not run here: a musl system has no glibc for it. */
async function versionOf(command: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { code, stdout } = await run(command, [...args, '--version'], { cwd: '/', timeoutMs: 60_000 });
    return code === 0 ? /\d+\.\d+\.\d+/.exec(stdout)?.[0] : undefined;
  } catch {
    return undefined;
  }
}
