import { type Scope, Token } from '@omni/container';
import { coordinatorProgram, InlineRoleHost, Supervision } from '@omni/coordinator';
import { rowOf } from '../definitions.ts';
import type { VirtualDisk } from './virtual-disk.ts';

/**
 * Lets a gateway keep on a disk what outlives it.
 *
 * @param onAdopted - Told each server, and its definition.
 */
export function rememberOn(
  scope: Scope,
  disk: VirtualDisk,
  run: string,
  onAdopted: (upstream: string, definition: string) => void = () => {},
): void {
  scope.replace(Token.Supervision, {
    needs: { clock: Token.Clock, random: Token.Random, logger: Token.Logger },
    useFactory: ({ clock, random, logger }) =>
      new Supervision({
        host: new InlineRoleHost(coordinatorProgram({ clock, random, openStore: disk.open })),
        clock,
        random,
        logger,
        observer: {},
        run,
        store: {},
      }),
  });
  scope.replace(Token.LifecycleOwner, {
    needs: { owner: Token.Supervision },
    useFactory: ({ owner }) => ({
      adopt: (upstream, executor) => {
        onAdopted(upstream.name, upstream.definition);
        owner.define([rowOf(upstream.name, upstream.definition)], []);
        return owner.adopt(upstream, executor);
      },
    }),
  });
}
