/**
 * One violation per rule: the rule, and the files that break it. The first file is the one that must be
 * named.
 */

export interface Violation {
  readonly rule: string;
  readonly files: Readonly<Record<string, string>>;
}

function plant(
  rule: string,
  path: string,
  text: string,
  others: Readonly<Record<string, string>> = {},
): Violation {
  return { rule, files: { [path]: text, ...others } };
}

/** @returns The folder first: it is what the rule names. */
function manyFiles(folder: string, count: number): Readonly<Record<string, string>> {
  const files = Array.from({ length: count }, (_, index) => [
    `${folder}/file-${index}.ts`,
    `export const one = ${index};\n`,
  ]);
  return Object.fromEntries(files);
}

const use = (name: string): string => `export { ${name} } from`;

/** For .dependency-cruiser.mjs. */
export const LAYER_VIOLATIONS: readonly Violation[] = [
  plant(
    'no-cycle',
    'libs/core/alpha/src/chicken.ts',
    `import { egg } from './egg.ts';\nexport const chicken = (): number => egg();\n`,
    {
      'libs/core/alpha/src/egg.ts': `import { chicken } from './chicken.ts';\nexport const egg = (): number => chicken();\n`,
    },
  ),
  plant(
    'no-cycle',
    'libs/core/alpha/src/hen.ts',
    `import type { Nest } from './nest.ts';\nexport interface Hen {\n  readonly nest: Nest;\n}\n`,
    {
      'libs/core/alpha/src/nest.ts': `import type { Hen } from './hen.ts';\nexport interface Nest {\n  readonly hen: Hen;\n}\n`,
    },
  ),
  plant('resolvable', 'libs/core/alpha/src/lost.ts', `${use('lost')} './not-there.ts';\n`),
  plant('declared-packages', 'libs/adapters/two/src/undeclared.ts', `${use('Pool')} 'undici';\n`),
  plant('runtime-neutral', 'libs/core/alpha/src/reads-file.ts', `${use('readFileSync')} 'node:fs';\n`),
  plant('runtime-neutral', 'libs/adapters/fetch/src/reads-file.ts', `${use('readFileSync')} 'node:fs';\n`),
  plant('runtime-neutral', 'libs/ports/src/reads-path.ts', `${use('join')} 'path';\n`),
  plant(
    'runtime-neutral',
    'libs/jsonrpc/src/reads-late.ts',
    `export const late = (): Promise<unknown> => import('node:crypto');\n`,
  ),
  plant('ports-import-nothing', 'libs/ports/src/parses.ts', `${use('z')} 'zod';\n`),
  plant('ports-below-testing', 'libs/ports/src/uses-fake.test.ts', `${use('expect')} '@omni/testing';\n`),
  plant('jsonrpc-imports-ports', 'libs/jsonrpc/src/knows-core.ts', `${use('GatewayError')} '@omni/beta';\n`),
  plant('model-imports-jsonrpc', 'libs/model/src/knows-core.ts', `${use('GatewayError')} '@omni/beta';\n`),
  plant('model-imports-jsonrpc', 'libs/model/src/knows-core.ts', `${use('GatewayError')} '@omni/beta';\n`),
  plant('core-not-core', 'libs/core/alpha/src/knows-beta.ts', `${use('GatewayError')} '@omni/beta';\n`),
  plant(
    'core-not-core',
    'libs/core/alpha/src/knows-beta-type.ts',
    `${use('type GatewayError')} '@omni/beta';\n`,
  ),
  plant(
    'front-opens-no-connection',
    'libs/adapters/node/src/http/http-listener.ts',
    `${use('carry')} './carrier.ts';\n`,
    {
      'libs/adapters/node/src/http/carrier.ts': `${use('carry')} './http-client.ts';\n`,
      'libs/adapters/node/src/http/http-client.ts': 'export const carry = 1;\n',
    },
  ),
  plant(
    'front-opens-no-connection',
    'libs/core/protocol-handler/src/connects.ts',
    `export type { Upstream } from '../../upstreams/src/upstream.ts';\n`,
    { 'libs/core/upstreams/src/upstream.ts': 'export interface Upstream {\n  readonly name: string;\n}\n' },
  ),
  plant(
    'life-cycle-without-http',
    'libs/core/config-manager/src/serves.ts',
    `${use('createServer')} './server.ts';\n`,
    { 'libs/core/config-manager/src/server.ts': `${use('createServer')} 'node:http';\n` },
  ),
  plant(
    'life-cycle-without-http',
    'libs/core/coordinator/src/answers.ts',
    `${use('GatewayError')} '../../protocol-handler/src/index.ts';\n`,
  ),
  plant('core-layer', 'libs/core/alpha/src/knows-adapter.ts', `${use('Pool')} '@omni/one';\n`),
  plant('core-packages', 'libs/core/beta/src/validates.ts', `${use('z')} 'zod';\n`),
  plant(
    'core-packages-config-manager',
    'libs/core/config-manager/src/fetches.ts',
    `${use('Pool')} 'undici';\n`,
  ),
  plant(
    'core-packages-call-policies',
    'libs/core/call-policies/src/fetches.ts',
    `${use('Pool')} 'undici';\n`,
  ),
  plant('core-packages-auth', 'libs/core/auth/src/fetches.ts', `${use('Pool')} 'undici';\n`),
  plant('core-packages-policy', 'libs/core/policy/src/fetches.ts', `${use('Pool')} 'undici';\n`),
  plant('core-packages-telemetry', 'libs/core/telemetry/src/fetches.ts', `${use('Pool')} 'undici';\n`),
  plant('adapters-layer', 'libs/adapters/two/src/knows-core.ts', `${use('GatewayError')} '@omni/alpha';\n`),
  plant('adapters-layer', 'libs/adapters/two/src/knows-adapter.ts', `${use('Pool')} '@omni/one';\n`),
  plant(
    'composition-layer',
    'libs/composition/di-container/src/knows-fake.ts',
    `${use('expect')} '@omni/testing';\n`,
  ),
  plant('testing-layer', 'libs/testing/src/knows-runner.ts', `${use('expect')} '@jest/globals';\n`),
  plant('testing-layer', 'libs/testing/src/knows-core.ts', `${use('GatewayError')} '@omni/alpha';\n`),
  plant('apps-layer', 'apps/master-server/src/knows-core.ts', `${use('GatewayError')} '@omni/alpha';\n`),
  plant('only-cli-imports-apps', 'apps/master-server/src/knows-cli.ts', `${use('Container')} '@omni/cli';\n`),
  plant(
    'libraries-below-apps',
    'libs/composition/di-container/src/knows-app.ts',
    `${use('Container')} '@omni/cli';\n`,
  ),
  plant('inversify-in-composition', 'libs/core/beta/src/injects.ts', `${use('Container')} 'inversify';\n`),
  plant(
    'testing-in-tests-only',
    'libs/adapters/two/src/ships-fake.ts',
    `${use('expect')} '@omni/testing';\n`,
  ),
  plant('no-test-imports', 'libs/core/alpha/src/reuses-test.ts', `import './alpha.test.ts';\n`),
  plant(
    'no-deep-import-0',
    'libs/jsonrpc/src/reaches-in.ts',
    `${use('GatewayError')} '../../ports/src/gateway-error.ts';\n`,
  ),
  plant(
    'no-deep-import-1',
    'libs/core/alpha/src/reaches-in.ts',
    `${use('GatewayError')} '../../../ports/src/gateway-error.ts';\n`,
  ),
  plant(
    'no-deep-import-2',
    'apps/cli/src/reaches-in.ts',
    `${use('GatewayError')} '../../../libs/ports/src/gateway-error.ts';\n`,
  ),
  plant(
    'no-deep-import-3',
    'tools/reaches-in.ts',
    `${use('GatewayError')} '../libs/ports/src/gateway-error.ts';\n`,
  ),
  plant(
    'no-relative-import-0',
    'libs/jsonrpc/src/goes-around.ts',
    `${use('GatewayError')} '../../ports/src/index.ts';\n`,
  ),
  plant(
    'no-relative-import-1',
    'libs/core/alpha/src/goes-around.ts',
    `${use('GatewayError')} '../../../ports/src/index.ts';\n`,
  ),
  plant(
    'no-relative-import-2',
    'apps/cli/src/goes-around.ts',
    `${use('GatewayError')} '../../../libs/ports/src/index.ts';\n`,
  ),
  plant(
    'no-relative-import-3',
    'tools/goes-around.ts',
    `${use('GatewayError')} '../libs/ports/src/index.ts';\n`,
  ),
];

