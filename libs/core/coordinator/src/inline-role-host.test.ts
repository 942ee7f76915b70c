import { describe, expect, it } from '@jest/globals';
import { roleContractProgram, roleHostContract } from '@omni/testing/contracts';
import { InlineRoleHost } from './inline-role-host.ts';

describe('InlineRoleHost', () => {
  roleHostContract(it, () => new InlineRoleHost(roleContractProgram));

  it('delivers before a post returns', () => {
    const said: unknown[] = [];
    const host = new InlineRoleHost(roleContractProgram);
    const role = host.start({}, { onMessage: (message) => said.push(message), onExit: () => {} });
    role.post({ do: 'echo', what: 1 });
    expect(said).toEqual([1]);
  });

  it('tells of a program that fails at once', () => {
    const exits: string[] = [];
    const host = new InlineRoleHost(() => {
      throw new TypeError('no start');
    });
    host.start({}, { onMessage: () => {}, onExit: (reason) => exits.push(reason) });
    expect(exits).toEqual(['no start']);
  });
});
