import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tokenOf } from './echo-tool.ts';
import { runLoad } from './load-run.ts';
import { FIRST_CALL_ID } from './request-text.ts';
import { lineWriter, StdioPipes } from './stdio-pipes.ts';
import { UPSTREAM_FILE } from './upstream-process.ts';

describe('lineWriter', () => {
  it('writes a call with the id and its token', () => {
    const id = FIRST_CALL_ID + 77;
    expect(JSON.parse(lineWriter({ pipe: 'p', toolName: 'bench__echo' }, 200)(id))).toMatchObject({
      id,
      method: 'tools/call',
      params: { name: 'bench__echo', arguments: { token: tokenOf(id), bytes: 200 } },
    });
  });

  it('writes a call of the tool that runs others where there is one', () => {
    const id = FIRST_CALL_ID + 78;
    const line = lineWriter({ pipe: 'p', toolName: 'echo', metaTool: 'execute_tool' }, 200)(id);
    expect(JSON.parse(line)).toMatchObject({
      id,
      params: {
        name: 'execute_tool',
        arguments: { mcp_name: 'bench', tool_name: 'echo', parameters: { token: tokenOf(id) } },
      },
    });
  });
});

describe('a load on the standard streams of a program', () => {
  const folder = mkdtempSync(join(tmpdir(), 'omni-bench-stdio-'));
  const pipes = new StdioPipes();
  const program = {
    name: 'direct',
    core: undefined,
    command: process.execPath,
    args: [UPSTREAM_FILE, '--stdio'],
    logFolder: folder,
  };

  afterEach(async () => {
    await pipes.end(program.name);
    rmSync(folder, { recursive: true, force: true });
  });

  it('counts the right answers of all lanes', async () => {
    expect(await pipes.spawn(program)).toBeGreaterThan(0);
    let id = FIRST_CALL_ID;
    const load = (toolName: string, connections: number) =>
      runLoad(
        {
          targets: [{ pipe: program.name, toolName }],
          bytes: 200,
          connections,
          warmUpMs: 0,
          measureMs: 50,
        },
        { pipes, nextId: () => (id += 1), onMeasuring: () => undefined, onMeasured: () => undefined },
      );
    const result = await load('echo', 8);
    expect(result).toMatchObject({ faults: {}, refused: 0 });
    expect(result.calls).toBeGreaterThan(8);
  });
});
