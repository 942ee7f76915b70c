import type { SimulateOptions } from '../options.ts';

export async function runPlanted(_options: SimulateOptions): Promise<number> {
  return 0;
}
