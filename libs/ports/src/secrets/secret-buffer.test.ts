import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { SecretBuffer } from './secret-buffer.ts';

describe('SecretBuffer', () => {
  // guard: secrets/zeroed
  it('is zeros when it was disposed, and gives nothing [S002-SB-03]', () => {
    const bytes = new TextEncoder().encode('s3cret-value');
    const secret = new SecretBuffer(bytes);
    secret.dispose();
    secret.dispose();
    expect([...bytes]).toEqual(Array.from({ length: 12 }, () => 0));
    expect(secret.isDisposed).toBe(true);
    expect(() => secret.text()).toThrow(TypeError);
  });

  it('shows itself to nobody who prints it', () => {
    const secret = SecretBuffer.of('s3cret-value');
    const printed = [String(secret), JSON.stringify({ secret }), inspect({ secret }, { depth: 9 })];
    expect(printed.join(' ')).not.toContain('s3cret');
    expect(printed[2]).not.toMatch(/115, 51/);
    expect(Object.keys(secret)).toEqual([]);
  });

  it('gives text as it is, and refuses bytes that are none', () => {
    expect(SecretBuffer.of('\uFEFFü🔑\n').text()).toBe('\uFEFFü🔑\n');
    expect(() => new SecretBuffer(Uint8Array.of(0xff)).text()).toThrow();
  });

  it('compares by its bytes, and lives on in a copy', () => {
    const secret = SecretBuffer.of('one');
    const copy = secret.copy();
    expect(copy.equals(secret)).toBe(true);
    expect(secret.equals(SecretBuffer.of('two'))).toBe(false);
    expect(secret.equals(SecretBuffer.of('ones'))).toBe(false);
    secret.dispose();
    expect(copy.text()).toBe('one');
    const ofNode = new SecretBuffer(Buffer.from('one'));
    const copyOfNode = ofNode.copy();
    ofNode.dispose();
    expect(copyOfNode.text()).toBe('one');
  });
});
