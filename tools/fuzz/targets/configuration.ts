import { isDeepStrictEqual } from 'node:util';
import { parseConfiguration, type Configuration } from '@omni/config';
import { GatewayError } from '@omni/ports';
import { promise, type FuzzTarget } from '../fuzz-target.ts';
import { parsedJson, textOf } from './input-text.ts';

/** Reads one file of this name and text. */
export type Read = (path: string, text: string) => Configuration;

const SECRET = 'canary-7f3a9';
const ENV = { SECRET, OMNI_PORT: '4001' };
const POSITION = /^[^:\n]+:\d+:\d+ {2}\S/;

/**
 * Configuration: read or refused with a place for each problem, the same as JSON and as YAML, and without a
 * secret in what is said.
 */
export function configuration(
  read: Read = (path, text) => parseConfiguration([{ path, text, role: 'base' }], { env: ENV }),
): FuzzTarget {
  return {
    name: 'configuration',
    promise:
      'any text is read, or refused with file, line and column of each problem; JSON means the same in a YAML file, rewritten and between comments; no value of a variable is in what is said',
    covers: /config-manager\/src\//,
    seeds: [
      '{"mcpServers":{"a":{"command":"node","args":["x"],"env":{"T":"${SECRET}"}},"b":{"url":"https://b.test/mcp","headers":{"Authorization":"Bearer ${SECRET}"}}}}',
      'server:\n  listen: 127.0.0.1:${OMNI_PORT}\n  drain: 5s\nmcpServers:\n  a: { command: sh, args: [-c, "exit"] }\n',
      '{\n  // c\n  "limits": { "maxDepth": 10 }, /* d */\n  "mcpServers": {},\n}\n',
      'a: &x {b: 1}\nc: *x\n',
      'auth:\n  mode: token\n  token: ${SECRET:-none}\nlogging: {level: debug}\nnaming: {prefix: none}\n',
      '{"auth":{"mode":"open"},"mcpServers":{"a":{"type":"sse","url":"http://127.0.0.1/x","disabled":true,"callTimeout":"1m"}}}',
    ],
    dictionary: [
      ...[
        'mcpServers',
        'servers',
        '"mcpServers":{',
        'server',
        'auth',
        'limits',
        'logging',
        'naming',
        'command',
        'args',
        'url',
        'env',
        'headers',
        'timeout',
        '__proto__',
      ],
      ...[
        '${SECRET}',
        '${NONE}',
        '${NONE:-a}',
        '${',
        '$$',
        '&x ',
        '*x',
        '<<: ',
        '!!str ',
        '---\n',
        '%YAML 1.1\n',
        '// a\n',
        '/* a */',
        '# a\n',
        '|\n ',
        '- ',
        ': ',
        '\t',
        '1e3',
        '0o7',
      ],
    ],
    isJson: true,
    maxBytes: 1_500,
    check(input) {
      const text = textOf(input);
      const asYaml = outcomeOf(read, 'a.yaml', text);
      const asJson = outcomeOf(read, 'a.json', text);
      // White space that the parser allows in more places than JSON is no concern.
      if (parsedJson(text) === undefined || !isCommonGround(text)) return `${asYaml.kind} ${asJson.kind}`;
      promise(
        isSame(asYaml, asJson),
        'JSON means the same in a YAML file',
        () => `${show(asYaml)}\n${show(asJson)}`,
      );
      const rewritten = outcomeOf(read, 'a.json', JSON.stringify(JSON.parse(text), null, 2));
      promise(
        isSame(asJson, rewritten),
        'white space means nothing',
        () => `${show(asJson)}\n${show(rewritten)}`,
      );
      const commented = outcomeOf(read, 'a.json', `// "a": {\n${text}/* } */`);
      promise(
        isSame(asJson, commented),
        'comments mean nothing',
        () => `${show(asJson)}\n${show(commented)}`,
      );
      return `JSON ${asJson.kind} ${asJson.kind === 'read' ? asJson.value.upstreams.length : Math.min(asJson.problems.length, 5)}`;
    },
  };
}

type Outcome =
  | { readonly kind: 'read'; readonly value: Configuration }
  | { readonly kind: 'refused'; readonly problems: readonly string[] };

function outcomeOf(read: Read, path: string, text: string): Outcome {
  try {
    const value = read(path, text);
    promise(
      value.warnings.every((line) => POSITION.test(line)),
      'a warning has a place',
      () => value.warnings.join('\n'),
    );
    promise(!value.warnings.join('\n').includes(SECRET), 'no warning tells a secret', () =>
      value.warnings.join('\n'),
    );
    return { kind: 'read', value };
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'OMNI_CONFIG_INVALID') throw error;
    promise(
      !error.message.includes(SECRET) && !JSON.stringify(error.data ?? {}).includes(SECRET),
      'no problem tells a secret',
      () => error.message,
    );
    const problems = error.message.split('\n').filter((line) => POSITION.test(line));
    promise(problems.length > 0, 'a refusal has a place', () => error.message);
    return { kind: 'refused', problems: problems.map((line) => line.replace(/^[^:\n]+:\d+:\d+ +/, '')) };
  }
}

/**
 * Where JSON and YAML 1.2 agree: no key is longer than 1,024 characters or stands twice, and nothing has to
 * be replaced by itself.
 */
function isCommonGround(text: string): boolean {
  const again = JSON.stringify(parsedJson(text)?.value);
  return (
    isDeepStrictEqual(parsedJson(again), parsedJson(text)) &&
    keysIn(again) === keysIn(text) &&
    !/[^\x20-\x7e\n\r\t]|\\|:[^\x20"{[\-\d\w]/.test(text)
  );
}

/** Of JSON; one that stands twice counts twice. */
function keysIn(text: string): number {
  return [...text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)].filter(([, colon]) => colon !== undefined).length;
}

function isSame(left: Outcome, right: Outcome): boolean {
  if (left.kind === 'read' && right.kind === 'read')
    return isDeepStrictEqual({ ...left.value, warnings: [] }, { ...right.value, warnings: [] });
  return left.kind === right.kind;
}

function show(outcome: Outcome): string {
  return JSON.stringify(outcome);
}
