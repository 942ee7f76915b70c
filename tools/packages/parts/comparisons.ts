/** Hand-written parts beside libraries that do the same. */
import { fileURLToPath } from 'node:url';

export interface Comparison {
  readonly part: string;
  readonly task: string;
  /** What both are given. */
  readonly input: unknown;
  /** A module that exports `prepare(input)`, which gives the function that is timed. */
  readonly ours: string;
  readonly library: string;
  readonly theirs: string;
}

const LIBS = fileURLToPath(new URL('../../../libs', import.meta.url));

/** A tool's result of 11 KB, with integers that JavaScript's numbers do not hold. */
const CONTENT = Array.from(
  { length: 64 },
  (_, index) =>
    `{"type":"text","text":"line ${index} ${'of a file '.repeat(11)}","size":90071992547409${100 + index}}`,
);
const ANSWER = `{"jsonrpc":"2.0","id":7,"result":{"content":[${CONTENT.join(',')}],"isError":false}}`;
const EVENTS = new TextEncoder().encode(
  Array.from(
    { length: 200 },
    (_, index) => `event: message\nid: ${index}\ndata: {"n":${index},"t":"${'x'.repeat(200)}"}\n\n`,
  ).join(''),
);
const NAMES = Array.from({ length: 500 }, (_, index) => `server${index % 7}__tool_number_${index}`);
const SPLICED = `import { parseMessage, withId } from '${LIBS}/jsonrpc/src/index.ts';
  const limits = { maxDepth: 64, maxElements: 100000 };
  export const prepare = (text) => () => withId(parseMessage(text, limits), '8');`;

