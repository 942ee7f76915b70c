import { isBuiltin } from 'node:module';
import ts from 'typescript';

export interface Imports {
  /** Names of packages, without what lies below them; each once. */
  readonly packages: string[];
  /** Whether some module of Node is imported. */
  readonly usesNode: boolean;
}

/** @returns What a JavaScript, TypeScript or declaration text imports, `import()` and type imports too. */
export function imports(text: string): Imports {
  const { importedFiles, typeReferenceDirectives } = ts.preProcessFile(text, true, true);
  const names = importedFiles.map(({ fileName }) => fileName).filter((name) => !name.startsWith('.'));
  const foreign = names.filter((name) => !isBuiltin(name));
  return {
    packages: [...new Set(foreign.map((name) => /^(@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name))],
    usesNode:
      names.some((name) => isBuiltin(name)) ||
      typeReferenceDirectives.some(({ fileName }) => fileName === 'node'),
  };
}
