import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { BenchSession } from '../bench-session.ts';
import { PinnedProcess } from '../pinned-process.ts';
import { BUNDLE } from '../subjects/omni.ts';

const ANSWER_TIMEOUT_MS = 15_000;
const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '1' } },
};

/**
 * Milliseconds from the spawn of `omni stdio`, with no upstreams, to its answer to an `initialize` that it is
 * sent at once, as clients do that start their servers themselves.
 *
 * @throws When there is no such answer.
 */
export async function stdioAnswerMs({ cores }: Pick<BenchSession, 'cores'>, folder: string): Promise<number> {
  const config = join(folder, 'stdio.json');
  writeFileSync(config, JSON.stringify({ mcpServers: {} }), { mode: 0o600 });
  const spawnedAt = performance.now();
  const omni = new PinnedProcess({
    name: 'omni-stdio',
    core: cores.subject,
    command: process.execPath,
    args: [BUNDLE, 'stdio', '--config', config],
    logFolder: folder,
    env: { OMNI_HOME: join(folder, 'state') },
    pipes: true,
  });
  try {
    const { stdin, stdout } = omni.child;
    if (stdin === null || stdout === null) throw new TypeError('it has no pipes');
    stdin.on('error', () => undefined);
    stdin.write(`${JSON.stringify(INITIALIZE)}\n`);
    const line = await firstLine(stdout);
    const answeredAt = performance.now();
    if (!line.includes('"serverInfo"')) throw new Error(`it answered ${line.slice(0, 200)}`);
    return answeredAt - spawnedAt;
  } finally {
    await omni.stop();
  }
}

function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`no answer to initialize within ${ANSWER_TIMEOUT_MS / 1_000} s`)),
      ANSWER_TIMEOUT_MS,
    );
    const lines = createInterface({ input: stream });
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      act();
    };
    lines.once('line', (line) => settle(() => resolve(line)));
    lines.once('close', () => settle(() => reject(new Error('it ended before it answered'))));
  });
}
