import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import * as model from '@omni/model';
import { promise, type FuzzTarget } from '../fuzz-target.ts';
import { isRecord, textOf } from './input-text.ts';

type Codec = Pick<typeof model, 'decodeHeaderValue' | 'encodeHeaderValue'>;

const FIELD_VALUE = /^[\t\x20-\x7e]*$/;
const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};
const HEADER_MISMATCH = -32020;
/** The SDK drops one at the beginning of what it decodes, so that such a name fits no header there. */
const BYTE_ORDER_MARK = '\uFEFF';
/**
 * Prefix and suffix share a character: for the specification no Base64, for the SDK the Base64 of nothing.
 * Neither sends it.
 */
const OVERLAPPING = '=?base64?=';

/** Names in headers: what is encoded is decoded, by the SDK too, and any header says the same to both. */
export function headerValue(codec: Codec = model): FuzzTarget {
  const sdk = createMcpHandler(
    () => new McpServer({ name: 'fuzz', version: '1' }, { capabilities: { tools: {} } }),
  );

  /** Whether the SDK's server finds that `Mcp-Name` and the body name the same. */
  async function sdkReads(header: string, name: string): Promise<boolean> {
    const response = await sdk.fetch(
      new Request('http://localhost/mcp', {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': '2026-07-28',
          'mcp-method': 'tools/call',
          'mcp-name': header,
        },
        body: JSON.stringify({
          jsonrpc: '2.0',
          id: 1,
          method: 'tools/call',
          params: { name, arguments: {}, _meta: META },
        }),
      }),
    );
    const answer: unknown = await response.json();
    return !(isRecord(answer) && isRecord(answer['error']) && answer['error']['code'] === HEADER_MISMATCH);
  }

  return {
    name: 'header-value',
    promise:
      'any text survives encoding and decoding, here and in the SDK, and is a header without edges; any header names the same for both',
    covers: /model\/src\/vocabulary\/header-value\.ts$/,
    seeds: [
      'plain',
      '=?base64?5pel5pys?=',
      '日本',
      '',
      ' edge ',
      '=?base64??=',
      '=?base64?YQ==?=',
      '=?base64?77u/YQ==?=',
    ],
    dictionary: [
      '=?base64?',
      '?=',
      '=',
      '==',
      '/',
      '+',
      'YQ==',
      '77u/',
      'gA==',
      '7aCA',
      '\t',
      ' ',
      '\r\n',
      '=?Base64?',
      '=?base64?YR==?=',
    ],
    isJson: false,
    maxBytes: 300,
    async check(input) {
      const text = textOf(input);
      const encoded = codec.encodeHeaderValue(text);
      promise(
        FIELD_VALUE.test(encoded) && encoded.trim() === encoded && encoded !== '',
        'an encoded value is a header that arrives as it was sent',
        () => encoded,
      );
      promise(codec.decodeHeaderValue(encoded) === text, 'what is encoded is decoded again', () => encoded);
      if (!text.startsWith(BYTE_ORDER_MARK))
        promise(await sdkReads(encoded, text), 'the SDK reads what is encoded here', () => encoded);

      // As a server gets it: without white space at its edges.
      const header = text.replaceAll(/^[\t ]+|[\t ]+$/g, '');
      if (header === encoded) return 'encoded as it is';
      const decoded = codec.decodeHeaderValue(header);
      if (!FIELD_VALUE.test(header)) {
        promise(decoded === undefined, 'a header is visible ASCII', () => header);
        return 'not visible ASCII';
      }
      if (decoded === undefined) {
        promise(header.startsWith('=?base64?'), 'plain text is a value', () => header);
        promise(
          !(await sdkReads(header, header)),
          'what cannot be decoded names nothing for the SDK either',
          () => header,
        );
        return 'bad Base64';
      }
      promise(
        decoded.startsWith(BYTE_ORDER_MARK) || header === OVERLAPPING || (await sdkReads(header, decoded)),
        'a header names the same for the SDK',
        () => `${header}\n${decoded}`,
      );
      return decoded === header ? 'plain' : 'encoded otherwise';
    },
    close: () => sdk.close(),
  };
}
