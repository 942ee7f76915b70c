/** Tells the end-to-end tests what an Omni that they start has to import first. */
// Set for each project by jest-run.ts.
const { omniImport } = /** @type {{ omniImport?: string }} */ (globalThis);
if (omniImport !== undefined && omniImport !== '') process.env['OMNI_E2E_IMPORT'] = omniImport;
