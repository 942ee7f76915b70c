import { describe, expect, it } from '@jest/globals';
import type * as z from 'zod/mini';
import type { GatewaySettings, GatewaySettingsSchema } from './configuration-schema.ts';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

describe('GatewaySettings', () => {
  it('are what the schema says [S003-CF-02]', () => {
    // The compiler refuses anything but true.
    const isSame: Same<GatewaySettings, z.output<typeof GatewaySettingsSchema>> = true;
    expect(isSame).toBe(true);
  });
});
