import * as z from 'zod/mini';
import { ConfigurationSchema } from './configuration-schema.ts';

/** JSON Schema (2020-12) of what a user writes in Omni's own spelling, for editors and documentation. */
export function configurationJsonSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(ConfigurationSchema, {
    io: 'input',
    target: 'draft-2020-12',
    override: ({ jsonSchema, path }) => {
      if (jsonSchema.additionalProperties === false) jsonSchema.patternProperties = { '^x-': {} };
      // A value may come from a variable; a key may not.
      if (jsonSchema.pattern !== undefined && path.at(-1) !== 'propertyNames')
        jsonSchema.pattern += '|\\$\\{';
    },
  });
  return { title: 'Omni configuration', ...schema };
}
