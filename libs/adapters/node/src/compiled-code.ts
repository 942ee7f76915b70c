export { keepCompiledCode } from './files/compiled-code.ts';
