import type { ConnectionFacts } from '@omni/model';

/** `network.transport` of a connection; empty where there is no network. */
export function networkTransport(transport: ConnectionFacts['transport']): string {
  switch (transport) {
    case 'stdio':
      return 'pipe';
    case 'channel':
      return '';
    default:
      return 'tcp';
  }
}
