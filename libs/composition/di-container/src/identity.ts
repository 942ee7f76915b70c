/** Name and version under which Omni presents itself to clients and servers. */
export const IDENTITY = { name: 'omni', version: '0.1.0' } as const;
