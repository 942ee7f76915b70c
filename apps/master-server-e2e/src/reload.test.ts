import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { ClientChannel } from '@omni/container';
import { ConfigurationFiles, type HttpGateway, startHttpGateway } from '@omni/container/node';
import { atEnd, endEverything } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import { startRawHttpUpstream } from './harness/raw-http-upstream.ts';
import { runOmniCommand } from './reload/omni-command.ts';
import { startOmni } from './harness/start-omni.ts';

afterAll(endEverything, 30_000);

const _meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};
const WRITER = fileURLToPath(new URL('reload/config-writer.mjs', import.meta.url));

/** Calls one after the other, until it is told to end. */
class BusyClient {
  readonly failures: string[] = [];
  calls = 0;
  readonly #channel: ClientChannel;
  readonly #waiting = new Map<number, (text: string) => void>();
  #isEnding = false;

  constructor({ server }: HttpGateway) {
    this.#channel = server.connect();
    this.#channel.onMessage((text) => {
      // The gateway sends JSON-RPC messages.
      const { id } = JSON.parse(text) as { readonly id?: number };
      if (id !== undefined) this.#waiting.get(id)?.(text);
    });
  }

  call(name: string): Promise<string> {
    const id = ++this.calls;
    const params = { _meta, name, arguments: {} };
    this.#channel.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params }));
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  async run(name: string): Promise<void> {
    while (!this.#isEnding) {
      const answer = await this.call(name);
      if (!answer.includes('"result"')) this.failures.push(answer);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  end(): void {
    this.#isEnding = true;
  }
}

async function gatewayOf(text: string): Promise<{ readonly gateway: HttpGateway; readonly file: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'omni-e2e-reload-'));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'omni.yaml');
  await writeFile(file, text);
  const environment = { OMNI_HOME: join(folder, 'state') };
  const files = new ConfigurationFiles(file, environment);
  const first = await files.read();
  const gateway = await startHttpGateway({
    configuration: await first.load(),
    environment,
    origin: { files, first },
    listen: '127.0.0.1:0',
    logLevel: 'silent',
  });
  atEnd(() => gateway.stop({ deadlineMs: 0 }));
  await gateway.server.whenSettled({ deadlineMs: 10_000 });
  return { gateway, file };
}

describe('a configuration that is written again and again', () => {
  it('drops no request, and comes into force as somebody has written it', async () => {
    const { url } = await startRawHttpUpstream('modern');
    const count = 1_000;
    const entry = `{ type: http, url: "${url}" }`;
    const { gateway, file } = await gatewayOf(
      `auth: { mode: open }\nreload: { debounce: 150ms }\nmcpServers: { a: ${entry}, b: ${entry}, c: ${entry}, turns: ${entry} }\n`,
    );
    const inForce: string[] = [];
    const { server } = gateway;
    server.events.listen(({ type }) => {
      if (type !== 'config.reloaded') return;
      const { upstreams } = server.configuration.effective();
      const names = upstreams.map(({ name }) => name).join();
      const number = /^a,b,c,turns,n,v(\d+)$/.exec(names)?.[1];
      const isWhole = ['turns', 'n'].every((name) => {
        const spec = upstreams.find((one) => one.name === name);
        return spec?.transport.kind === 'http' && spec.transport.headers['X-Number'] === number;
      });
      inForce.push(isWhole ? 'whole' : names);
    });
    const names = ['a', 'b', 'c', 'turns'];
    const clients = names.map(() => new BusyClient(gateway));
    const running = clients.map((client, index) => client.run(`${names[index]}__echo`));
    const writer = spawn(process.execPath, [WRITER, file, String(count), url], { stdio: 'inherit' });
    atEnd(() => void writer.kill('SIGKILL'));
    const [code] = (await once(writer, 'exit')) as [number | null];
    expect(code).toBe(0);
    await eventually('the last one is in force', () =>
      server.configuration.effective().upstreams.some(({ name }) => name === `v${count}`),
    );
    for (const client of clients) client.end();
    await Promise.all(running);
    expect(clients.flatMap(({ failures }) => failures)).toEqual([]);
    expect(clients.every(({ calls }) => calls > 100)).toBe(true);
    expect(inForce.filter((what) => what !== 'whole')).toEqual([]);
    expect(inForce.length).toBeGreaterThan(10);
  }, 180_000);
});

