import { GatewayError } from '@omni/ports';
import { describe, expect, it } from '@jest/globals';
import { StateSeal, type SealKey } from '../seal/state-seal.ts';
import { FakeSession } from '../router.fixture.ts';
import { TaskIds, type TaskClient, type UpstreamTask } from './task-ids.ts';

const TASK: UpstreamTask = { upstream: 'files', id: 't-1' };
const KEY: SealKey = { id: 'k1', bytes: new Uint8Array(32).fill(7) };

/** @param definitions - Which server each name stands for. */
function idsWith(seal: StateSeal, definitions = new Map([['files', 'first']])): TaskIds {
  return new TaskIds(seal, (name) => definitions.get(name));
}

function clientOf(principal: string, session?: FakeSession): TaskClient {
  return { principal: { id: principal, kind: 'token' }, session };
}

function issue(ids: TaskIds, principal = 'ada', task = TASK): Promise<string> {
  return new Promise((resolve, reject) => {
    ids.issue(task, clientOf(principal), (sealed) =>
      sealed instanceof GatewayError ? reject(sealed) : resolve(sealed),
    );
  });
}

function open(ids: TaskIds, sealed: string, principal = 'ada'): Promise<UpstreamTask | undefined> {
  return new Promise((resolve) => ids.open(sealed, clientOf(principal), resolve));
}

