import { GatewayError } from '@omni/ports';

/** Name and version of Omni itself. */
export const IDENTITY = { name: 'omni', version: '0.1.0' } as const;

/** A picture for people. @see MCP 2026-07-28, basic, "Icons". */
export interface Icon {
  /** `https:` or `data:`. */
  readonly src: string;
  readonly mimeType?: string;
  /** `48x48`, or `any`. */
  readonly sizes?: readonly string[];
  readonly theme?: 'light' | 'dark';
}

/**
 * What a gateway calls itself: in the answers to `initialize` and `server/discover` as it is, elsewhere and
 * to servers by name and version.
 *
 * @see MCP 2026-07-28, schema, "Implementation".
 */
export interface ServerIdentity {
  /** For programs. */
  readonly name: string;
  readonly version: string;
  /** For people. */
  readonly title?: string;
  readonly description?: string;
  readonly websiteUrl?: string;
  readonly icons?: readonly Icon[];
}

/** @throws {@link GatewayError} `OMNI_CONFIG_INVALID` without a name or a version. */
export function checkIdentity(identity: ServerIdentity): void {
  const { name, version }: Readonly<Record<'name' | 'version', unknown>> = identity;
  if (typeof name === 'string' && name !== '' && typeof version === 'string' && version !== '') return;
  throw new GatewayError('OMNI_CONFIG_INVALID', 'An identity needs a name and a version', {
    hint: 'Give for example { name: "acme-gateway", version: "1.2.0" }, or no identity for that of Omni.',
  });
}

/** What is repeated in many messages is short. */
export function shortIdentity({ name, version }: ServerIdentity): Pick<ServerIdentity, 'name' | 'version'> {
  return { name, version };
}
