import * as z from 'zod';
import { writtenForms } from './readers.ts';
import { layerSchema, optionEntries } from './schema.ts';

/**
 * The JSON Schema (draft 7, which editors know) of bailiff.yaml: keys, what they take and what they do. It accepts all
 * that the daemon accepts; `bailiff check` says more.
 */
export function configurationSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(layerSchema, {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => describeOption(zodSchema, jsonSchema),
  });
  return { ...schema, title: 'bailiff.yaml' };
}

/** For `z.toJSONSchema`: what an option takes and does. */
export function describeOption(schema: z.core.$ZodTypes, written: z.core.JSONSchema.BaseSchema): void {
  Object.assign(written, writtenForms.get(schema));
  const entry = optionEntries.get(schema);
  if (entry !== undefined) {
    const fallback = entry.otherwise ?? (entry.default === '' ? 'none' : entry.default);
    written.description = `${entry.description}${fallback === undefined ? '' : ` Default: ${fallback}.`}`;
  }
  // A key with nothing behind it is an empty map.
  if (schema._zod.def.type === 'pipe' && written.type === 'object') {
    Object.assign(written, { type: ['object', 'null'] });
  }
}
