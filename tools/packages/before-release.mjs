/** What Nx runs before it writes versions: a release needs the address of the repository, and a build. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Names that nobody can own (RFC 2606, section 2). */
const RESERVED = /\.(example|invalid|test|localhost)(?=[/:]|$)/;

/**
 * @param {{ repository?: { url?: string } }} manifest - Of the workspace.
 * @returns {string | undefined} why nothing can be published
 */
export function obstacle({ repository }) {
  const url = repository?.url ?? '';
  return url === '' || RESERVED.test(url)
    ? [
        `The repository of package.json is "${url}", an address that nobody has: npm could not prove where a package comes from.`,
        'Write the true one with: node tools/packages/complete.mjs https://HOST/OWNER/NAME',
      ].join('\n')
    : undefined;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const problem = obstacle(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));
  const isRehearsal = process.env['NX_DRY_RUN'] === 'true';
  if (problem !== undefined) console.error(problem);
  if (problem !== undefined && !isRehearsal) process.exitCode = 1;
  else
    execFileSync(process.execPath, [join(ROOT, 'node_modules/@typescript/native/bin/tsc'), '-b'], {
      cwd: ROOT,
      stdio: 'inherit',
    });
}
