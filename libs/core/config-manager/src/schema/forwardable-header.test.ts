import { describe, expect, it } from '@jest/globals';
import { mayForward } from './forwardable-header.ts';

describe('mayForward', () => {
  it.each([
    'X-Tenant',
    'x-request-id',
    'Mcp',
    'X-Mcp-Server',
    'User-Agent',
    'X-Host',
    'X-Authorization',
    'Viable',
    'Secret',
  ])('takes %s', (name) => {
    expect(mayForward(name)).toBe(true);
    expect(mayForward(name.toUpperCase())).toBe(true);
  });

  it.each([
    ...[
      'Authorization',
      'Proxy-Authorization',
      'Proxy-Connection',
      'Cookie',
      'Cookie2',
      'Set-Cookie',
      'Set-Cookie2',
      'WWW-Authenticate',
    ],
    ...[
      'Host',
      'Origin',
      'Referer',
      'Forwarded',
      'X-Forwarded-For',
      'X-Forwarded-Host',
      'X-Real-IP',
      'Via',
      'Sec-Fetch-Site',
    ],
    ...[
      'Connection',
      'Keep-Alive',
      'TE',
      'Trailer',
      'Transfer-Encoding',
      'Upgrade',
      'HTTP2-Settings',
      'Expect',
      'Range',
      'If-None-Match',
    ],
    ...[
      'Content-Type',
      'Content-Length',
      'Content-Encoding',
      'Accept',
      'Accept-Encoding',
      'Mcp-Session-Id',
      'MCP-Protocol-Version',
    ],
    ...['Mcp-Param-X', 'Last-Event-ID', 'Traceparent', 'Tracestate', 'Baggage'],
  ])('refuses %s, however it is written', (name) => {
    expect(mayForward(name)).toBe(false);
    expect(mayForward(name.toLowerCase())).toBe(false);
    expect(mayForward(name.toUpperCase())).toBe(false);
  });
});
