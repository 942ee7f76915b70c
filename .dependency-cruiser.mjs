/** Who may import whom. tools/checks/planted.test.ts proves for each rule that it catches what it is for. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Tests, and what several tests of a folder share. */
const TEST = '\\.(test|fixture)\\.ts$';

/** Packages that a core library may use. One that is not named here may use none. */
const PACKAGES_OF_CORE = {
  auth: ['@noble/hashes', 'jose'],
  'call-policies': ['cockatiel'],
  'config-manager': ['yaml', 'zod'],
  policy: ['@marcbachmann/cel-js', 'lru-cache', 'zod'],
  telemetry: ['@opentelemetry/api'],
};

/** The files that `exports` maps offer to other projects, as one pattern. */
const PUBLIC_FILES = globSync(['libs/*/package.json', 'libs/*/*/package.json', 'apps/*/package.json'])
  .flatMap((manifest) => {
    const offered = Object.values(JSON.parse(readFileSync(manifest, 'utf8')).exports ?? {});
    return offered
      .map((entry) => (typeof entry === 'string' ? entry : entry['@omni/source']))
      .map((file) => join(dirname(manifest), file));
  })
  .filter((file) => existsSync(file))
  .map((file) => `^${file.replaceAll('\\', '/').replaceAll('.', '\\.')}$`);

const npmPackages = (names) => `(^|/)node_modules/(@types/)?(${names.join('|')})(/|$)`;

