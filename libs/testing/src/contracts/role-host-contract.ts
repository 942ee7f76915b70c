import assert from 'node:assert/strict';
import type { Role, RoleHost, RoleProgram } from '@omni/ports';
import type { DefineTest } from './define-test.ts';

type Order =
  | { readonly do: 'echo'; readonly what: unknown }
  | { readonly do: 'data' }
  | { readonly do: 'throw' }
  | { readonly do: 'mark' };

/** What the role of {@link roleHostContract} does. */
export const roleContractProgram: RoleProgram = (port) => {
  port.onMessage((message) => {
    // Holds: the suite sends nothing else.
    const order = message as Order;
    switch (order.do) {
      case 'echo':
        return port.post(order.what);
      case 'data':
        return port.post(port.data);
      case 'mark': {
        const { mark } = port.data as { readonly mark: SharedArrayBuffer };
        Atomics.store(new Int32Array(mark), 0, 7);
        return port.post('marked');
      }
      case 'throw':
        throw new TypeError('it fails');
    }
  });
  return () => {};
};

/** A role that was started, and what it has said. */
class Started {
  readonly role: Role;
  readonly messages: unknown[] = [];
  readonly exits: string[] = [];
  #waiting: (() => void) | undefined;

  constructor(host: RoleHost, data: unknown) {
    this.role = host.start(data, {
      onMessage: (message) => {
        this.messages.push(message);
        this.#waiting?.();
      },
      onExit: (reason) => {
        this.exits.push(reason);
        this.#waiting?.();
      },
    });
  }

  order(order: Order): void {
    this.role.post(order);
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => (this.#waiting = resolve));
  }
}

/**
 * What every `RoleHost` must do; the test file of each calls this.
 *
 * @param it - Of the runner.
 * @param open - Makes a host whose roles run {@link roleContractProgram}.
 */
export function roleHostContract(it: DefineTest, open: () => RoleHost): void {
  it('gives a role its data and its messages, in their order, as copies', async () => {
    const given = { deep: [1, { text: 'ü' }], bytes: Uint8Array.of(1, 2), none: null };
    const started = new Started(open(), given);
    started.order({ do: 'data' });
    started.order({ do: 'echo', what: given });
    started.order({ do: 'echo', what: 3 });
    await started.until(() => started.messages.length === 3);
    // Runners may have other prototypes for what comes from elsewhere.
    assert.equal(JSON.stringify(started.messages), JSON.stringify([given, given, 3]));
    const [, copy] = started.messages;
    assert.ok(typeof copy === 'object' && copy !== null && 'bytes' in copy && ArrayBuffer.isView(copy.bytes));
    assert.notEqual(copy.bytes, given.bytes);
    await started.role.terminate();
  });

  it('takes no live object', async () => {
    const started = new Started(open(), {});
    assert.throws(() => started.order({ do: 'echo', what: () => {} }));
    started.order({ do: 'echo', what: 1 });
    await started.until(() => started.messages.length === 1);
    await started.role.terminate();
  });

  it('tells once that a role has failed, and drops what comes later', async () => {
    const started = new Started(open(), {});
    started.order({ do: 'throw' });
    await started.until(() => started.exits.length > 0);
    started.order({ do: 'echo', what: 1 });
    await started.role.terminate();
    assert.equal(started.exits.length, 1);
    assert.deepEqual(started.messages, []);
  });

  it('ends a role, which says nothing after that', async () => {
    const started = new Started(open(), {});
    started.order({ do: 'echo', what: 'before' });
    await started.until(() => started.messages.length === 1);
    const gone = started.role.terminate();
    started.order({ do: 'echo', what: 'after' });
    await gone;
    await started.until(() => started.exits.length > 0);
    assert.deepEqual(started.messages, ['before']);
    await started.role.terminate();
    assert.equal(started.exits.length, 1);
  });

  it('runs roles apart', async () => {
    const host = open();
    const [one, other] = [new Started(host, 1), new Started(host, 2)];
    one.order({ do: 'throw' });
    await one.until(() => one.exits.length > 0);
    other.order({ do: 'data' });
    await other.until(() => other.messages.length > 0);
    assert.deepEqual(other.messages, [2]);
    await other.role.terminate();
  });

  it('shares memory where it says so', async () => {
    const host = open();
    if (!host.sharesMemory) return;
    const mark = new SharedArrayBuffer(4);
    const started = new Started(host, { mark });
    started.order({ do: 'mark' });
    await started.until(() => started.messages.length > 0);
    assert.equal(Atomics.load(new Int32Array(mark), 0), 7);
    await started.role.terminate();
  });
}
