import { GatewayError } from '@omni/ports';

/** There may be many. */
const MAX_NAMED = 20;

/** The failure of somebody who may know them all to name one of the servers. */
export function unknownServer(name: string, names: readonly string[]): GatewayError {
  const shown = names.slice(0, MAX_NAMED).join(', ');
  const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : '';
  const hint = names.length === 0 ? 'No server is configured.' : `There are ${shown}${more}.`;
  return new GatewayError('OMNI_SERVER_UNKNOWN', `There is no server ${JSON.stringify(name)}`, { hint });
}
