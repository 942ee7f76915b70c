/** The libraries that are published, and what their manifests say. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { publicLibraries } from '../checks/packaging.mjs';

/** The parts of a package.json that are read here. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly description?: string;
  readonly keywords?: readonly string[];
  readonly homepage?: string;
  readonly repository?: { readonly type: string; readonly url: string; readonly directory?: string };
  readonly license?: string;
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly engines?: { readonly node?: string };
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly publishConfig?: { readonly access?: string; readonly provenance?: boolean };
  readonly nx?: { readonly tags?: readonly string[] };
}

/** A library as it lies in a workspace. */
export interface Library {
  /** From the root of the workspace, with forward slashes. */
  readonly folder: string;
  readonly manifest: Manifest;
}

/**
 * @param root - Folder of the workspace.
 * @returns All libraries that are not private, sorted by folder.
 */
export function librariesOf(root: string): Library[] {
  return publicLibraries(root).map((folder) => ({ folder, manifest: readManifest(join(root, folder)) }));
}

/** @throws When there is no readable package.json. */
export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest; // as npm reads it
}

/** @returns What a stranger may import, such as `@omni/container/node`; `./package.json` is left out. */
export function entriesOf({ name, exports = {} }: Manifest): string[] {
  return Object.keys(exports)
    .filter((path) => path !== './package.json')
    .map((path) => (path === '.' ? name : `${name}/${path.slice(2)}`));
}