const asyncFunction = 'const work = async (): Promise<void> => {};\n';

/** For .oxlintrc.json. The rule is the name in that file. */
export const LINT_VIOLATIONS: readonly Violation[] = [
  plant(
    'eqeqeq',
    'libs/core/alpha/src/eqeqeq.ts',
    `export const same = (a: unknown, b: unknown): boolean => a == b;\n`,
  ),
  plant(
    'max-lines',
    'libs/core/alpha/src/max-lines.ts',
    'export const lines = [\n' + '  1,\n'.repeat(599) + '];\n',
  ),
  plant(
    'no-console',
    'libs/core/alpha/src/no-console.ts',
    `export const say = (): void => console.log('x');\n`,
  ),
  plant('no-var', 'libs/core/alpha/src/no-var.ts', `export var old = 1;\n`),
  plant('prefer-const', 'libs/core/alpha/src/prefer-const.ts', `let one = 1;\nexport const two = one + 1;\n`),
  plant(
    'import/no-cycle',
    'libs/core/alpha/src/night.ts',
    `import { day } from './day.ts';\nexport const night = (): number => day();\n`,
    {
      'libs/core/alpha/src/day.ts': `import { night } from './night.ts';\nexport const day = (): number => night();\n`,
    },
  ),
  plant('import/no-default-export', 'libs/core/alpha/src/no-default-export.ts', `export default 1;\n`),
  plant(
    'import/no-self-import',
    'libs/core/alpha/src/no-self-import.ts',
    `import { self } from './no-self-import.ts';\nexport const self: unknown = () => self;\n`,
  ),
  plant(
    'jest/no-disabled-tests',
    'libs/core/alpha/src/disabled.test.ts',
    `import { it } from '@jest/globals';\nit.skip('stands', () => {});\n`,
  ),
  plant(
    'jest/no-focused-tests',
    'libs/core/alpha/src/focused.test.ts',
    `import { it } from '@jest/globals';\nit.only('stands', () => {});\n`,
  ),
  plant(
    'typescript/await-thenable',
    'libs/core/alpha/src/await-thenable.ts',
    `export const one = async (): Promise<number> => await 1;\n`,
  ),
  plant(
    'typescript/ban-ts-comment',
    'libs/core/alpha/src/ban-ts-comment.ts',
    `// @ts-ignore\nexport const one: string = 1;\n`,
  ),
  plant(
    'typescript/consistent-type-imports',
    'libs/core/alpha/src/type-imports.ts',
    `import { GatewayError } from '@omni/ports';\nexport type Failure = GatewayError;\n`,
  ),
  plant(
    'typescript/no-explicit-any',
    'libs/core/alpha/src/no-explicit-any.ts',
    `export const loose = (value: any): unknown => value;\n`,
  ),
  plant(
    'typescript/no-floating-promises',
    'libs/core/alpha/src/floating.ts',
    `${asyncFunction}export const start = (): void => {\n  work();\n};\n`,
  ),
  plant(
    'typescript/no-misused-promises',
    'libs/core/alpha/src/misused.ts',
    `${asyncFunction}export const isOn = (): boolean => (work() ? true : false);\n`,
  ),
  plant(
    'typescript/no-namespace',
    'libs/core/alpha/src/no-namespace.ts',
    `export namespace Old {\n  export const one = 1;\n}\n`,
  ),
  plant(
    'typescript/switch-exhaustiveness-check',
    'libs/core/alpha/src/exhaustive.ts',
    `export const f = (era: 'legacy' | 'modern'): number => {\n  switch (era) {\n    case 'legacy':\n      return 1;\n  }\n  return 0;\n};\n`,
  ),
  plant('unicorn/filename-case', 'libs/core/alpha/src/CamelCase.ts', `export const one = 1;\n`),
  plant(
    'unicorn/prefer-node-protocol',
    'libs/adapters/two/src/node-protocol.ts',
    `export { readFileSync } from 'fs';\n`,
  ),
];

