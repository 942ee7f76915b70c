#!/usr/bin/env node
// Plain JavaScript, because an old Node must get as far as the sentence that says it is too old.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE_MAJOR = 24;
const BUILT = new URL('../dist/main.js', import.meta.url);
const SOURCE = fileURLToPath(new URL('../src/main.ts', import.meta.url));
/**
 * Not part of the package: where it is, this is the repository, whose build may be older than its sources.
 */
const IS_REPOSITORY = existsSync(new URL('../tsconfig.json', import.meta.url));

if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE_MAJOR) {
  process.stderr.write(
    `omni needs Node ${OLDEST_NODE_MAJOR} or newer; this is ${process.versions.node} (https://nodejs.org)\n`,
  );
  process.exitCode = 1;
} else if (IS_REPOSITORY) {
  runFromSource();
} else {
  await import(BUILT.href);
}

/**
 * The workspace resolves its own packages to their sources only under a condition, which Node takes at its
 * start alone.
 */
function runFromSource() {
  const child = spawn(process.execPath, ['--conditions=@omni/source', SOURCE, ...process.argv.slice(2)], {
    stdio: 'inherit',
    // When this process ends in whatever way, the other one ends, too.
    env: { ...process.env, OMNI_WRAPPER: String(process.pid) },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // Often it reaches the whole group: Omni takes two of one second for one.
      child.kill(signal);
    });
  }
  child.on('error', (error) => {
    process.stderr.write(`omni: Node cannot be started: ${error.message}\n`);
    process.exit(1);
  });
  child.on('close', (code, signal) =>
    process.exit(code ?? 128 + (signal === null ? 1 : constants.signals[signal])),
  );
}
