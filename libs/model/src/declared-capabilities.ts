import { memberOf, objectIn, stringMember } from '@omni/jsonrpc';

/** Something that a server wants from the client; `params` is JSON, empty when there are none. */
export interface AskedOfClient {
  readonly method: string;
  readonly params: string;
}

/**
 * Whether a client has declared that it answers such a request for input.
 *
 * @param capabilities - JSON.
 * @returns `false` for methods that ask for no input.
 */
export function canAnswer(capabilities: string, asked: AskedOfClient): boolean {
  return (
    !asked.method.startsWith('tasks/') &&
    neededCapability(asked) !== undefined &&
    missingCapability(capabilities, asked) === undefined
  );
}

/**
 * The capability that a client would have to declare, and has not, to be asked for this.
 *
 * An elicitation capability without members means forms; tools in a sampling request need `sampling.tools`.
 *
 * @param capabilities - JSON.
 * @returns Its path, e.g. `sampling.tools`; `undefined` when the client has declared it or none is needed.
 * @see MCP 2026-07-28 and 2025-11-25, client/elicitation and client/sampling, "Capabilities".
 */
export function missingCapability(capabilities: string, asked: AskedOfClient): string | undefined {
  const needed = neededCapability(asked);
  return needed === undefined || declares(capabilities, needed) ? undefined : needed;
}

function neededCapability({ method, params }: AskedOfClient): string | undefined {
  switch (method) {
    case 'roots/list':
      return 'roots';
    case 'sampling/createMessage': {
      const asked = objectIn(params);
      const needsTools =
        memberOf(asked, 'tools') !== undefined || memberOf(asked, 'toolChoice') !== undefined;
      return needsTools ? 'sampling.tools' : 'sampling';
    }
    case 'elicitation/create':
      return stringMember(params, objectIn(params), 'mode') === 'url' ? 'elicitation.url' : 'elicitation';
    case 'tasks/get':
    case 'tasks/result':
    case 'tasks/list':
    case 'tasks/cancel':
      return 'tasks';
    default:
      return undefined;
  }
}

function declares(capabilities: string, needed: string): boolean {
  const declared = objectIn(capabilities, { sampling: {}, elicitation: {} });
  if (needed === 'sampling.tools')
    return memberOf(memberOf(declared, 'sampling')?.object, 'tools') !== undefined;
  const elicitation = memberOf(declared, 'elicitation');
  const hasUrl = memberOf(elicitation?.object, 'url') !== undefined;
  if (needed === 'elicitation.url') return hasUrl;
  if (needed === 'elicitation')
    return elicitation !== undefined && (!hasUrl || memberOf(elicitation.object, 'form') !== undefined);
  return memberOf(declared, needed) !== undefined;
}
