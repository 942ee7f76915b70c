export { keepCompiledCode } from '@omni/node/compiled-code';
