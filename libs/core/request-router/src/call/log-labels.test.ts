import { describe, expect, it } from '@jest/globals';
import { clientOf, FakeSession, messageOf, requestOf, RouterFixture } from '../router.fixture.ts';
import { LogLabels } from './log-labels.ts';

const CALL = requestOf('tools/call', '{"name":"files__read"}');
const log = (members: string): string =>
  `{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error"${members},"data":{"n":1.0}}}`;

function named(members: string, areSeveral = true, server?: string): string {
  return new LogLabels(() => areSeveral).inMessage(
    messageOf(log(members)),
    'files',
    clientOf('legacy', server),
  ).text;
}

describe('LogLabels', () => {
  it.each([
    ['of a logger', ',"logger" : "db\\u0061"', ',"logger" : "files/db\\u0061"'],
    ['whose logger is null', ',"logger":null', ',"logger":"files"'],
    ['whose logger is no text', ',"logger":7', ',"logger":7'],
  ])('name the server in a message %s', (_whose, members, expected) => {
    expect(named(members)).toBe(log(expected));
  });

  it('name the server where the message has no logger', () => {
    expect(named('')).toBe(
      '{"jsonrpc":"2.0","method":"notifications/message","params":{"logger":"files","level":"error","data":{"n":1.0}}}',
    );
  });

  it('leave a message alone where it can come from one server only, and everything else', () => {
    const members = ',"logger":"db"';
    expect(named(members, false)).toBe(log(members));
    expect(named(members, true, 'files')).toBe(log(members));
    const other = messageOf('{"jsonrpc":"2.0","method":"notifications/vendor","params":{"logger":"db"}}');
    expect(new LogLabels(() => true).inMessage(other, 'files', clientOf('legacy'))).toBe(other);
  });

  it.each([
    ['legacy', 'legacy'],
    ['modern', 'modern'],
    ['legacy', 'modern'],
    ['modern', 'legacy'],
  ] as const)('stand in what a %s client hears in its call from a %s server', (era, server) => {
    const fixture = new RouterFixture();
    const connection = fixture.connection('files', server);
    const meta = '"_meta":{"io.modelcontextprotocol/logLevel":"debug"}';
    const call = era === 'modern' ? requestOf('tools/call', `{"name":"files__read",${meta}}`) : CALL;
    const { reply } = fixture.route(call, clientOf(era));
    connection.last.notify(log(',"logger":"db"'));
    expect(reply.notifications).toEqual([log(',"logger":"files/db"')]);
  });

  it('stand in what a client hears outside of its calls', () => {
    const fixture = new RouterFixture();
    const told: string[] = [];
    const client = new FakeSession('{}').client();
    fixture.router.toClient('mail', messageOf(log(',"logger":"db"')), client, ({ text }) => told.push(text));
    expect(told).toEqual([log(',"logger":"mail/db"')]);
  });
});
