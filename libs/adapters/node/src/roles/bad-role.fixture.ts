import { openSync } from 'node:fs';
import { runRole } from './run-role.ts';

interface Order {
  readonly do: 'exit' | 'spin' | 'memory' | 'open';
  readonly path?: string;
}

/** Does what a role must never do. */
runRole((port) => {
  port.onMessage((message) => {
    const { do: what, path } = message as Order;
    port.post(`begins to ${what}`);
    switch (what) {
      case 'exit':
        return process.exit(7);
      case 'spin':
        for (;;);
      case 'memory': {
        const kept: unknown[] = [];
        for (;;) kept.push(Array.from({ length: 100_000 }, () => ({ kept })));
      }
      case 'open':
        return void openSync(path ?? '', 'r');
    }
  });
  return () => {};
});
