// An entry of its own: who only reads configurations does not carry what writes schemas.
export { configurationJsonSchema } from './schema/configuration-json-schema.ts';
