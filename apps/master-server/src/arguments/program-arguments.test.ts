import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '@omni/ports';
import { parseProgramArguments } from './program-arguments.ts';

describe('parseProgramArguments', () => {
  it('reads serve', () => {
    expect(
      parseProgramArguments([
        'serve',
        '--config',
        'omni.yaml',
        '--listen',
        '127.0.0.1:0',
        '--log-level',
        'debug',
        '--json',
      ]),
    ).toEqual({
      command: 'serve',
      options: { config: 'omni.yaml', listen: '127.0.0.1:0', logLevel: 'debug', check: false, json: true },
    });
  });

  it('reads stdio', () => {
    const argv = ['stdio', '--config=omni.yaml', '--server', 'demo', '--set', 'a=1', '--set', 'b=2'];
    expect(parseProgramArguments(argv)).toEqual({
      command: 'stdio',
      options: { config: 'omni.yaml', server: 'demo', set: ['a=1', 'b=2'] },
    });
  });

  it('reads start, with a configuration or without', () => {
    expect(parseProgramArguments(['start'])).toEqual({ command: 'start', options: {} });
    expect(parseProgramArguments(['start', '--config', 'omni.yaml'])).toEqual({
      command: 'start',
      options: { config: 'omni.yaml' },
    });
  });

  it.each([[[]], [['--help']], [['-h']], [['help']], [['serve', '--help']], [['start', '-h']]])(
    'helps for %j',
    (argv) => {
      expect(parseProgramArguments(argv)).toEqual({ command: 'help' });
    },
  );

  it.each([
    ['an unknown command', ['sevre']],
    ['an unknown option', ['serve', '--config', 'a', '--bogus']],
    ['a missing value', ['serve', '--config']],
    ['a stray word', ['start', 'omni.yaml']],
    ['an unknown level', ['start', '--log-level', 'loud']],
  ])('refuses %s', (_what, argv) => {
    expect(() => parseProgramArguments(argv)).toThrow(GatewayError);
    expect(() => parseProgramArguments(argv)).toThrow(expect.objectContaining({ code: 'OMNI_USAGE' }));
  });
});
