import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { createDemoServer } from './demo-server.ts';

// stdout carries the protocol, so trouble is told on stderr.
serveStdio(createDemoServer, { onerror: (error) => process.stderr.write(`omni-demo: ${error.message}\n`) });