/** For tools/checks/own-rules.mjs. */
export const OWN_VIOLATIONS: readonly Violation[] = [
  plant(
    'no-standard-streams',
    'libs/adapters/two/src/prints.ts',
    `export const print = (): boolean => process.stdout.write('x');\n`,
  ),
  plant(
    'no-standard-streams',
    'libs/adapters/two/src/prints-by-number.ts',
    `import { writeSync } from 'node:fs';\nwriteSync(2, 'x');\n`,
  ),
  plant(
    'no-standard-streams',
    'libs/adapters/two/src/prints-by-import.ts',
    `export { stdout } from 'node:process';\nimport { stderr } from 'node:process';\nstderr.end();\n`,
  ),
  plant(
    'no-standard-streams',
    'libs/core/beta/src/prints-to-console.ts',
    `export const say = (): void => console.warn('x');\n`,
  ),
  plant(
    'no-standard-streams',
    'libs/adapters/two/src/logs.ts',
    `import { pino } from 'pino';\nexport const log = pino({ level: 'info' });\n`,
  ),
  plant(
    'encoded-terminals',
    'apps/cli/src/commands/shows.ts',
    `export const show = (text: string): boolean => process.stdout.write(text);\n`,
  ),
  plant(
    'encoded-terminals',
    'apps/master-server/src/tells.ts',
    `import { writeSync } from 'node:fs';\nwriteSync(2, 'x');\n`,
  ),
  plant('no-node-globals', 'libs/core/beta/src/encodes.ts', `export const bytes = Buffer.from('x');\n`),
  plant(
    'no-node-globals',
    'libs/jsonrpc/src/asks.ts',
    `export const isTest = globalThis.process.env['CI'];\n`,
  ),
  plant('time-and-chance-by-input', 'libs/core/beta/src/reads-clock.ts', `export const now = Date.now;\n`),
  plant(
    'time-and-chance-by-input',
    'libs/model/src/reads-date.ts',
    `export const now = (): Date => new Date();\n`,
  ),
  plant(
    'time-and-chance-by-input',
    'libs/ports/src/rolls-dice.ts',
    `export const dice = (): number => Math.random();\n`,
  ),
  plant(
    'no-bare-errors',
    'apps/cli/src/fails.ts',
    `export const fail = (): never => {\n  throw new Error('x');\n};\n`,
  ),
  plant(
    'one-way-out',
    'libs/core/protocol-handler/src/http/answers-past.ts',
    `export const answer = (exchange: { respond(status: number): void }): void => exchange.respond(200);\n`,
  ),
  plant(
    'one-way-out',
    'libs/core/protocol-handler/src/legacy/opens-past.ts',
    `export const open = (exchange: { stream(): unknown }): unknown => exchange.stream();\n`,
  ),
  plant(
    'one-way-out',
    'libs/core/protocol-handler/src/modern/takes-out.ts',
    `export const tell = ({ send }: { send(text: string): void }): void => send('x');\n`,
  ),
  plant(
    'one-way-out',
    'libs/core/protocol-handler/src/request/writes-past.ts',
    `export const finish = (writer: { write(id: string): void }): void => writer['write']('1');\n`,
  ),
  plant('no-star-exports', 'libs/core/beta/src/barrel.ts', `export * from './index.ts';\n`),
  plant('no-decorators', 'libs/core/beta/src/decorated.ts', `@sealed\nexport class Decorated {}\n`),
  plant(
    'explained-assertions',
    'libs/core/beta/src/asserts.ts',
    `\nexport const one = (value: unknown): number => value as number;\n`,
  ),
  plant('no-open-ends', 'libs/core/beta/src/later.ts', `// TO${'DO'}: later\nexport const one = 1;\n`),
  plant(
    'comment-width',
    'libs/core/beta/src/wide.ts',
    `/**\n * ${'wide '.repeat(22)}\n */\nexport const one = 1;\n`,
  ),
  plant(
    'comment-width',
    'libs/core/beta/src/trailing.ts',
    `export const one = 1; // ${'wide '.repeat(18)}\n`,
  ),
  plant(
    'explained-suppressions',
    'libs/core/beta/src/silent.ts',
    `// oxlint-${'disable'}-next-line no-console\nexport const one = 1;\n`,
  ),
  plant('telling-names', 'libs/core/beta/src/utils.ts', `export const one = 1;\n`),
  plant('telling-names', 'libs/core/beta/src/session.ts', `export class SessionManager {}\n`),
  plant(
    'locator-in-bootstrap',
    'libs/composition/di-container/src/asks.ts',
    `export const ask = (scope: { get(token: string): unknown }): unknown => scope.get('part');\n`,
  ),
  plant('field-words', 'libs/core/beta/src/ladder.ts', `/** The restart ladder. */\nexport const one = 1;\n`),
  ...[
    ['document', '/** What the plan says (plan.md 2.1). */'],
    ['decision', '// Two of them: decisions 0001 and 9999.'],
    ['requirement', '// As PROTO-R99 demands.'],
    ['seed', '/** The status of a component (seed 003, "Health"). */'],
  ].map(([what, comment]) =>
    plant('known-references', `libs/core/beta/src/cites-${what}.ts`, `${comment}\nexport const one = 1;\n`),
  ),
  plant('known-references', 'docs/guide.md', 'Read [the plan](plans/plan.md) first.\n', {
    'docs/decisions/0001-first.md': '# 0001 First\n',
  }),
  { rule: 'small-folders', files: manyFiles('libs/core/beta/src/many', 21) },
  plant('all-projects-type-checked', 'tsconfig.json', '{ "files": [], "references": [] }'),
  plant(
    'tags-of-folders',
    'libs/core/beta/package.json',
    JSON.stringify({
      name: '@omni/beta',
      type: 'module',
      exports: { '.': { '@omni/source': './src/index.ts' } },
      dependencies: { '@omni/ports': '*' },
      nx: { tags: ['layer:ports', 'runtime:any'] },
    }),
  ),
  plant(
    'tags-of-folders',
    'tools/untagged/project.json',
    '{ "name": "tool-untagged", "tags": ["layer:tool"] }',
  ),
  plant(
    'tools-are-projects',
    'tools/untyped/project.json',
    '{ "name": "tool-untyped", "tags": ["layer:tool", "runtime:node"] }',
  ),
  plant('sources-in-projects', 'libs/core/homeless/src/index.ts', 'export const one = 1;\n'),
  plant('sources-in-projects', 'tools/homeless.cjs', 'exports.one = 1;\n'),
  plant('tests-are-run', 'libs/core/alpha/test/outside.test.ts', ''),
  plant('tests-are-run', 'libs/core/alpha/src/alpha.spec.ts', ''),
  plant('tests-are-run', 'libs/core/alpha/src/script.test.mjs', ''),
  plant('tests-are-run', 'tools/ignoring/ignored/one.test.ts', '', {
    'tools/ignoring/project.json': '{ "name": "tool-ignoring", "tags": ["layer:tool", "runtime:node"] }',
    'tools/ignoring/jest.config.mjs': `export default { roots: ['<rootDir>'], testPathIgnorePatterns: ['<rootDir>/ignored/'] };\n`,
  }),
  // A task of its own runs the end-to-end tests of one app only.
  plant('tests-are-run', 'apps/other-e2e/src/one.test.ts', '', {
    'apps/other-e2e/package.json': '{ "name": "@omni/other-e2e" }',
    'apps/other-e2e/jest.config.mjs': 'export default {};\n',
  }),
  plant('projects-are-tested', 'libs/core/untested/package.json', '{ "name": "@omni/untested" }'),
  plant(
    'declared-projects',
    'libs/core/beta/src/undeclared.ts',
    `export { GatewayError } from '@omni/jsonrpc';\n`,
  ),
];

