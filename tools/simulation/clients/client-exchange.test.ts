import { describe, expect, it } from '@jest/globals';
import { ClientExchange } from './client-exchange.ts';

function scene() {
  const told: string[] = [];
  const exchange = new ClientExchange({
    method: 'POST',
    path: '/mcp',
    headers: [],
    body: '{}',
    connection: 'one',
    onHead: () => {},
    onMessage: (text) => told.push(text),
    onOver: () => told.push('over'),
    onMore: () => told.push('more'),
  });
  return { exchange, told };
}

describe('ClientExchange', () => {
  it('tells of what follows a complete answer', () => {
    const { exchange, told } = scene();
    exchange.respond(200, ['content-type', 'application/json'], '{"id":1}');
    exchange.respond(200, ['content-type', 'application/json'], '{"id":1}');
    exchange.write('{}');
    expect(told).toEqual(['{"id":1}', 'over', 'more', 'more']);
  });

  it('takes it that whoever answers does not know yet that its client has left', () => {
    const { exchange, told } = scene();
    exchange.leave();
    exchange.respond(200, ['content-type', 'application/json'], '{"id":1}');
    expect(told).toEqual(['over']);
  });
});
