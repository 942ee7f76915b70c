export { createDemoServer } from './demo-server.ts';
