import { fileURLToPath } from 'node:url';

/** One entry of `mcpServers`. */
export type UpstreamEntry = Readonly<Record<string, unknown>>;

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const FIXTURE = here('../../../../tools/conformance/fixture/main.ts');

/** The server of the conformance suite over stdio: both eras. */
export function fixtureEntry(): UpstreamEntry {
  return {
    command: process.execPath,
    args: ['--conditions=@omni/source', FIXTURE, '--stdio'],
    roots: 'pass',
  };
}

/** Arguments for Node that start the fixture over HTTP. */
export const FIXTURE_HTTP: readonly string[] = ['--conditions=@omni/source', FIXTURE, '--http'];

/** A server that does what its arguments say; see `scripted-upstream.mjs`. */
export function scriptedEntry(args: readonly string[] = [], more: UpstreamEntry = {}): UpstreamEntry {
  return { command: process.execPath, args: [here('scripted-upstream.mjs'), ...args], ...more };
}

/** Path of the scripted server, for wrappers. */
export const SCRIPTED_UPSTREAM: string = here('scripted-upstream.mjs');

/** A server on the TypeScript SDK 1.x over stdio. */
export function sdk1Entry(): UpstreamEntry {
  return { command: process.execPath, args: [here('sdk1-main.ts'), '--stdio'], roots: 'pass' };
}

/** Arguments for Node that start it over HTTP with sessions. */
export const SDK1_HTTP: readonly string[] = [here('sdk1-main.ts'), '--http'];