describe('a configuration of 200 servers of which one entry changes', () => {
  it('leaves the others alone, and is in force soon', async () => {
    const { url, bodies } = await startRawHttpUpstream('modern');
    const debounceMs = 100;
    const textWith = (number: number): string =>
      [
        `auth: { mode: open }\nreload: { debounce: ${debounceMs}ms }\nmcpServers:\n`,
        ...Array.from({ length: 200 }, (_, index) => {
          const header = index === 7 ? `, headers: { X-Number: "${number}" }` : '';
          return `  s${index}: { type: http, url: "${url}"${header} }\n`;
        }),
      ].join('');
    const { gateway, file } = await gatewayOf(textWith(0));
    const { server } = gateway;
    await eventually('all are up', () => server.upstreams().every(({ state }) => state === 'ready'), 30_000);
    const greeted = (): number => bodies.filter((body) => body.includes('server/discover')).length;
    const [before, figures] = [greeted(), [] as number[]];
    for (let number = 1; number <= 5; number++) {
      const told = new Promise<unknown>((resolve) => {
        const end = server.events.listen(({ type, data }) => {
          if (type !== 'config.reloaded') return;
          end();
          resolve(data);
        });
      });
      await writeFile(`${file}.aside`, textWith(number));
      await rename(`${file}.aside`, file);
      const writtenAt = performance.now();
      expect(await told).toMatchObject({ added: [], removed: [], replaced: ['s7'], changed: [] });
      figures.push(performance.now() - writtenAt - debounceMs);
      await eventually('it is up again', () => greeted() === before + number);
    }
    process.stderr.write(
      `200 servers, one changed: in force after the debounce in ${figures.map((ms) => ms.toFixed(0)).join(', ')} ms\n`,
    );
    // Only the one has been greeted.
    expect(greeted()).toBe(before + 5);
  }, 120_000);
});

describe('the commands of omni config', () => {
  it('apply what was held back, list what was in force, and bring it back', async () => {
    const { url } = await startRawHttpUpstream('modern');
    const names = ['a', 'b', 'c', 'd', 'e'];
    const textWith = (some: readonly string[]): string =>
      `auth: { mode: open }\nreload: { debounce: 50ms }\nmcpServers:\n${some.map((name) => `  ${name}: { type: http, url: "${url}" }\n`).join('')}`;
    const omni = await startOmni(textWith(names), { fileName: 'omni.yaml' });
    const run = (...args: string[]) => runOmniCommand(['config', ...args], omni.environment);
    await writeFile(omni.configFile, textWith(['a']));
    await eventually('it is held back', () => omni.process.stderr.includes('OMNI_CONFIG_HELD'));
    expect(await run('history')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('OMNI_CONFIG_HELD'),
    });
    const applied = await run('apply');
    expect(applied).toMatchObject({ code: 0, stdout: 'Revision 2 is in force: removed b, c, d, e\n' });
    const history = await run('history', '-o', 'json');
    expect(JSON.parse(history.stdout)).toMatchObject({
      path: omni.configFile,
      revisions: [
        { number: 2, cause: 'apply', changes: { removed: ['b', 'c', 'd', 'e'] } },
        { number: 1, cause: 'start', author: 'file' },
      ],
    });
    const back = await run('rollback', '1', '-o', 'json');
    expect(JSON.parse(back.stdout)).toMatchObject({ revision: 3, changes: { added: ['b', 'c', 'd', 'e'] } });
    expect(await readFile(omni.configFile, 'utf8')).toBe(textWith(names));
    expect(await run('rollback', '99')).toMatchObject({ code: 15 });
    omni.process.signal('SIGHUP');
    await eventually('it was read again', () => omni.process.stderr.includes('is as it was'));
    await omni.process.stop();
    expect(await run('apply')).toMatchObject({ code: expect.any(Number), stdout: '' });
  }, 60_000);
});
