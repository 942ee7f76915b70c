import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type BrowserContext, chromium, type Page as Tab } from 'playwright-core';
import { atEnd } from '../harness/end-everything.ts';
import { BROWSER_PLACES } from './installed-browser.ts';
import type { Page } from './page.ts';

/** Path of the browser, which `OMNI_E2E_CHROMIUM` may name; `undefined` where there is none. */
export const CHROMIUM: string | undefined = [process.env['OMNI_E2E_CHROMIUM'] ?? '', ...BROWSER_PLACES].find(
  (place) => existsSync(place),
);

/** Nothing of it is to call home, or to wait for hardware that there is not. */
const FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  // A name that is no loopback name, of a site that is on this machine all the same.
  '--host-resolver-rules=MAP app.example 127.0.0.1',
];

/** A site whose only page holds the clients of `page.ts`. */
export interface Site {
  readonly port: number;
  /** The page, under a name of the site. */
  open(host?: string): Promise<OpenPage>;
}

export interface OpenPage {
  readonly tab: Tab;
  readonly origin: string;
  run<Name extends keyof Page>(
    name: Name,
    ...args: Parameters<Page[Name]>
  ): Promise<Awaited<ReturnType<Page[Name]>>>;
}

/** Starts the browser; it ends with the test file. */
export async function startBrowser(): Promise<BrowserContext> {
  const profile = await mkdtemp(join(tmpdir(), 'omni-chromium-'));
  atEnd(() => rm(profile, { recursive: true, force: true, maxRetries: 5 }));
  const context = await chromium.launchPersistentContext(profile, {
    ...(CHROMIUM === undefined ? {} : { executablePath: CHROMIUM }),
    headless: true,
    // Its sandbox cannot be had as root.
    chromiumSandbox: process.getuid?.() !== 0,
    args: FLAGS,
  });
  atEnd(() => context.close());
  return context;
}

/** Starts a site on a free port. */
export async function startSite(browser: BrowserContext): Promise<Site> {
  const script = await bundledPage();
  const server = createServer((request, response) => {
    const isScript = request.url === '/page.js';
    response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' });
    response.end(isScript ? script : '<!doctype html><script src="/page.js"></script>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const open = async (host = 'localhost'): Promise<OpenPage> => {
    const origin = `http://${host}:${port}`;
    const tab = await browser.newPage();
    await tab.goto(origin);
    return {
      tab,
      origin,
      run: async (name, ...args) =>
        (await tab.evaluate(
          // Runs in the page.
          ([what, given]) =>
            (globalThis as unknown as { page: Record<string, (...values: unknown[]) => unknown> }).page[
              what
            ]?.(...given),
          [name, args] as [string, unknown[]],
        )) as never,
    };
  };
  return { port, open };
}

async function bundledPage(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('page.ts', import.meta.url))],
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    logLevel: 'warning',
  });
  return outputFiles[0]?.text ?? '';
}
