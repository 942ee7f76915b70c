import { describe, expect, it } from '@jest/globals';
import { startProgram } from './started-program.ts';

const urlIn = (line: string): string | undefined => /http:\S+/.exec(line)?.[0];

describe('startProgram', () => {
  it('takes the URL from stderr as well and ends the program', async () => {
    const program = await startProgram({
      args: ['-e', 'console.error("at http://127.0.0.1:1"); setInterval(() => {}, 1000)'],
      urlIn,
    });
    expect(program.url).toBe('http://127.0.0.1:1');
    await program.stop();
  });

  it('tells the last lines of a program that ended too early', async () => {
    const started = startProgram({ args: ['-e', 'console.log("no luck"); process.exitCode = 3'], urlIn });
    await expect(started).rejects.toThrow(/it ended with 3/);
  });

  it('stops a program that has ended by itself', async () => {
    const program = await startProgram({ args: ['-e', 'console.log("http://127.0.0.1:1")'], urlIn });
    await program.stop();
    await expect(program.stop()).resolves.toBeUndefined();
  });
});
