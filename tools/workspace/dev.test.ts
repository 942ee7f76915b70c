import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { devArguments } from './tasks.mjs';

describe('npm run dev', () => {
  let root = '';
  let child: ChildProcess;
  let said = '';
  let onText: () => void = () => {};
  const write = (text: string): void => writeFileSync(join(root, 'libs/part/src/part.ts'), text);
  const heard = (text: string): Promise<void> =>
    new Promise((resolve) => {
      onText = () => {
        if (said.includes(text)) resolve();
      };
      onText();
    });

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'omni-dev-'));
    mkdirSync(join(root, 'apps/master-server/src'), { recursive: true });
    mkdirSync(join(root, 'libs/part/src'), { recursive: true });
    writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
    const main = `import { part } from '../../../libs/part/src/part.ts';\nconsole.log(part, process.argv.slice(2).join(' '));\nsetInterval(() => {}, 1000);\n`;
    writeFileSync(join(root, 'apps/master-server/src/main.ts'), main);
    write(`export const part: string = 'first';\n`);
    said = '';
    child = spawn(process.execPath, devArguments(root, ['--config', 'x.json']), { cwd: root });
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        onText();
      });
  });

  afterEach(async () => {
    child.kill();
    await once(child, 'close');
    rmSync(root, { recursive: true, force: true });
  });

  it('starts the server again when a source changes, also after one that cannot be read', async () => {
    await heard('first start --config x.json');
    write(`export const part: string = 'second';\n`);
    await heard('second start --config x.json');
    write(`export const part: string = ;\n`);
    await heard('SyntaxError');
    write(`export const part: string = 'third';\n`);
    await heard('third start --config x.json');
    expect(child.exitCode).toBeNull();
  });
});
