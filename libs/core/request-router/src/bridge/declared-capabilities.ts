import { memberOf, objectIn, stringMember } from '@omni/jsonrpc';
import type { ServerRequest } from './input-required.ts';

/**
 * Whether a client has declared that it answers such a serverRequest.
 *
 * An elicitation capability without members means forms; tools in a sampling request need `sampling.tools`.
 *
 * @param capabilities - JSON.
 * @see MCP 2026-07-28, client/elicitation and client/sampling, "Capabilities".
 */
export function canAnswer(capabilities: string, { method, params }: ServerRequest): boolean {
  const declared = objectIn(capabilities, { sampling: {}, elicitation: {} });
  const asked = objectIn(params);
  switch (method) {
    case 'roots/list':
      return memberOf(declared, 'roots') !== undefined;
    case 'sampling/createMessage': {
      const sampling = memberOf(declared, 'sampling');
      const needsTools =
        memberOf(asked, 'tools') !== undefined || memberOf(asked, 'toolChoice') !== undefined;
      return sampling !== undefined && (!needsTools || memberOf(sampling.object, 'tools') !== undefined);
    }
    case 'elicitation/create': {
      const elicitation = memberOf(declared, 'elicitation');
      if (elicitation === undefined) return false;
      const hasUrl = memberOf(elicitation.object, 'url') !== undefined;
      if (stringMember(params, asked, 'mode') === 'url') return hasUrl;
      return !hasUrl || memberOf(elicitation.object, 'form') !== undefined;
    }
    default:
      return false;
  }
}
