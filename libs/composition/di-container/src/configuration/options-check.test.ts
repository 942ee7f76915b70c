import type { GatewayError } from '@omni/ports';
import { describe, expect, it } from '@jest/globals';
import { createMasterServer } from '../create-master-server.ts';
import type { MasterServerOptions } from '../master-server-options.ts';

/** What the options are refused with. Code without types may give anything. */
function problemsOf(options: unknown): readonly string[] {
  try {
    createMasterServer(options as MasterServerOptions);
  } catch (error) {
    const { code, message } = error as GatewayError;
    expect(code).toBe('OMNI_CONFIG_INVALID');
    return message.split('\n');
  }
  return [];
}

describe('the options of createMasterServer', () => {
  it.each<[unknown, readonly unknown[]]>([
    [null, ['The options of a gateway must be an object']],
    [
      { upstreams: [] },
      [
        '"upstreams" is no option of a gateway; it belongs into the configuration: { configuration: { upstreams } }',
      ],
    ],
    [{ identiy: {} }, [expect.stringMatching(/^"identiy" is no option of a gateway; there are .*identity/)]],
    [
      { configuration: null, identity: null },
      ['configuration must be an object', 'identity must be an object'],
    ],
    [{ configuration: 'omni.yaml' }, ['configuration must be an object']],
    [{ configuration: [] }, ['The configuration must be an object']],
    [{ configure: {} }, ['configure must be a function']],
    [{ startGraceMs: '700' }, ['startGraceMs must be a number']],
    [{ startGraceMs: NaN }, ['startGraceMs must be 0 or more milliseconds']],
    [{ configuration: { upstreams: null } }, ['The definitions of servers are a list']],
  ])('are refused where they are %j', (options, problems) => {
    expect(problemsOf(options)).toEqual(problems);
  });

  it('may be absent or undefined', () => {
    expect(problemsOf(undefined)).toEqual([]);
    expect(problemsOf({ configuration: undefined, logger: undefined, startGraceMs: Infinity })).toEqual([]);
  });

  it('are refused with a configure that goes on later, whose failure reaches nobody', async () => {
    const configure = async (): Promise<void> => {
      await Promise.resolve();
      throw new RangeError('planted');
    };
    expect(problemsOf({ configure })).toEqual([
      'configure must not be asynchronous: it has returned a promise',
    ]);
    // A rejection that nobody handles would fail this test.
    await new Promise((resolve) => setImmediate(resolve));
  });
});
