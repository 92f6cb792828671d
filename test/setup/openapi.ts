import { readFileSync } from 'node:fs';
import * as z from 'zod';

interface Document {
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

const text = readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8');
const { components } = JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/')) as Document;

/** Whether a value is what docs/openapi.json says of a schema; what is wrong with it, or null. */
export function openApiProblem(name: string, value: unknown): string | null {
  const schema = { $ref: `#/$defs/${name}`, $defs: components.schemas } as z.core.JSONSchema.JSONSchema;
  const { error } = z.fromJSONSchema(schema).safeParse(value);
  return error === undefined ? null : z.prettifyError(error);
}
