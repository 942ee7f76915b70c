import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { clientOf, requestOf, RouterFixture } from '../router.fixture.ts';

const RUNS = { numRuns: 300 };

const space = fc.constantFrom('', ' ', '\n', '\t', ' \r\n');

/** A string literal with escapes where none are needed, and half pairs of surrogates. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom('a', 'é', '🦜', '\\u0041', '\\u00e9', '\\ud83e', '\\/', '\\"', '\\\\', '\\n', '/', ' '),
      fc.string({ maxLength: 3 }).map((plain) => JSON.stringify(plain).slice(1, -1)),
    ),
    {
      maxLength: 6,
    },
  )
  .map((chunks) => `"${chunks.join('')}"`);

const number = fc.constantFrom(
  '0',
  '-0',
  '1.0',
  '1e2',
  '1.50E+10',
  '123456789012345678901234567890',
  '1e400',
  '-1.7976931348623157e309',
);

/** JSON text as people and programs write it: odd spaces, keys twice, numbers that no double holds. */
const { json } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(text, number, fc.constantFrom('true', 'false', 'null', '{}', '[ ]')),
    fc
      .tuple(space, fc.array(tie('json'), { maxLength: 4 }), space)
      .map(([before, items, after]) => `[${before}${items.join(`${after},${before}`)}${after}]`),
    fc
      .tuple(space, fc.array(fc.tuple(text, tie('json')), { maxLength: 4 }))
      .map(
        ([blank, members]) =>
          `{${blank}${members.map(([key, value]) => `${key}${blank}:${value}`).join(`,${blank}`)}}`,
      ),
  ),
}));

/** A member that Omni has never heard of. */
const unknown = fc
  .tuple(fc.integer({ min: 0, max: 99 }), json)
  .map(([key, value]) => `"unknown${key}":${value}`);

describe('what passes within one era', () => {
  it.each(['modern', 'legacy'] as const)('reaches the %s server byte for byte, but for the name', (era) => {
    fc.assert(
      fc.property(json, unknown, space, (value, member, blank) => {
        const fixture = new RouterFixture();
        const connection = fixture.connection('files', era);
        fixture.route(
          requestOf('tools/call', `{${blank}${member},"name":"files__read",${blank}"arguments":${value}}`),
          clientOf(era),
        );
        expect(connection.last.params).toBe(`{${blank}${member},"name":"read",${blank}"arguments":${value}}`);
      }),
      RUNS,
    );
  });

  it.each(['modern', 'legacy'] as const)('reaches the %s client byte for byte, but for the id', (era) => {
    fc.assert(
      fc.property(json, unknown, fc.constantFrom('result', 'error'), (value, member, kind) => {
        const fixture = new RouterFixture();
        const connection = fixture.connection('files', era);
        const { reply } = fixture.route(
          requestOf('tools/call', '{"name":"files__read"}', '"c"'),
          clientOf(era),
        );
        connection.last.answer(`"${kind}":{"code":1,"deep":${value}},${member}`);
        expect(reply.text).toBe(`{"jsonrpc":"2.0","id":"c","${kind}":{"code":1,"deep":${value}},${member}}`);
      }),
      RUNS,
    );
  });

  it('reaches a client byte for byte in notifications', () => {
    fc.assert(
      fc.property(json, (value) => {
        const fixture = new RouterFixture();
        const connection = fixture.connection('files', 'modern');
        const { reply } = fixture.route(
          requestOf('tools/call', '{"name":"files__read"}'),
          clientOf('modern'),
        );
        const notification = `{"jsonrpc":"2.0","method":"notifications/vendor","params":{"deep":${value}}}`;
        connection.last.notify(notification);
        expect(reply.notifications).toEqual([notification]);
      }),
      RUNS,
    );
  });
});

describe('what passes between the eras', () => {
  it('keeps the text of arguments in both directions', () => {
    fc.assert(
      fc.property(
        json,
        fc.constantFrom(['modern', 'legacy'] as const, ['legacy', 'modern'] as const),
        fc.boolean(),
        (value, [client, server], hasMeta) => {
          const fixture = new RouterFixture();
          const connection = fixture.connection('files', server);
          const meta = hasMeta
            ? `,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","foreign":${value}}`
            : '';
          const { reply } = fixture.route(
            requestOf('tools/call', `{"name":"files__read","arguments":${value}${meta}}`),
            clientOf(client),
          );
          expect(connection.last.params).toContain(`"arguments":${value}`);
          if (hasMeta) expect(connection.last.params).toContain(`"foreign":${value}`);
          connection.last.answer(`"result":{"content":[],"deep":${value}}`);
          expect(reply.text).toContain(`"content":[],"deep":${value}}`);
        },
      ),
      RUNS,
    );
  });
});
