/**
 * Writes docs/fidelity.md: what Omni and the pinned peers of the bench do with the corpus.
 * Usage: npm run fidelity
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { killAllProcesses } from '../bench/pinned-process.ts';
import { mcpHub } from '../bench/subjects/mcp-hub.ts';
import { mcpProxy } from '../bench/subjects/mcp-proxy.ts';
import { omni } from '../bench/subjects/omni.ts';
import { sdkGateway } from '../bench/subjects/sdk-gateway.ts';
import { SubjectUnavailable } from '../bench/subjects/subject.ts';
import { supergateway } from '../bench/subjects/supergateway.ts';
import { bundleServer } from '../workspace/bundle.mjs';
import { createCorpus } from './corpus.ts';
import { fidelityPage } from './fidelity-page.ts';
import { measurePeer, type PeerFidelity } from './measure-peer.ts';

const PAGE = fileURLToPath(new URL('../../docs/fidelity.md', import.meta.url));

async function main(folder: string): Promise<void> {
  await bundleServer();
  // Line breaks cannot be carried on stdio, and what is beyond the limits is refused on purpose.
  const corpus = createCorpus().filter(
    ({ category }) => category !== 'line breaks' && category !== 'beyond the limits',
  );
  const measured: PeerFidelity[] = [];
  const absent: string[] = [];
  for (const subject of [omni, sdkGateway, mcpProxy, supergateway, mcpHub]) {
    process.stderr.write(`fidelity: ${subject.name}\n`);
    try {
      measured.push(await measurePeer(subject, corpus, folder));
    } catch (error) {
      if (!(error instanceof SubjectUnavailable)) throw error;
      absent.push(subject.name);
    }
  }
  writeFileSync(
    PAGE,
    await format(fidelityPage(corpus, measured, absent), { parser: 'markdown', printWidth: 140 }),
  );
}

const folder = mkdtempSync(join(tmpdir(), 'omni-fidelity-'));
try {
  await main(folder);
} finally {
  killAllProcesses();
  rmSync(folder, { recursive: true, force: true });
}