describe('TaskIds', () => {
  it('leads its owner back to a task by an id that says nothing and fits into an address and a header', async () => {
    const ids = idsWith(new StateSeal());
    const task = { upstream: 'files', id: 'a/b ?#\u{1f600}\ud800' };
    const sealed = await issue(ids, 'ada', task);
    expect(sealed).toMatch(/^[A-Za-z0-9._-]+$/);
    expect(await open(ids, sealed)).toEqual(task);
  });

  // guard: task/list-filter
  it('gives a task one id as long as it is remembered', async () => {
    const ids = idsWith(new StateSeal());
    const sealed = await issue(ids);
    expect(await issue(ids)).toBe(sealed);
    expect(ids.sealedOf(TASK, 'ada')).toBe(sealed);
    expect(ids.sealedOf(TASK, 'bob')).toBeUndefined();
  });

  it('tells the session of a task that was started last, where a server gives the id of an earlier one again', async () => {
    const ids = idsWith(new StateSeal());
    const [first, second] = [new FakeSession(), new FakeSession()];
    const start = (session: FakeSession | undefined): Promise<string | GatewayError> =>
      new Promise((resolve) => ids.issue(TASK, clientOf('ada', session), resolve));
    const sealed = await start(first);
    expect(await start(second)).toEqual(sealed);
    expect(ids.sessionOf(TASK)).toBe(second);
    expect(await start(undefined)).toEqual(sealed);
    expect(ids.sessionOf(TASK)).toBe(second);
  });

  it('opens nothing for another principal, not even for one that has a task of the same id elsewhere', async () => {
    const ids = idsWith(new StateSeal());
    const sealed = await issue(ids);
    await issue(ids, 'bob', { upstream: 'mail', id: 't-1' });
    expect(await open(ids, sealed, 'bob')).toBeUndefined();
  });

  // guard: task/owner
  it('opens nothing for another principal where the task was never seen', async () => {
    const sealed = await issue(idsWith(new StateSeal([KEY])));
    expect(await open(idsWith(new StateSeal([KEY])), sealed, 'bob')).toBeUndefined();
  });

  // guard: task/per-server
  it('tells tasks of two servers with one id apart', async () => {
    const ids = idsWith(new StateSeal());
    const sealed = await issue(ids);
    await issue(ids, 'bob', { upstream: 'mail', id: 't-1' });
    expect(await open(ids, sealed)).toEqual(TASK);
    expect(ids.sealedOf({ upstream: 'mail', id: 't-1' }, 'ada')).toBeUndefined();
  });

  it.each([
    ['the id of the upstream', () => 't-1'],
    ['nothing', () => ''],
    ['a changed id', (sealed: string) => sealed.slice(0, -1) + (sealed.endsWith('A') ? 'B' : 'A')],
    ['an id with something behind it', (sealed: string) => `${sealed}A`],
  ])('opens nothing by %s', async (_what, change) => {
    const ids = idsWith(new StateSeal());
    expect(await open(ids, change(await issue(ids)))).toBeUndefined();
  });

  it('opens nothing by a state that the same key has sealed for something else', async () => {
    const seal = new StateSeal();
    const ids = idsWith(seal);
    for (const payload of [
      '{"principal":"ada","ticket":"t-1"}',
      '{"task":1,"upstream":"files","principal":"ada"}',
      '["ada"]',
      'null',
    ])
      expect(await open(ids, await seal.seal(payload))).toBeUndefined();
  });

  it('knows a task again that another process has sealed with the same key, and its id', async () => {
    const sealed = await issue(idsWith(new StateSeal([KEY])));
    const ids = idsWith(new StateSeal([KEY]));
    expect(ids.sealedOf(TASK, 'ada')).toBeUndefined();
    expect(await open(ids, sealed)).toEqual(TASK);
    expect(ids.sealedOf(TASK, 'ada')).toBe(sealed);
  });

  it('gives an id that a server has given twice to whoever has started the later task', async () => {
    const ids = idsWith(new StateSeal());
    const earlier = await issue(ids, 'ada');
    const later = await issue(ids, 'bob');
    expect(await open(ids, earlier, 'ada')).toBeUndefined();
    expect(await open(ids, later, 'bob')).toEqual(TASK);
    expect(ids.sealedOf(TASK, 'ada')).toBeUndefined();
  });

  // guard: task/count
  it('remembers ten thousand, those that were asked for last', async () => {
    const ids = idsWith(new StateSeal());
    const first = await issue(ids, 'ada', { upstream: 'files', id: '0' });
    for (let index = 1; index < 10_000; index++)
      await issue(ids, 'ada', { upstream: 'files', id: String(index) });
    await open(ids, first);
    await issue(ids, 'ada', { upstream: 'files', id: 'last' });
    expect(
      ['0', '1', '2', 'last'].map((id) => ids.sealedOf({ upstream: 'files', id }, 'ada') !== undefined),
    ).toEqual([true, false, true, true]);
  });

  // guard: task/fair
  it('forgets tasks of whoever has most, and not the oldest of others', async () => {
    const ids = idsWith(new StateSeal());
    await issue(ids, 'bob', { upstream: 'files', id: 'of bob' });
    for (let index = 0; index < 10_001; index++)
      await issue(ids, 'ada', { upstream: 'files', id: String(index) });
    expect(ids.sealedOf({ upstream: 'files', id: 'of bob' }, 'bob')).toBeDefined();
    expect(ids.upstreamsOf('bob')).toEqual(new Set(['files']));
    expect(ids.sealedOf({ upstream: 'files', id: '1' }, 'ada')).toBeUndefined();
  });

  it('tells those who wait for an id after whoever has started the task', async () => {
    const ids = idsWith(new StateSeal());
    const told: string[] = [];
    const started = new Promise<string>((resolve) => {
      ids.issue(TASK, clientOf('ada'), (sealed) => {
        told.push('started');
        resolve(String(sealed));
      });
    });
    for (let index = 0; index < 101; index++) ids.whenKnown(TASK, 'ada', (sealed) => told.push(sealed));
    expect(ids.whenKnown(TASK, 'bob', () => told.push('bob'))).toBe(false);
    const sealed = await started;
    // At most a hundred wait.
    expect(told).toEqual(['started', ...Array.from({ length: 100 }, () => sealed)]);
  });

  it('remembers the session that has started a task or asked for it last', async () => {
    const ids = idsWith(new StateSeal());
    const [starting, asking] = [new FakeSession(), new FakeSession()];
    const sealed = await new Promise<string>((resolve) => {
      ids.issue(TASK, clientOf('ada', starting), (id) => resolve(String(id)));
    });
    const heard = [ids.sessionOf(TASK)];
    for (const client of [clientOf('bob', asking), clientOf('ada', asking), clientOf('ada')]) {
      await new Promise<void>((resolve) => {
        ids.open(sealed, client, () => resolve());
      });
      heard.push(ids.sessionOf(TASK));
    }
    expect(
      heard.map((session) => (session === starting ? 'starting' : session === asking ? 'asking' : 'none')),
    ).toEqual(['starting', 'starting', 'asking', 'asking']);
    expect(ids.sessionOf({ upstream: 'files', id: 'other' })).toBeUndefined();
  });

  it('refuses an id that is too long to be opened again', async () => {
    const ids = idsWith(new StateSeal());
    const longest = { upstream: 'files', id: 'x'.repeat(2_800) };
    expect(await open(ids, await issue(ids, 'ada', longest))).toEqual(longest);
    await expect(issue(ids, 'ada', { upstream: 'files', id: 'x'.repeat(3_000) })).rejects.toMatchObject({
      code: 'OMNI_UPSTREAM_PROTOCOL',
    });
  });

  it('forgets a task whose id could not be sealed', async () => {
    let isBroken = false;
    const key: SealKey = {
      id: 'k1',
      get bytes() {
        return new Uint8Array(isBroken ? 5 : 32);
      },
    };
    const ids = idsWith(new StateSeal([key]));
    isBroken = true;
    await expect(issue(ids)).rejects.toBeInstanceOf(GatewayError);
    expect(ids.whenKnown(TASK, 'ada', () => {})).toBe(false);
  });

  // guard: task/definition
  it('opens no id for a server that has taken the name of another one, in this process or the next', async () => {
    const definitions = new Map([['files', 'first']]);
    const ids = idsWith(new StateSeal([KEY]), definitions);
    const sealed = await issue(ids);
    expect(await open(ids, sealed)).toEqual(TASK);
    definitions.set('files', 'second');
    expect(await open(ids, sealed)).toBeUndefined();
    expect(ids.sealedOf(TASK, 'ada')).toBeUndefined();
    expect(await open(idsWith(new StateSeal([KEY]), definitions), sealed)).toBeUndefined();
    definitions.set('files', 'first');
    expect(await open(ids, sealed)).toEqual(TASK);
    definitions.delete('files');
    expect(await open(ids, sealed)).toBeUndefined();
  });
});
