import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import type { ClientChannel } from '@omni/container';

/** The client's end of a gateway in this process as a transport of the SDK. */
export function transportOf(channel: ClientChannel): InMemoryTransport {
  const [near, far] = InMemoryTransport.createLinkedPair();
  // The gateway sends JSON-RPC messages.
  channel.onMessage((text) => void far.send(JSON.parse(text) as Parameters<typeof far.send>[0]));
  far.onmessage = (message) => channel.send(JSON.stringify(message));
  far.onclose = () => void channel.close();
  return near;
}
