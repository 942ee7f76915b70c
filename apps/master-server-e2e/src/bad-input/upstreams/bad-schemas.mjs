/** Tools whose schemas are meant to hurt whoever looks at them, among good ones. */

/** @param {string} name @param {string} schema @param {string} more */
const tool = (name, schema, more = '') => `{"name":"${name}","inputSchema":${schema}${more}}`;
/** @param {string} property */
const object = (property) => `{"type":"object","properties":{"p":${property}}}`;

/** A schema in which each definition refers twice to the next: 2^20 paths in a few kilobytes. */
function doubling() {
  const defs = Array.from(
    { length: 20 },
    (_, at) => `"d${at}":{"oneOf":[{"$ref":"#/$defs/d${at + 1}"},{"$ref":"#/$defs/d${at + 1}"}]}`,
  );
  return `{"type":"object","$defs":{${defs.join(',')},"d20":{"type":"string"}},"properties":{"p":{"$ref":"#/$defs/d0"}}}`;
}

/** A good tool beside one that is deeper than a message may be. */
export function bottomlessTools() {
  return [
    tool('good', '{"type":"object"}'),
    tool('bottomless', object(`${'{"items":'.repeat(10_000)}{}${'}'.repeat(10_000)}`)),
  ];
}

/**
 * @param {string} sentinel - Origin of a server that must never be asked.
 * @returns {string[]} Tools as JSON, since not all of them can be written by `JSON.stringify`.
 */
export function badTools(sentinel) {
  return [
    tool('good-first', '{"type":"object"}'),
    tool('deep', object(`${'{"items":'.repeat(200)}{}${'}'.repeat(200)}`)),
    tool('very-deep', object(`${'['.repeat(400)}${']'.repeat(400)}`)),
    tool('wide', object(`{"oneOf":[${'{},'.repeat(20_000)}{}]}`)),
    tool('huge-enum', object(`{"enum":["${'e'.repeat(10_000_000)}"]}`)),
    tool('many-enums', object(`{"enum":[${'"e",'.repeat(150_000)}"e"]}`)),
    tool('null', 'null'),
    tool('true', 'true'),
    tool('array', '[]'),
    tool('string', '"object"'),
    '{"name":"absent"}',
    tool('not-an-object', '{"type":"string"}'),
    tool('twice', '{"type":"object","type":"string"}'),
    tool('header-bomb', object('{"type":"object","x-mcp-header":"A"}')),
    tool('doubling', doubling()),
    tool(
      'cycle',
      '{"type":"object","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}},"properties":{"p":{"$ref":"#/$defs/a"}}}',
    ),
    tool('self', '{"type":"object","properties":{"p":{"$ref":"#"}}}'),
    tool(
      'remote',
      `{"type":"object","$ref":"${sentinel}/schema.json","properties":{"p":{"$ref":"${sentinel}/other.json"}}}`,
    ),
    tool('dynamic', '{"type":"object","$dynamicAnchor":"a","properties":{"p":{"$dynamicRef":"#a"}}}'),
    tool('slow-pattern', object('{"type":"string","pattern":"^(a+)+$"}')),
    tool('bad-pattern', object('{"type":"string","pattern":"("}')),
    tool('dialect', '{"$schema":"https://example.invalid/none","type":"object"}'),
    tool('remote-dialect', `{"$schema":"${sentinel}/dialect","type":"object"}`),
    tool(
      'prototype',
      '{"type":"object","properties":{"__proto__":{"type":"string"},"constructor":{"type":"string"}}}',
    ),
    tool(
      'output-deep',
      '{"type":"object"}',
      `,"outputSchema":${object(`${'{"items":'.repeat(200)}{}${'}'.repeat(200)}`)}`,
    ),
    tool('output-null', '{"type":"object"}', ',"outputSchema":null'),
    tool('output-number', '{"type":"object"}', ',"outputSchema":7'),
    'null',
    '7',
    '{}',
    '{"name":7,"inputSchema":{"type":"object"}}',
    tool(`long-${'n'.repeat(5_000)}`, '{"type":"object"}'),
    tool('good-last', '{"type":"object"}'),
  ];
}
