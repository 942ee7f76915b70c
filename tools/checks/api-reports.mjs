/**
 * What each public library shows to its users, as a text that is reviewed when it changes, and whether all
 * that its signatures name can be imported. Needs the dist folders (npm run typecheck).
 * Usage: node tools/checks/api-reports.mjs [--write]
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { printFindings } from './findings.mjs';
import { entryPointsOf, publicLibraries } from './packaging.mjs';

/** @import { IConfigFile } from '@microsoft/api-extractor' */
/** @import { Finding, RuleText } from './findings.mjs' */

/**
 * @typedef {{ name: string, folder: string, types: string | undefined }} Entry
 *   One way into a library: `config`, `container.node`; folder and file of the types are absolute.
 * @typedef {{ report: string, forgotten: string[], problems: string[] }} Api
 *   `forgotten` are the names that signatures have and the entry does not export.
 */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Where the reports are kept, from the root. */
export const REPORTS = 'docs/api';

/** @type {readonly RuleText[]} */
export const API_RULES = [
  {
    id: 'readable-types',
    why: 'What is shown to users is read from the compiled types.',
    fix: 'Give each entry of exports its "types", and run npm run typecheck first.',
  },
  {
    id: 'exported-types',
    why: 'A user cannot name, store or implement what a signature asks for.',
    fix: 'Export the type from the index of the library, or make the signature simpler.',
  },
  {
    id: 'api-report',
    why: 'What a library shows is its contract: a change is seen in review, or it is none.',
    fix: 'If the change is meant, run node tools/checks/api-reports.mjs --write and commit docs/api.',
  },
];

/**
 * @param {string} folder - Of a library, absolute.
 * @returns {Entry[]} its entries, as its exports name them
 */
export function entriesOf(folder) {
  /** @type {{ name: string }} */
  const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const library = name.replace(/^@.*\//, '');
  return entryPointsOf(folder).map(({ path, conditions: { types } }) => ({
    name: `${library}${path.slice(1).replaceAll('/', '.')}`,
    folder,
    types: typeof types === 'string' ? join(folder, types) : undefined,
  }));
}

/**
 * @param {Entry} entry
 * @returns {Api}
 */
export function readApi({ name, folder, types }) {
  /** @type {Api} */
  const api = { report: '', forgotten: [], problems: [] };
  if (types === undefined) return { ...api, problems: ['has no "types" in the exports of its package.json'] };
  if (!existsSync(types)) return { ...api, problems: [`has no ${types}`] };
  const reportFolder = mkdtempSync(join(tmpdir(), 'omni-api-'));
  /** @type {IConfigFile} */
  const configObject = {
    projectFolder: folder,
    mainEntryPointFilePath: types,
    newlineKind: 'lf',
    compiler: {
      overrideTsconfig: {
        compilerOptions: {
          target: 'es2023',
          lib: ['es2024', 'esnext.disposable'],
          module: 'nodenext',
          moduleResolution: 'nodenext',
          strict: true,
          skipLibCheck: true,
          types: ['node'],
          typeRoots: [join(ROOT, 'node_modules/@types')],
        },
        files: [types],
      },
    },
    apiReport: { enabled: true, reportFileName: name, reportFolder, reportTempFolder: reportFolder },
    docModel: { enabled: false },
    dtsRollup: { enabled: false },
    tsdocMetadata: { enabled: false },
    messages: {
      extractorMessageReporting: {
        default: { logLevel: ExtractorLogLevel.None },
        'ae-forgotten-export': { logLevel: ExtractorLogLevel.Warning },
      },
    },
  };
  try {
    const config = ExtractorConfig.prepare({
      configObject,
      configObjectFullPath: undefined,
      packageJsonFullPath: join(folder, 'package.json'),
    });
    Extractor.invoke(config, {
      localBuild: true,
      messageCallback(message) {
        message.handled = true;
        if (message.messageId === 'ae-forgotten-export')
          api.forgotten.push(/"(.+?)"/.exec(message.text)?.[1] ?? message.text);
        else if (message.logLevel === ExtractorLogLevel.Error) api.problems.push(message.text);
      },
    });
    api.report = readFileSync(join(reportFolder, `${name}.api.md`), 'utf8');
  } catch (error) {
    api.problems.push(error instanceof Error ? error.message : String(error));
  } finally {
    rmSync(reportFolder, { recursive: true, force: true });
  }
  return api;
}

/**
 * @param {readonly Entry[]} entries
 * @param {string} reports - Folder, absolute.
 * @param {{ isWritten: boolean }} options - Whether reports are written, and
 * removed when their entry is gone, in place of being found.
 * @returns {Finding[]}
 */
export function checkApis(entries, reports, { isWritten }) {
  const read = entries.map((entry) => ({ ...entry, ...readApi(entry) }));
  const lost = readdirSync(reports)
    .filter((file) => file.endsWith('.api.md') && !entries.some(({ name }) => file === `${name}.api.md`))
    .sort();
  if (isWritten) for (const file of lost) rmSync(join(reports, file));
  const ofEntries = read.flatMap(({ name, folder, report, forgotten, problems }) => {
    const reportsOfLibrary = read.filter((other) => other.folder === folder);
    const missing = forgotten.filter((type) => !reportsOfLibrary.some((other) => exportsName(other, type)));
    const file = join(reports, `${name}.api.md`);
    const kept = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
    if (isWritten && problems.length === 0) writeFileSync(file, report);
    const isOther =
      !isWritten &&
      problems.length === 0 &&
      (kept === undefined || withoutLayout(kept) !== withoutLayout(report));
    return [
      ...problems.map((what) => ({ rule: 'readable-types', where: name, what })),
      ...missing.map((type) => ({
        rule: 'exported-types',
        where: name,
        what: `${type} stands in a signature and is not exported`,
      })),
      ...(isOther
        ? [
            {
              rule: 'api-report',
              where: `${REPORTS}/${name}.api.md`,
              what: kept === undefined ? 'is not there' : firstDifference(kept, report),
            },
          ]
        : []),
    ];
  });
  if (isWritten) return ofEntries;
  return [
    ...ofEntries,
    ...lost.map((file) => ({
      rule: 'api-report',
      where: `${REPORTS}/${file}`,
      what: 'is the report of an entry that no public library has',
    })),
  ];
}

/**
 * A type may be imported from another entry of its library.
 *
 * @param {Api} api
 * @param {string} type
 */
function exportsName({ report }, type) {
  return new RegExp(`^export .*\\b(?:class|interface|type|const|function|enum) ${type}\\b`, 'm').test(report);
}

/**
 * The compiler breaks a long signature or leaves it on one line, depending on what it compiled before.
 *
 * @param {string} report
 */
function withoutLayout(report) {
  return report.replace(/\s+/g, '').replace(/,(?=[)\]}>])/g, '');
}

/**
 * @param {string} kept
 * @param {string} found
 */
function firstDifference(kept, found) {
  const [before, after] = [kept.split('\n'), found.split('\n')];
  const at = after.findIndex((line, index) => line !== before[index]);
  const index = at === -1 ? after.length : at;
  return `differs from line ${index + 1} on: "${before[index] ?? ''}" is now "${after[index] ?? ''}"`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  printFindings(
    API_RULES,
    checkApis(
      publicLibraries(ROOT).flatMap((folder) => entriesOf(join(ROOT, folder))),
      join(ROOT, REPORTS),
      { isWritten: process.argv.includes('--write') },
    ),
  );
