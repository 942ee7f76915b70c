import { describe, expect, it } from '@jest/globals';
import { ALL_SERVERS, type ClientContext } from '@omni/model';
import type { ServiceIdentifier } from 'inversify';
import { Scope, type Lifetime } from './scope.ts';
import { openSessionScope } from './session-scope.ts';

interface Named {
  readonly name: string;
}

function token(name: string): ServiceIdentifier<Named> {
  return Symbol.for(`test/${name}`);
}

const TOKEN = token('part');
const OTHER = token('other');

function rootWith(lifetime: Lifetime): Scope {
  const root = Scope.root();
  root.register(TOKEN, { useFactory: () => ({ name: 'part' }), lifetime });
  return root;
}

describe('Scope', () => {
  it.each([
    // Whether two questions give the same part: in one scope, in a scope and the one below, in two scopes
    // side by side.
    ['singleton', { twice: true, below: true, beside: true }],
    ['scoped', { twice: true, below: false, beside: false }],
    ['transient', { twice: false, below: false, beside: false }],
  ] as const)('keeps a %s part as long as it says [S003-DI-02]', (lifetime, expected) => {
    const root = rootWith(lifetime);
    const connection = root.createScope('connection');
    const [one, two] = [connection.createScope('request'), connection.createScope('request')];
    const same = {
      twice: connection.get(TOKEN) === connection.get(TOKEN),
      below: root.get(TOKEN) === connection.get(TOKEN),
      beside: one.get(TOKEN) === two.get(TOKEN),
    };
    expect(same).toEqual(expected);
  });

  it('keeps what a scope registers from the scopes above and beside it [S003-DI-03]', () => {
    const root = Scope.root();
    root.register(TOKEN, { useValue: { name: 'process' } });
    const [ada, bob] = [root.createScope('connection'), root.createScope('connection')];
    ada.register(TOKEN, { useValue: { name: 'ada' } });
    const request = ada.createScope('request');
    request.register(OTHER, { useValue: { name: 'request' } });
    expect(root.get(TOKEN).name).toBe('process');
    expect(ada.get(TOKEN).name).toBe('ada');
    expect(request.get(TOKEN).name).toBe('ada');
    expect(bob.get(TOKEN).name).toBe('process');
    expect(request.has(OTHER)).toBe(true);
    expect(ada.has(OTHER)).toBe(false);
  });

  it('gives scoped parts what their own scope has', () => {
    const root = Scope.root();
    root.register(TOKEN, { useValue: { name: 'process' } });
    root.register(OTHER, {
      needs: { named: TOKEN },
      useFactory: ({ named }) => ({ name: `for ${named.name}` }),
      lifetime: 'scoped',
    });
    const connection = root.createScope('connection');
    connection.register(TOKEN, { useValue: { name: 'ada' } });
    expect(connection.get(OTHER).name).toBe('for ada');
    expect(root.get(OTHER).name).toBe('for process');
  });

  it('registers by value and by factory [S003-DI-05]', () => {
    const root = Scope.root();
    const value = { name: 'value' };
    root.register(TOKEN, { useValue: value });
    root.register(OTHER, { needs: { part: TOKEN }, useFactory: ({ part }) => ({ name: `${part.name}!` }) });
    expect(root.get(TOKEN)).toBe(value);
    expect(root.get(OTHER)).toEqual({ name: 'value!' });
  });

  it('ends its parts in reverse order, each after the one before, all of them [S003-DI-04]', async () => {
    const ended: string[] = [];
    const root = Scope.root();
    const end = (name: string, failure?: Error) => async (): Promise<void> => {
      await Promise.resolve();
      ended.push(name);
      if (failure !== undefined) throw failure;
    };
    const failure = new RangeError('does not end');
    root.register(TOKEN, { useFactory: () => ({ name: 'first' }), dispose: end('first') });
    root.register(OTHER, {
      needs: { first: TOKEN },
      useFactory: () => ({ name: 'second' }),
      dispose: end('second', failure),
    });
    root.get(OTHER);
    const connection = root.createScope('connection');
    connection.register(OTHER, { useFactory: () => ({ name: 'third' }), dispose: end('third') });
    connection.get(OTHER);
    await expect(root.close()).rejects.toMatchObject({ errors: [failure] });
    expect(ended).toEqual(['third', 'second', 'first']);
    await root.close();
    expect(ended).toHaveLength(3);
  });

  it('waits for a scope that is ending already before it ends its own parts', async () => {
    const ended: string[] = [];
    const root = Scope.root();
    root.register(TOKEN, { useFactory: () => ({ name: 'root' }), dispose: () => void ended.push('root') });
    root.get(TOKEN);
    const connection = root.createScope('connection');
    connection.register(OTHER, {
      useFactory: () => ({ name: 'connection' }),
      dispose: async () => {
        for (let turn = 0; turn < 5; turn++) await Promise.resolve();
        ended.push('connection');
      },
    });
    connection.get(OTHER);
    void connection.close();
    await root.close();
    expect(ended).toEqual(['connection', 'root']);
  });

  it('hides a part that the scope above makes for each scope', () => {
    const root = Scope.root();
    root.register(TOKEN, { useFactory: () => ({ name: 'root' }), lifetime: 'scoped' });
    const connection = root.createScope('connection');
    connection.register(TOKEN, { useValue: { name: 'connection' } });
    expect(connection.get(TOKEN).name).toBe('connection');
    expect(root.get(TOKEN).name).toBe('root');
  });

  it('puts another way to make a part in the place of the one before, in scopes below as well', async () => {
    const ended: string[] = [];
    const root = Scope.root();
    root.register(TOKEN, { useFactory: () => ({ name: 'before' }), lifetime: 'scoped' });
    root.replace(TOKEN, {
      useFactory: () => ({ name: 'after' }),
      lifetime: 'scoped',
      dispose: ({ name }) => void ended.push(name),
    });
    expect(root.get(TOKEN).name).toBe('after');
    expect(root.createScope('connection').get(TOKEN).name).toBe('after');
    await root[Symbol.asyncDispose]();
    expect(ended).toEqual(['after', 'after']);
    root.replace(TOKEN, { useValue: { name: 'value' } });
    expect(root.get(TOKEN).name).toBe('value');
    expect(root.createScope('connection').get(TOKEN).name).toBe('value');
  });

  // guard: scope/replace
  it('refuses to replace what is not registered here', () => {
    const root = Scope.root();
    expect(() => root.replace(TOKEN, { useValue: { name: 'x' } })).toThrow(
      expect.objectContaining({
        code: 'OMNI_CONFIG_INVALID',
        message: expect.stringContaining(String(TOKEN)),
      }),
    );
    root.register(TOKEN, { useValue: { name: 'root' } });
    const below = root.createScope('connection');
    expect(() => below.replace(TOKEN, { useValue: { name: 'x' } })).toThrow('Nothing is registered');
    expect(root.get(TOKEN).name).toBe('root');
  });

  it('ends what a session has made when its beginning fails', () => {
    const ended: string[] = [];
    const open = openSessionScope(Scope.root(), (scope) => {
      scope.register(TOKEN, { useFactory: () => ({ name: 'part' }), dispose: () => void ended.push('part') });
      scope.get(TOKEN);
      throw new TypeError('no session');
    });
    const client: ClientContext = {
      principal: { id: 'ada', kind: 'token' },
      era: 'legacy',
      endpoint: ALL_SERVERS,
      session: undefined,
      capabilities: '{}',
      clientInfo: '{}',
    };
    expect(() => open(client)).toThrow('no session');
    expect(ended).toEqual(['part']);
  });

  it('ends nothing that was never made, and nothing of a scope that has closed', async () => {
    const ended: string[] = [];
    const root = Scope.root();
    root.register(TOKEN, {
      useFactory: () => ({ name: 'unused' }),
      dispose: () => void ended.push('unused'),
    });
    const connection = root.createScope('connection');
    connection.register(OTHER, {
      useFactory: () => ({ name: 'used' }),
      dispose: () => void ended.push('used'),
    });
    connection.get(OTHER);
    await connection.close();
    expect(ended).toEqual(['used']);
    await root.close();
    expect(ended).toEqual(['used']);
  });

  it('leaves transient parts to whoever has asked for them', async () => {
    const ended: string[] = [];
    const root = Scope.root();
    root.register(TOKEN, {
      useFactory: () => ({ name: 'part' }),
      lifetime: 'transient',
      dispose: () => void ended.push('part'),
    });
    root.get(TOKEN);
    await root.close();
    expect(ended).toEqual([]);
  });
});
