/** Whether the examples of the READMEs type-check: they are compiled as files of their library. */
import { join } from 'node:path';
import ts from 'typescript';
import { readExample } from './readme-example.mjs';

/**
 * Compiles all examples in one program.
 *
 * @param {string} root
 * @param {readonly string[]} folders - Of the libraries, relative to the root.
 * @returns {Map<string, string[]>} what is wrong with each example, by folder; empty when it is right
 */
export function checkExampleTypes(root, folders) {
  const base = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile).config;
  const { options } = ts.convertCompilerOptionsFromJson(base.compilerOptions, root);
  /** @type {Map<string, string>} */
  const examples = new Map();
  for (const folder of folders)
    examples.set(join(root, folder, 'readme-example.ts'), readExample(join(root, folder)) ?? '');
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists, getSourceFile } = host;
  host.readFile = (file) => examples.get(file) ?? readFile(file);
  host.fileExists = (file) => examples.has(file) || fileExists(file);
  host.getSourceFile = (file, ...rest) => {
    const text = examples.get(file);
    return text === undefined ? getSourceFile(file, ...rest) : ts.createSourceFile(file, text, rest[0], true);
  };
  const program = ts.createProgram(
    [...examples.keys()],
    {
      ...options,
      composite: false,
      incremental: false,
      noEmit: true,
      declaration: false,
      declarationMap: false,
      allowImportingTsExtensions: true,
      rewriteRelativeImportExtensions: false,
      noUnusedLocals: false,
      types: ['node'],
    },
    host,
  );
  return new Map(
    folders.map((folder) => {
      const source = program.getSourceFile(join(root, folder, 'readme-example.ts'));
      const found =
        source === undefined
          ? []
          : [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
      return [folder, found.map((diagnostic) => messageOf(diagnostic))];
    }),
  );
}

/** @param {ts.Diagnostic} diagnostic */
function messageOf({ file, start, messageText }) {
  const line =
    file === undefined || start === undefined ? 0 : file.getLineAndCharacterOfPosition(start).line + 1;
  return `line ${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
}
