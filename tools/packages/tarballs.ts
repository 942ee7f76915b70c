/** The tarballs that would be published. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { npm } from './npm.ts';

export interface Tarball {
  readonly name: string;
  readonly version: string;
  /** Absolute path. */
  readonly file: string;
  /** Bytes that are downloaded. */
  readonly packedBytes: number;
  /** Bytes on the disk of whoever installs it. */
  readonly unpackedBytes: number;
  /** Paths inside the package. */
  readonly files: ReadonlySet<string>;
  readonly sha256: string;
}

interface PackedByNpm {
  readonly name: string;
  readonly version: string;
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

/**
 * @param workspace - Folder of a built workspace.
 * @param folders - Of the libraries, relative.
 * @param into - Folder that gets the files.
 * @returns One for each folder, in that order.
 * @throws RangeError with the words of npm.
 */
export async function packAll(
  workspace: string,
  folders: readonly string[],
  into: string,
): Promise<Tarball[]> {
  const specs = folders.map((folder) => `./${folder}`);
  const { code, stdout, output } = await npm(
    ['pack', '--json', '--ignore-scripts', '--pack-destination', into, ...specs],
    { cwd: workspace },
  );
  if (code !== 0) throw new RangeError(`npm pack failed:\n${output}`);
  return packedOf(stdout).map(({ name, version, filename, size, unpackedSize, files }) => {
    // npm names a file of a scope with or without the scope's slash, as its version does.
    const file = join(into, filename.replace('@', '').replace('/', '-'));
    return {
      name,
      version,
      file,
      packedBytes: size,
      unpackedBytes: unpackedSize,
      files: new Set(files.map(({ path }) => path)),
      sha256: createHash('sha256').update(readFileSync(file)).digest('hex'),
    };
  });
}

/** npm 12 writes an object by name, earlier ones a list. */
function packedOf(json: string): PackedByNpm[] {
  const parsed = JSON.parse(json) as PackedByNpm[] | Record<string, PackedByNpm>; // what npm documents
  return Array.isArray(parsed) ? parsed : Object.values(parsed);
}
