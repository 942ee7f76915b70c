import { describe, expect, it } from '@jest/globals';
import { encodedOutput } from './terminal.ts';

const ACTING = '\u001b[2J\u0007\u009b31m\u007f\u202e\u2028x';

function output(isTTY: boolean) {
  const said = { out: '', err: '' };
  const written = encodedOutput({
    stdout: { isTTY, write: (text) => (said.out += text) },
    stderr: { isTTY, write: (text) => (said.err += text) },
  });
  return { said, ...written };
}

describe('encodedOutput', () => {
  // guard: terminal/out, terminal/err
  it.each([true, false])('writes nothing that acts on a terminal, on one or not (%s)', (isTTY) => {
    const { said, writeOut, writeErr } = output(isTTY);
    writeOut(ACTING);
    writeErr(ACTING);
    const shown = '\uFFFD[2J\uFFFD\uFFFD31m\uFFFD\uFFFD\uFFFDx';
    expect(said).toEqual({ out: shown, err: shown });
  });

  // guard: terminal/content
  it('gives content to a pipe as it is, and to a terminal without what acts on it', () => {
    const pipe = output(false);
    pipe.writeContent(ACTING);
    expect(pipe.said.out).toBe(ACTING);
    const screen = output(true);
    screen.writeContent(ACTING);
    expect(screen.said.out).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
  });
});
