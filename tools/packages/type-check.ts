/** Whether a stranger's compiler can read the packages and compile the examples. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Example } from './examples.ts';
import { entriesOf, type Library } from './libraries.ts';
import { run } from './process.ts';
import type { StrangersProject } from './stranger.ts';

/** `module` and `moduleResolution` of strangers; `node16` and `nodenext` also decide what a file is. */
export const RESOLUTIONS = { node16: 'node16', nodenext: 'nodenext', bundler: 'esnext' } as const;

/** Where the compiled examples lie, inside of the project. */
export const COMPILED = 'compiled';

const STRICT = {
  noEmit: true,
  target: 'es2022',
  strict: true,
  skipLibCheck: false,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
};

/** What is wrong, by what it is wrong with: a package, or an example's `of`. */
export type Complaints = ReadonlyMap<string, readonly string[]>;

/**
 * Compiles one file per library that imports all that it exports, with its declarations checked, too.
 *
 * A library that runs in any runtime is compiled without the types of Node.
 */
export async function checkDeclarations(
  project: StrangersProject,
  libraries: readonly Library[],
  resolution: keyof typeof RESOLUTIONS,
): Promise<Complaints> {
  const complaints = new Map<string, string[]>();
  for (const isNeutral of [true, false]) {
    const some = libraries.filter(
      ({ manifest }) => (manifest.nx?.tags?.includes('runtime:any') === true) === isNeutral,
    );
    if (some.length === 0) continue;
    const folder = join('entries', `${resolution}-${isNeutral ? 'any' : 'node'}`);
    const texts = some.map(({ manifest }) => ({
      of: manifest.name,
      name: fileNameOf(manifest.name),
      text: entriesOf(manifest)
        .map((entry, index) => `import * as entry${index} from '${entry}';\nexport { entry${index} };\n`)
        .join(''),
    }));
    const found = await compile(project, folder, texts, {
      ...STRICT,
      module: RESOLUTIONS[resolution],
      moduleResolution: resolution,
      ...(isNeutral ? { lib: ['es2022', 'webworker'], types: [] } : { lib: ['es2022'], types: ['node'] }),
    });
    for (const [of, lines] of found) complaints.set(of, [...(complaints.get(of) ?? []), ...lines]);
  }
  return complaints;
}

/** Compiles the examples to `compiled/NAME.js`, as far as that is possible. */
export function checkExamples(project: StrangersProject, examples: readonly Example[]): Promise<Complaints> {
  return compile(project, 'examples', examples, {
    ...STRICT,
    lib: ['es2022', 'esnext.disposable'],
    types: ['node'],
    module: 'nodenext',
    moduleResolution: 'nodenext',
    rewriteRelativeImportExtensions: true,
    noEmit: false,
    rootDir: '.',
    outDir: join('..', COMPILED),
  });
}

async function compile(
  { folder, world }: StrangersProject,
  subfolder: string,
  texts: readonly Example[],
  compilerOptions: object,
): Promise<Complaints> {
  const target = join(folder, subfolder);
  mkdirSync(target, { recursive: true });
  for (const { name, text } of texts) writeFileSync(join(target, `${name}.ts`), text);
  writeFileSync(
    join(target, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: texts.map(({ name }) => `${name}.ts`) }),
  );
  const { code, output } = await run(process.execPath, [world.tsc, '-p', target, '--pretty', 'false'], {
    cwd: folder,
  });
  if (code === 0) return new Map();
  const complaints = new Map<string, string[]>();
  for (const line of output.split('\n').filter((text) => /error TS\d+/.test(text))) {
    const of = ownerOf(line, texts);
    complaints.set(of, [...(complaints.get(of) ?? []), line]);
  }
  // A compiler that fails without naming a place has failed all.
  if (complaints.size === 0) for (const { of } of texts) complaints.set(of, [output.trim()]);
  return complaints;
}

/** What a line of the compiler complains of: the package whose declaration it is, or the example. */
function ownerOf(line: string, texts: readonly Example[]): string {
  const installed = /node_modules\/((?:@[^/]+\/)?[^/]+)\/[^(]*\(/.exec(line)?.[1];
  if (installed !== undefined) return installed;
  const name = /([^/]+)\.ts\(/.exec(line)?.[1];
  return texts.find((text) => text.name === name)?.of ?? 'compiler';
}

function fileNameOf(name: string): string {
  return name.replace('@', '').replaceAll('/', '-');
}