export default {
  forbidden: [
    {
      name: 'no-cycle',
      comment:
        'Files that need each other cannot be read, tested or loaded one at a time. Move what both need into a third file.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment:
        'The import leads nowhere: a wrong path, a missing .ts ending, or a package that is not installed.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'declared-packages',
      comment:
        'Whoever installs this library alone does not get this package. Add it to the dependencies of its own package.json.',
      severity: 'error',
      from: { path: ['^libs/', '^apps/'], pathNot: [TEST, '^apps/[^/]+-e2e/'] },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'] },
    },
    {
      name: 'runtime-neutral',
      comment:
        'ports, jsonrpc, model, core and the adapter of fetch run in any runtime. What needs Node is a port here and an adapter there.',
      severity: 'error',
      from: { path: '^libs/(ports|jsonrpc|model|core|adapters/fetch)/', pathNot: TEST },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'ports-import-nothing',
      comment: 'Everything leans on ports, so it must lean on nothing.',
      severity: 'error',
      from: { path: '^libs/ports/', pathNot: TEST },
      to: { pathNot: '^libs/ports/', dependencyTypesNot: ['core'] },
    },
    {
      name: 'ports-below-testing',
      comment:
        'The fakes are built on ports; a test of ports that uses them makes two projects wait for each other.',
      severity: 'error',
      from: { path: '^libs/ports/' },
      to: { path: '^libs/testing/' },
    },
    {
      name: 'jsonrpc-imports-ports',
      comment: 'jsonrpc is text functions over the error table; it may import ports and nothing else.',
      severity: 'error',
      from: { path: '^libs/jsonrpc/', pathNot: TEST },
      to: { pathNot: '^libs/(ports|jsonrpc)/', dependencyTypesNot: ['core'] },
    },
    {
      name: 'model-imports-jsonrpc',
      comment:
        'model is the vocabulary that the core libraries share; it may import ports and jsonrpc and nothing else.',
      severity: 'error',
      from: { path: '^libs/model/', pathNot: TEST },
      to: { pathNot: '^libs/(ports|jsonrpc|model)/', dependencyTypesNot: ['core'] },
    },
    {
      name: 'core-not-core',
      comment: 'State the shape that you need beside your own code; the composition library checks the fit.',
      severity: 'error',
      from: { path: '^libs/core/([^/]+)/' },
      to: { path: '^libs/core/', pathNot: '^libs/core/$1/' },
    },
    {
      name: 'front-opens-no-connection',
      comment:
        'What listens answers clients; what opens connections to servers is reached by what it is handed (S001-ARC-03).',
      severity: 'error',
      from: {
        path: [
          '^libs/core/protocol-handler/',
          '^libs/adapters/node/src/http/http-listener\\.ts$',
          '^libs/adapters/node/src/sockets/(socket-listener|web-socket-upgrades)\\.ts$',
        ],
        pathNot: TEST,
      },
      to: {
        path: [
          '^libs/core/upstreams/',
          '^libs/adapters/node/src/processes/',
          '^libs/adapters/node/src/http/(client/|http-client\\.ts$|undici-call\\.ts$)',
          '^libs/adapters/node/src/sockets/channel-dialer\\.ts$',
        ],
        reachable: true,
      },
    },
    {
      name: 'life-cycle-without-http',
      comment:
        'Configuration, background work, states and events live without HTTP: whoever serves them comes on top (S004-RT-01).',
      severity: 'error',
      from: {
        path: [
          '^libs/core/(config-manager|coordinator|events|health-monitor)/',
          '^libs/model/src/lifecycle/',
        ],
        pathNot: TEST,
      },
      to: {
        path: ['^(node:)?https?2?$', '^libs/core/protocol-handler/', '^libs/adapters/'],
        reachable: true,
      },
    },
    {
      name: 'core-layer',
      comment:
        'A core library imports ports, jsonrpc and model. Everything else reaches it through its constructor.',
      severity: 'error',
      from: { path: '^libs/core/', pathNot: TEST },
      to: { path: ['^libs/', '^apps/', '^tools/'], pathNot: '^libs/(ports|jsonrpc|model|core)/' },
    },
    ...[...new Set(['', ...Object.keys(PACKAGES_OF_CORE)])].map((library) => ({
      name: library === '' ? 'core-packages' : `core-packages-${library}`,
      comment:
        'A core library that brings packages along is no longer small. Add a port, or name the package in .dependency-cruiser.mjs with a reason.',
      severity: 'error',
      from:
        library === ''
          ? {
              path: '^libs/core/',
              pathNot: [TEST, ...Object.keys(PACKAGES_OF_CORE).map((name) => `^libs/core/${name}/`)],
            }
          : { path: `^libs/core/${library}/`, pathNot: TEST },
      to: {
        path: '(^|/)node_modules/',
        pathNot: ['node_modules/@omni/', ...(library === '' ? [] : [npmPackages(PACKAGES_OF_CORE[library])])],
      },
    })),
    {
      name: 'adapters-layer',
      comment:
        'An adapter translates between a port and the outside. It knows neither the core nor another adapter.',
      severity: 'error',
      from: { path: '^libs/adapters/([^/]+)/', pathNot: TEST },
      to: { path: ['^libs/', '^apps/', '^tools/'], pathNot: ['^libs/ports/', '^libs/adapters/$1/'] },
    },
    {
      name: 'composition-layer',
      comment: 'The composition library wires libraries. It knows no app, no tool and no test fake.',
      severity: 'error',
      from: { path: '^libs/composition/', pathNot: TEST },
      to: { path: ['^libs/testing/', '^apps/', '^tools/'] },
    },
    {
      name: 'testing-layer',
      comment:
        'Fakes stay honest when they know only the contract: ports and Node. Suites take `it` from who calls them.',
      severity: 'error',
      from: { path: '^libs/testing/', pathNot: TEST },
      to: { pathNot: '^libs/(ports|testing)/', dependencyTypesNot: ['core'] },
    },
    {
      name: 'apps-layer',
      comment:
        'An app is arguments, one container, a listener and a signal handler. What it decides belongs into a library.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/', pathNot: [TEST, '^apps/[^/]+-e2e/'] },
      to: {
        path: ['^libs/', '^apps/', '^tools/'],
        pathNot: ['^libs/(ports|composition)/', '^apps/$1/', '^apps/master-server/'],
      },
    },
    {
      name: 'only-cli-imports-apps',
      comment: 'Only the command may build on the server.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/', pathNot: ['^apps/cli/', '^apps/[^/]+-e2e/'] },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'libraries-below-apps',
      comment: 'Libraries do not know who uses them, and tools do not ship.',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: ['^apps/', '^tools/'] },
    },
    {
      name: 'inversify-in-composition',
      comment:
        'Inversify lives in libs/composition and nowhere else; everything else has plain constructors.',
      severity: 'error',
      from: { pathNot: '^libs/composition/' },
      to: {
        path: [
          npmPackages(['inversify', '@inversifyjs', 'reflect-metadata']),
          '^(inversify|@inversifyjs/|reflect-metadata)',
        ],
      },
    },
    {
      name: 'testing-in-tests-only',
      comment: 'Fakes and contract suites must not ship.',
      severity: 'error',
      from: { path: ['^libs/(?!testing/)', '^apps/'], pathNot: [TEST, '^apps/[^/]+-e2e/'] },
      to: { path: ['^libs/testing/', npmPackages(['@jest', 'fast-check'])] },
    },
    {
      name: 'no-test-imports',
      comment: 'A test file exports nothing. Move what is shared into a file of its own.',
      severity: 'error',
      from: {},
      to: { path: '\\.test\\.ts$' },
    },
    ...[
      ['^(libs/(?:ports|jsonrpc|model|testing))/', '^$1/'],
      ['^(libs/(?:core|adapters|composition)/[^/]+)/', '^$1/'],
      ['^(apps/[^/]+)/', '^$1/'],
      ['^(tools)/', '^$1/'],
    ].flatMap(([from, own], index) => [
      {
        name: `no-deep-import-${index}`,
        comment:
          'Another project is used through what its exports map offers, never by reaching into its files.',
        severity: 'error',
        from: { path: from },
        to: { path: ['^libs/', '^apps/'], pathNot: [own, ...PUBLIC_FILES] },
      },
      {
        name: `no-relative-import-${index}`,
        comment: 'A relative path into another project goes around its package. Import it by its @omni name.',
        severity: 'error',
        from: { path: from },
        to: {
          path: ['^libs/', '^apps/'],
          pathNot: own,
          dependencyTypes: ['local'],
          dependencyTypesNot: ['aliased-workspace'],
        },
      },
    ]),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // jest.config.mjs of each project starts from the preset in tools; it is not part of any layer.
    exclude: { path: ['(^|/)(dist|out-tsc|coverage|results)/', 'jest\\.config\\.mjs$'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@omni/source', 'import', 'node', 'types', 'default'],
      extensions: ['.ts', '.mjs', '.js', '.json', '.d.ts'],
    },
  },
};
