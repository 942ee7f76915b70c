import { describe, expect, it } from '@jest/globals';
import { clientOf, requestOf, RouterFixture, type ScriptedConnection } from '../router.fixture.ts';

const ROOTS = '{ "sampling" : {"n":1.0},"roots":{"listChanged":true}, "x":{}}';

/** What a modern server is sent of the request of a modern client. */
function sentTo(passesRoots: boolean, members: string, capabilities = ROOTS): ScriptedConnection['last'] {
  const fixture = new RouterFixture();
  const connection = fixture.connection('files', 'modern');
  connection.passesRoots = passesRoots;
  const meta = `"_meta":{"io.modelcontextprotocol/clientCapabilities":${capabilities},"progressToken":"t"}`;
  fixture.route(requestOf('tools/call', `{"name":"files__read",${meta}${members}}`), {
    ...clientOf('modern'),
    capabilities,
  });
  return connection.last;
}

/** The same without the names of tools, which routes rewrite. */
function paramsOf(passesRoots: boolean, members: string, capabilities?: string): string {
  return sentTo(passesRoots, members, capabilities).params;
}

describe('what a modern server is told of a modern client', () => {
  // guard: roots/declared-modern
  it('is all but that it names folders, byte for byte', () => {
    const expected =
      '{"name":"read","_meta":{"io.modelcontextprotocol/clientCapabilities":{ "sampling" : {"n":1.0}, "x":{}},"progressToken":"t"}}';
    expect(paramsOf(false, '')).toBe(expected);
  });

  it.each([
    ['names them in escapes', '{"r\\u006fots":{},"x":{}}', '{"x":{}}'],
    ['names nothing else', '{ "roots" : { } }', '{}'],
  ])('holds no folders of a client that %s', (_how, declared, told) => {
    const params = JSON.parse(paramsOf(false, '', declared)) as { _meta: Record<string, unknown> };
    expect(params._meta['io.modelcontextprotocol/clientCapabilities']).toEqual(JSON.parse(told));
  });

  it('holds no folders that are named unasked, and every other answer', () => {
    const given =
      ',"inputResponses":{"a":{"action":"accept","content":{"roots":[1.0]}},"b":{ "roots":[{"uri":"file:///"}]},"c":{"role":"user"}}';
    expect(paramsOf(false, given, '{}')).toContain(
      '"inputResponses":{"a":{"action":"accept","content":{"roots":[1.0]}},"c":{"role":"user"}}',
    );
    expect(paramsOf(true, given, '{}')).toContain(given);
  });

  // guard: roots/unreadable-answers, roots/unreadable-answer
  it.each([
    ['two answers have one key', '{"a":{"roots":[]},"a":{"roots":[]}}', '{}'],
    ['a member stands twice', '{"a":{"x":1,"roots":[],"x":2},"b":{"role":"user"}}', '{"b":{"role":"user"}}'],
    ['they stand in a list', '[{"roots":[]}]', '{}'],
    ['one is no object', '{"a":[{"roots":[]}]}', '{}'],
  ])('holds no folders in answers of which %s', (_what, given, told) => {
    const params = JSON.parse(paramsOf(false, `,"inputResponses":${given}`, '{}')) as Record<string, unknown>;
    expect(params['inputResponses']).toEqual(JSON.parse(told));
  });

  it('is everything where the setting permits folders', () => {
    expect(paramsOf(true, '')).toContain(ROOTS);
  });
});
