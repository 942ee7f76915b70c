import type { Guard } from '../guard.ts';
import { inFolder } from './in-folder.ts';

/** What a configuration may open, and what its errors may show. */
export const CONFIGURATION_GUARDS: readonly Guard[] = inFolder('libs/core/config-manager/src', [
  {
    name: 'config/open-outside',
    against: 'Without a token everybody on the network is let in.',
    file: 'checks/listener-checks.ts',
    find: "if (auth.mode === 'open' && !isLoopback(server.listen.host)) {",
    replace: 'if (server.listen === null) {',
    test: ['parse-configuration.test.ts', 'parseConfiguration allows open access on loopback only'],
  },
  {
    name: 'config/tcp-outside',
    against: 'A listener that cannot ask for a token serves the network.',
    file: 'checks/listener-checks.ts',
    find: 'if (!isLoopback(server.tcp.host)) {',
    replace: 'if (server.tcp.host === null) {',
    test: [
      'parse-configuration.problems.test.ts',
      'parseConfiguration on what it refuses answers "auth: { mode: open }\\nserver: { tcp: \\"0.0.0.0:9000\\" }"',
    ],
  },
  {
    name: 'config/tcp-beside-token',
    against: 'A listener that cannot ask for a token lets in whom the token keeps out.',
    file: 'checks/listener-checks.ts',
    find: "} else if (auth.mode !== 'open') {",
    replace: '} else if (auth.mode === null) {',
    test: ['parse-configuration.problems.test.ts', 'parseConfiguration on what it refuses answers "server: { tcp: \\"127.0.0.1:9000\\" }"'],
  },
  {
    name: 'config/expanded-again',
    against: 'The value of a variable is taken for a reference.',
    file: 'document/variables.ts',
    find: 'else {\n      expanded += text.slice(rest, open) + outcome.text;',
    replace:
      "else {\n      expanded += text.slice(rest, open) + (outcome.text.includes('${') ? expandVariables(outcome.text, env).text : outcome.text);",
    test: ['document/variables.test.ts', 'expandVariables never expands a value again'],
  },
  {
    name: 'config/prototype',
    against: 'A variable called constructor has a value.',
    file: 'document/variables.ts',
    find: 'return Object.hasOwn(env, name) ? env[name] : undefined;',
    replace: 'return env[name];',
    test: ['document/variables.test.ts', 'expandVariables says why ${toString} cannot be replaced'],
  },
  {
    name: 'config/secret-values',
    against: 'The value of a variable is not known as a secret, and is shown.',
    file: 'document/variables.ts',
    find: "if (outcome.fromEnvironment && outcome.text !== '') values.push(outcome.text);",
    replace: '',
    test: ['document/variables.test.ts', 'expandVariables expands ${SET}'],
  },
  {
    name: 'config/quoted-reference',
    against: 'A chunk of a credential is quoted.',
    file: 'document/variables.ts',
    find: 'return { failure: \'a "${…}" is no reference; write ${NAME}, or "$${" for a literal "${"\' };',
    replace: 'return { failure: `${shown(reference)} is no reference` };',
    test: [
      'parse-configuration.problems.test.ts',
      'parseConfiguration on what it refuses never prints the value of a variable or a literal credential',
    ],
  },
  {
    name: 'config/url-credential',
    against: 'A password in an address goes into logs and error messages.',
    file: 'schema/upstream-address.ts',
    find: "if (username !== '' || password !== '')",
    replace: 'if (username === null)',
    test: [
      'parse-configuration.problems.test.ts',
      'parseConfiguration on what it refuses answers "mcpServers: { a: { url: \\"wss://u:canary@x\\" } }"',
    ],
  },
  {
    name: 'config/private-settings',
    against: 'An error quotes what stands in headers, env or token.',
    file: 'checks/report-issues.ts',
    find: ' && !path.some((segment) => PRIVATE_SETTINGS.has(segment))',
    replace: '',
    test: ['parse-configuration.problems.test.ts', 'parseConfiguration on what it refuses answers "auth: { token: my secret }"'],
  },
  {
    name: 'config/expanded-in-error',
    against: 'An error quotes what a variable holds.',
    file: 'checks/report-issues.ts',
    find: "value.kind === 'scalar' && value.origin === 'written' && !path",
    replace: "value.kind === 'scalar' && !path",
    test: [
      'parse-configuration.problems.test.ts',
      'parseConfiguration on what it refuses never prints the value of a variable or a literal credential',
    ],
  },
  {
    name: 'config/problem-count',
    against: 'A file that is wrong throughout makes an error of any length.',
    file: 'checks/config-problem.ts',
    find: 'problems.slice(0, MAX_LISTED)',
    replace: 'problems.slice(0)',
    test: ['parse-configuration.problems.test.ts', 'parseConfiguration on what it refuses lists at most 100 problems and counts the rest'],
  },
  {
    name: 'config/quoted-controls',
    against: 'A key of a configuration acts on the terminal of who reads the error.',
    file: 'checks/config-problem.ts',
    find: 'message: onOneLine(message) };',
    replace: 'message };',
    test: ['parse-configuration.problems.test.ts', 'keeps each problem on one line, whatever stands in a key'],
  },
  {
    name: 'config/nul-in-path',
    against: 'A path with a NUL leads elsewhere than it seems.',
    file: 'schema/upstream-address.ts',
    find: "if (path.includes('\\0')) return undefined;",
    replace: '',
    test: [
      'parse-configuration.problems.test.ts',
      'parseConfiguration on what it refuses answers "mcpServers: { a: { url: \\"unix:/run/mcp%00.sock\\" } }"',
    ],
  },
]);
