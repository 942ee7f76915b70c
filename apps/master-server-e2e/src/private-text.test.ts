import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { endEverything } from './harness/end-everything.ts';
import { eventually } from './harness/eventually.ts';
import { postModern } from './harness/raw-mcp.ts';
import { startOmni, type Omni } from './harness/start-omni.ts';
import { scriptedEntry } from './harness/upstream-entries.ts';

const ADA = 'ada-Zr9tLw2kM3vXq7';
const BO = 'bo-w2kM3vXq7Zr9tL';
const OWNER = 'owner-q7Zr9tLw2kM3vX';
const PRIVATE = 'what ada told her doctor';

let omni: Omni;
let adaWasTold: string;
let boWasTold: string;

beforeAll(async () => {
  const tokens = [
    { name: 'ada', token: ADA },
    { name: 'bo', token: BO },
  ];
  // One process for all; it repeats on stderr what it is asked, as many do, and ends.
  omni = await startOmni({ auth: { token: OWNER, tokens }, mcpServers: { shared: scriptedEntry() } });
  await omni.ready();
  adaWasTold = await crash(ADA, PRIVATE);
  boWasTold = await crash(BO, 'x');
}, 40_000);

afterAll(endEverything);

async function crash(token: string, text: string): Promise<string> {
  const params = JSON.stringify({ name: 'shared__crash', arguments: { text } }).slice(1, -1);
  const headers = { authorization: `Bearer ${token}` };
  const answer = await postModern(
    omni.url,
    { id: '1', method: 'tools/call', name: 'shared__crash', params },
    { headers },
  );
  return answer.text;
}

async function health(token?: string): Promise<{ status: number; body: string }> {
  const headers = token === undefined ? undefined : { authorization: `Bearer ${token}` };
  const answer = await fetch(`${omni.origin}/health/ready`, headers && { headers });
  return { status: answer.status, body: await answer.text() };
}

describe('what a shared server writes on stderr during the call of one user', () => {
  it('is told to no caller: they learn how it ended, and the id of the report', () => {
    expect(adaWasTold).toMatch(/exited with code 3; the owner of Omni finds .* as report [0-9a-f]{8}/);
    expect(boWasTold).toMatch(/OMNI_UPSTREAM_(?:DOWN|STARTING|EXITED)/);
    expect(adaWasTold + boWasTold).not.toContain(PRIVATE);
  });

  it('is on the health page for the owner, under that id, and for nobody else', async () => {
    const id = /as report ([0-9a-f]{8})/.exec(adaWasTold)?.[1] ?? 'no id';
    const page = (await health(OWNER)).body;
    expect(page).toContain(id);
    expect(page).toContain(PRIVATE);
    for (const token of [ADA, BO, undefined]) expect((await health(token)).body).not.toContain(PRIVATE);
    expect((await health(ADA)).body).toContain('upstream:shared');
  });

  it('does not stand in the log', async () => {
    await eventually('the failure is logged', () =>
      omni.process.logs().some(({ code }) => code === 'OMNI_UPSTREAM_EXITED'),
    );
    expect(omni.process.stderr).toMatch(/as report [0-9a-f]{8}/);
    expect(omni.process.stderr + omni.process.stdout).not.toContain(PRIVATE);
  });
});

describe('the health page', () => {
  it('says 200 or 503 to everybody, and names the sick server to those who show who they are [S000-API-01]', async () => {
    const sick = await startOmni({
      auth: { token: OWNER },
      mcpServers: { gone: { command: 'no-such-command-anywhere' }, off: { command: 'x', disabled: true } },
    });
    const page = async (headers: Record<string, string>): Promise<{ status: number; body: string }> => {
      const answer = await fetch(`${sick.origin}/readyz`, { headers });
      return { status: answer.status, body: await answer.text() };
    };
    const stranger = await page({});
    expect(stranger).toEqual({ status: 503, body: '{"status":"fail"}' });
    const owner = await page({ authorization: `Bearer ${OWNER}` });
    expect(owner.status).toBe(503);
    expect(JSON.parse(owner.body)).toMatchObject({ checks: { 'upstream:gone': [{ status: 'fail' }] } });
    expect(owner.body).not.toContain('upstream:off');
    // One of its servers has ended, and comes back.
    const isWell = async (): Promise<boolean> => (await health()).body === '{"status":"pass"}';
    await eventually('all is well', isWell, 20_000);
    expect((await health()).status).toBe(200);
  });
});