/** What looks like a violation to a careless rule, and is none. */
export const INNOCENT: Readonly<Record<string, string>> = {
  'libs/core/beta/src/innocent.ts': [
    `// See https://example.test/${'long/'.repeat(22)}`,
    `export const wide = '${'// '.repeat(40)}';`,
    '/** Says "throw new Error(", console.log and Buffer in words only. */',
    `export const text = 'process.stdout.write(1); export * from x; TO-DO';`,
    `export const frozen = ['a'] as const;`,
    'export const epoch = new Date(0);',
    'export const one = (value: unknown): unknown => {',
    '  // The only caller has checked that it is a number.',
    '  return value as number;',
    '};',
    '',
  ].join('\n'),
  'libs/core/beta/src/cites.ts': [
    '/** As decision 0001 says; see docs/guide.md, README.md and S000-CFG-01. */',
    `export const name = 'plan.md';`,
    '',
  ].join('\n'),
  'docs/decisions/0001-first.md': '# 0001 First\n',
  'docs/guide.md': 'See [the first](decisions/0001-first.md), docs/decisions/0001-first.md and PROTO-R01.\n',
  'docs/requirements/rows.json': '[{ "id": "S000-CFG-01" }, { "id": "PROTO-R01" }]\n',
  'README.md': '# Planted\n',
  'libs/core/protocol-handler/src/request/refuse.ts': `export const refuse = (exchange: { respond(status: number): void }): void => exchange.respond(400);\n`,
  'apps/cli/src/output/terminal.ts': `export const show = (text: string): boolean => process.stdout.write(text);\n`,
  'libs/core/protocol-handler/src/legacy/resumes.ts': `export const numberOf = (point: { stream: { number: number } }): number => point.stream.number;\n`,
  'libs/core/protocol-handler/src/http/answers.test.ts': `export const answer = (exchange: { respond(status: number): void }): void => exchange.respond(200);\n`,
  'libs/core/beta/src/beta.test.ts': `process.stdout.write('x');\nexport const fail = (): never => {\n  throw new Error('x');\n};\n`,
};
