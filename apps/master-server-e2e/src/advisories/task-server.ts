import type { OpenChannel } from '@omni/ports';

export const SECRET = 'the result of the first principal';

const TASK = `"taskId":"t-1","status":"completed","createdAt":"2026-01-01T00:00:00Z","lastUpdatedAt":"2026-01-01T00:00:00Z","ttl":60000,"statusMessage":"${SECRET}"`;

/**
 * A server that keeps tasks for whoever asks, as a process does that knows one client only, and offers a
 * template that is slow to match.
 */
export function taskServer(era: 'legacy' | 'modern', received: string[]): OpenChannel {
  return (listener) => ({
    send: (text) => {
      received.push(text);
      // Omni sends JSON-RPC.
      const { id, method, params } = JSON.parse(text) as {
        id?: number;
        method: string;
        params?: { task?: unknown };
      };
      if (id === undefined) return true;
      queueMicrotask(() => {
        listener.onMessage(
          `{"jsonrpc":"2.0","id":${id},${answerTo(method, era, params?.task !== undefined)}}`,
        );
        if (method === 'tasks/cancel')
          listener.onMessage(`{"jsonrpc":"2.0","method":"notifications/tasks/status","params":{${TASK}}}`);
      });
      return true;
    },
    close: () => Promise.resolve(listener.onClose(undefined)),
  });
}

const LISTS: Readonly<Record<string, string>> = {
  'tools/list':
    '"tools":[{"name":"long","inputSchema":{"type":"object"},"execution":{"taskSupport":"optional"}}]',
  'resources/list': '"resources":[]',
  'resources/templates/list': `"resourceTemplates":[{"name":"slow","uriTemplate":"slow://${'{a}{b}'.repeat(40)}x"},{"name":"list","uriTemplate":"list://{a,b,c,d,e,f,g,h}*{+i}{+j}{+k}{+l}{+m}!"}]`,
};

function answerTo(method: string, era: 'legacy' | 'modern', isTaskAskedFor: boolean): string {
  const isModern = era === 'modern';
  const tasks = '"tasks":{"list":{},"cancel":{},"requests":{"tools":{"call":{}}}}';
  const capabilities = `"capabilities":{"tools":{},"resources":{},${isModern ? '"extensions":{"io.modelcontextprotocol/tasks":{}}' : tasks}}`;
  const complete = isModern ? '"resultType":"complete",' : '';
  const cacheable = isModern ? ',"ttlMs":60000,"cacheScope":"private"' : '';
  const list = LISTS[method];
  if (list !== undefined) return `"result":{${complete}${list}${cacheable}}`;
  switch (method) {
    case 'initialize':
      if (isModern) break;
      return `"result":{"protocolVersion":"2025-11-25",${capabilities},"serverInfo":{"name":"tasks","version":"1"}}`;
    case 'server/discover':
      if (!isModern) break;
      return `"result":{${complete}"supportedVersions":["2026-07-28"],${capabilities}${cacheable}}`;
    case 'tools/call':
      if (isModern) return `"result":{"resultType":"task",${TASK}}`;
      return isTaskAskedFor ? `"result":{"task":{${TASK}}}` : '"result":{"content":[]}';
    case 'tasks/get':
    case 'tasks/cancel':
    case 'tasks/update':
      return `"result":{${complete}${TASK}}`;
    case 'tasks/result':
      return `"result":{"content":[{"type":"text","text":"${SECRET}"}]}`;
    case 'tasks/list':
      return `"result":{"tasks":[{${TASK}}]}`;
  }
  return '"error":{"code":-32601,"message":"Method not found"}';
}
