/**
 * An empty registry on loopback: `node registry.mjs FOLDER` tells its port over IPC and ends with its parent.
 * It knows the packages of this workspace only; everything else comes from where it always comes from.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** It is installed on demand, so nothing finds it here before. */
const VERDACCIO = fileURLToPath(new URL('pins/node_modules/verdaccio', import.meta.url));
/** @type {{ runServer: (config: object) => Promise<import('node:http').Server> }} */
const { runServer } = createRequire(import.meta.url)(VERDACCIO);

const folder = process.argv[2] ?? '.';
const server = await runServer({
  self_path: join(folder, 'config.yaml'),
  configPath: join(folder, 'config.yaml'),
  storage: join(folder, 'storage'),
  auth: { htpasswd: { file: join(folder, 'htpasswd') } },
  uplinks: {},
  packages: { '@omni/*': { access: '$all', publish: '$all', unpublish: '$all' } },
  web: { enable: false },
  log: { type: 'stdout', format: 'json', level: 'error' },
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object') process.send?.(address?.port);
});
process.on('disconnect', () => process.exit(0));
