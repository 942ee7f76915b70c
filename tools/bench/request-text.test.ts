import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import { tokenOf } from './echo-tool.ts';
import { HttpMessageReader } from './http-message-reader.ts';
import { createCallWriter, FIRST_CALL_ID } from './request-text.ts';
import type { Dialect, Target } from './target.ts';

function target(dialect: Dialect): Target {
  return {
    host: '127.0.0.1',
    port: 7431,
    path: '/mcp',
    dialect,
    toolName: 'bench__echo',
    headers: { Authorization: 'Bearer x' },
  };
}

function written(dialect: Dialect, id: number, session?: string): { head: string; body: unknown } {
  const messages: { head: string; body: unknown }[] = [];
  const reader = new HttpMessageReader((head, body) =>
    messages.push({ head, body: JSON.parse(Buffer.concat(body).toString()) }),
  );
  reader.push(Buffer.from(createCallWriter(target(dialect), 200, session)(id)));
  expect(messages).toHaveLength(1);
  return messages[0] ?? { head: '', body: undefined };
}

describe('createCallWriter', () => {
  it('writes a modern call with the headers that mirror its body', () => {
    const id = FIRST_CALL_ID + 123_456;
    const { head, body } = written('modern', id);
    for (const header of [
      'MCP-Protocol-Version: 2026-07-28',
      'Mcp-Method: tools/call',
      'Mcp-Name: bench__echo',
      'Authorization: Bearer x',
    ]) {
      expect(head).toContain(`\r\n${header}`);
    }
    expect(body).toMatchObject({
      id,
      method: 'tools/call',
      params: {
        name: 'bench__echo',
        arguments: { token: tokenOf(id), bytes: 200 },
        _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' },
      },
    });
  });

  it('sends 200 bytes of arguments', () => {
    const { body } = written('legacy', FIRST_CALL_ID);
    // Holds, or the next line fails.
    const size = JSON.stringify((body as { params: { arguments: object } }).params.arguments).length;
    expect(size).toBe(200);
  });

  it('writes a legacy call with its session and without the modern envelope', () => {
    const { head, body } = written('legacy', FIRST_CALL_ID + 1, 's-1');
    expect(head).toContain('\r\nMcp-Session-Id: s-1');
    expect(head).not.toContain('Mcp-Method');
    expect(body).not.toHaveProperty('params._meta');
  });

  it('writes a REST call that carries the token and no JSON-RPC id', () => {
    const id = FIRST_CALL_ID + 77;
    const { body } = written('rest', id);
    expect(body).toMatchObject({
      server_name: 'bench',
      tool: 'bench__echo',
      arguments: { token: tokenOf(id) },
    });
    expect(body).not.toHaveProperty('id');
  });

  it('gives every call another token', () => {
    const tokens = Array.from({ length: 10_000 }, (_, index) => tokenOf(FIRST_CALL_ID + index));
    expect(new Set(tokens).size).toBe(tokens.length);
    expect(new Set(tokens.map((token) => token.length))).toEqual(new Set([18]));
  });
});
