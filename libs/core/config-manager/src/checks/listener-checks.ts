import type { ProblemList } from './config-problem.ts';
import type { GatewaySettings } from '../schema/configuration-schema.ts';
import { isLoopback } from '../schema/listen-address.ts';
import { locate, type LocatedValue } from '../document/located-value.ts';

/** Refuses listeners that would let in more than their owner can want. */
export function checkListeners(
  { auth, server }: GatewaySettings,
  root: LocatedValue,
  problems: Pick<ProblemList, 'add'>,
): void {
  // guard: config/open-outside
  if (auth.mode === 'open' && !isLoopback(server.listen.host)) {
    problems.add(
      locate(root, ['auth', 'mode']).value.at,
      'auth.mode',
      'auth.mode "open" lets in everybody who can reach server.listen; listen on 127.0.0.1, or write "token"',
    );
  }
  if (server.tcp === undefined) return;
  const { at } = locate(root, ['server', 'tcp']).value;
  // guard: config/tcp-outside
  if (!isLoopback(server.tcp.host)) {
    problems.add(
      at,
      'server.tcp',
      'server.tcp has no authentication and is served on this machine only; write "127.0.0.1:PORT"',
    );
  } else if (/* guard: config/tcp-beside-token */ auth.mode !== 'open') {
    problems.add(
      at,
      'server.tcp',
      'server.tcp cannot ask for a token, so it would let in whom auth.mode "token" keeps out; write server.unixSocket: true, or auth.mode "open"',
    );
  }
}
