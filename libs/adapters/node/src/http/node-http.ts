/**
 * `node:http` without what an import of it brings: an ES module reads every member of it, and reading
 * `WebSocket` loads Node's own undici, which no part of Omni uses.
 */
export const { createServer, request, STATUS_CODES } = process.getBuiltinModule('node:http');