export const COMPARISONS: readonly Comparison[] = [
  {
    part: 'JSON scanner and splicer',
    task: 'check an answer of 11 KB and give it another id',
    input: ANSWER,
    ours: SPLICED,
    library: 'jsonc-parser',
    theirs: `import { applyEdits, modify } from 'jsonc-parser';
      export const prepare = (text) => () => applyEdits(text, modify(text, ['id'], 8, {}));`,
  },
  {
    part: 'JSON scanner and splicer',
    task: 'the same; it changes the integers',
    input: ANSWER,
    ours: SPLICED,
    library: 'JSON.parse, JSON.stringify',
    theirs: `export const prepare = (text) => () => JSON.stringify({ ...JSON.parse(text), id: 8 });`,
  },
  {
    part: 'SSE parser',
    task: 'read 200 events of 0.2 KB that come in pieces of 4 KB',
    input: EVENTS,
    ours: `import { SseParser } from '${LIBS}/core/upstreams/src/http/sse-parser.ts';
      export const prepare = (bytes) => () => {
        let events = 0;
        const parser = new SseParser({ onEvent: () => (events += 1) }, 1 << 20);
        for (let at = 0; at < bytes.length; at += 4096) parser.push(bytes.subarray(at, at + 4096));
        return events;
      };`,
    library: 'eventsource-parser',
    theirs: `import { createParser } from 'eventsource-parser';
      export const prepare = (bytes) => () => {
        let events = 0;
        const parser = createParser({ onEvent: () => (events += 1) });
        const decoder = new TextDecoder();
        for (let at = 0; at < bytes.length; at += 4096)
          parser.feed(decoder.decode(bytes.subarray(at, at + 4096), { stream: true }));
        return events;
      };`,
  },
  {
    part: 'Cookie jar of one origin',
    task: 'take a cookie and give it back',
    input: ['route=a1b2c3; Path=/; HttpOnly', 'https://mcp.example.com/mcp'],
    ours: `import { CookieJar } from '${LIBS}/core/upstreams/src/cookies/cookie-jar.ts';
      export const prepare = ([cookie, url]) => () => {
        const jar = new CookieJar({ now: () => Date.now() });
        jar.take(url, ['Set-Cookie', cookie]);
        return jar.headerFor(url);
      };`,
    library: 'tough-cookie',
    theirs: `import { CookieJar } from 'tough-cookie';
      export const prepare = ([cookie, url]) => () => {
        const jar = new CookieJar();
        jar.setCookieSync(cookie, url);
        return jar.getCookieStringSync(url);
      };`,
  },
  {
    part: 'Proxy rules',
    task: 'find the proxy of an address',
    input: new URL('https://mcp.example.com/mcp'),
    ours: `import { proxyRules } from '${LIBS}/adapters/node/src/http/client/proxy-rules.ts';
      const rules = proxyRules({ http: undefined, https: 'http://proxy:3128', noProxy: 'a.b,10.0.0.0/8' });
      export const prepare = (url) => () => rules(url);`,
    library: 'proxy-from-env',
    theirs: `import { getProxyForUrl } from 'proxy-from-env';
      Object.assign(process.env, { HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: 'a.b,10.0.0.0/8' });
      export const prepare = (url) => () => getProxyForUrl(url.href);`,
  },
  {
    part: 'URI templates (matching)',
    task: 'match a URI of 40 characters',
    input: ['file:///{owner}/{repo}/contents{/path}', 'file:///ada/engine/contents/src'],
    ours: `import { UriTemplate } from '${LIBS}/core/capability-aggregator/src/names/uri-template.ts';
      export const prepare = ([template, uri]) => {
        const compiled = UriTemplate.compile(template);
        return () => compiled.matches(uri, { left: 100000 });
      };`,
    library: 'uri-templates',
    theirs: `import templates from 'uri-templates';
      export const prepare = ([template, uri]) => {
        const compiled = templates(template);
        return () => compiled.fromUri(uri) !== undefined;
      };`,
  },
  {
    part: 'Nearest name',
    task: 'find what was meant among 500 names',
    input: ['server3__tol_number_31', NAMES],
    ours: `import { nearestName } from '${LIBS}/core/capability-aggregator/src/names/nearest-name.ts';
      export const prepare = ([name, names]) => () => nearestName(name, names);`,
    library: 'fastest-levenshtein',
    theirs: `import { closest } from 'fastest-levenshtein';
      export const prepare = ([name, names]) => () => closest(name, names);`,
  },
  {
    part: 'SHA-256 at once in any runtime',
    task: 'hash 0.5 KB',
    input: 'x'.repeat(500),
    ours: `import { sha256 } from '${LIBS}/core/upstreams/src/registry/sha-256.ts';
      export const prepare = (text) => () => sha256(text);`,
    library: '@noble/hashes',
    theirs: `import { sha256 } from '@noble/hashes/sha2.js';
      import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
      export const prepare = (text) => () => bytesToHex(sha256(utf8ToBytes(text)));`,
  },
  {
    part: 'Trace context',
    task: 'read a traceparent',
    input: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    ours: `import { traceIdOf } from '${LIBS}/model/src/vocabulary/trace-context.ts';
      export const prepare = (header) => () => traceIdOf(header);`,
    library: '@opentelemetry/core',
    theirs: `import { parseTraceParent } from '@opentelemetry/core';
      export const prepare = (header) => () => parseTraceParent(header)?.traceId;`,
  },
  {
    part: 'Sealed states',
    task: 'seal and open 0.2 KB',
    input: 'x'.repeat(200),
    ours: `import { StateSeal } from '${LIBS}/core/request-router/src/seal/state-seal.ts';
      export const prepare = async (text) => {
        const seal = new StateSeal([{ bytes: new Uint8Array(32) }]);
        return async () => seal.open(await seal.seal(text));
      };`,
    library: 'jose',
    theirs: `import { CompactEncrypt, compactDecrypt } from 'jose';
      const key = new Uint8Array(32);
      const header = { alg: 'dir', enc: 'A256GCM' };
      export const prepare = (text) => async () => {
        const bytes = new TextEncoder().encode(text);
        const sealed = await new CompactEncrypt(bytes).setProtectedHeader(header).encrypt(key);
        return new TextDecoder().decode((await compactDecrypt(sealed, key)).plaintext);
      };`,
  },
];
