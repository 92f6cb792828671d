import * as z from 'zod';
import { describeOption } from '../config/json-schema.ts';
import { jailOptions } from '../config/schema.ts';
import { answers } from './answers.ts';
import { jailCommand } from './requests.ts';
import { isWriting, type Route, routes } from './routes.ts';

type Json = Readonly<Record<string, unknown>>;

/** docs/openapi.json (OpenAPI 3.1), of the routes that the server goes by. */
export function openApi(version: string): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Bailiff',
      version,
      description:
        'The API of the daemon: on its control socket (mode 0600, no token), and over TCP where `api-listen` is set. See docs/api.md.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [
      {
        url: 'http://localhost',
        description: 'The control socket: `curl --unix-socket /run/bailiff/bailiff.sock`',
      },
      { url: 'http://127.0.0.1:9799', description: 'Where api-listen says' },
    ],
    paths: paths(),
    components: {
      schemas: { ...answerSchemas(), ...bodySchemas() },
      responses: {
        Error: {
          description: 'Why it was not done, and what to do about it.',
          content: json(reference('Error')),
        },
      },
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'Over TCP: the api-write-token, or for GET the api-read-token. None on the socket.',
        },
      },
    },
  };
}

/** The same as the file has it. */
export function openApiText(version: string): string {
  return `${JSON.stringify(openApi(version), null, 2)}\n`;
}

function paths(): Json {
  const found: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const own = found[route.path] ?? {};
    found[route.path] = { ...own, [route.method.toLowerCase()]: operation(route) };
  }
  return found;
}

function operation(route: Route): Json {
  const { operation: operationId, summary, body } = route;
  return {
    operationId,
    summary,
    security: [{}, { token: [isWriting(route) ? 'write' : 'read'] }],
    ...withParameters(route),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: json(reference(bodyName(route))) } }),
    responses: {
      200: { description: 'Done.', content: contentOf(route) },
      default: { $ref: '#/components/responses/Error' },
    },
  };
}

function contentOf({ answer, stream }: Route): Json {
  const content = json(reference(answer));
  return stream === undefined
    ? content
    : { ...content, 'application/x-ndjson': { schema: reference(stream) } };
}

function withParameters({ path, query }: Route): Json {
  const inPath = path.includes('{name}')
    ? [{ name: 'name', in: 'path', required: true, schema: { type: 'string', maxLength: 64 } }]
    : [];
  const parameters = [...inPath, ...(query === undefined ? [] : parametersOf(query))];
  return parameters.length === 0 ? {} : { parameters };
}

function parametersOf(query: z.ZodType): Json[] {
  const { properties = {}, required = [] } = z.toJSONSchema(query, { io: 'output' });
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...schema } = property as { description?: string };
    return {
      name,
      in: 'query',
      required: required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema,
    };
  });
}

const at = (name: string): string => `#/components/schemas/${name}`;
const reference = (name: string): Json => ({ $ref: at(name) });
const json = (schema: Json): Json => ({ 'application/json': { schema } });

/** An answer may have more keys in a later version. */
function answerSchemas(): Json {
  const named = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(answers)) named.add(schema, { id });
  return schemasOf(named, 'output', (written) => {
    if (written.additionalProperties === false) delete written.additionalProperties;
  });
}

/** The options of a jail are the configuration's: the server hands them on as they are. */
function bodySchemas(): Json {
  const named = z.registry<{ id: string }>();
  for (const route of routes)
    if (route.body !== undefined && route.body !== jailCommand)
      named.add(route.body, { id: bodyName(route) });
  const options = z.toJSONSchema(jailOptions, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => describeOption(zodSchema, jsonSchema),
  });
  return { ...schemasOf(named, 'input', () => undefined), PutJailCommand: plain(options) };
}

const bodyName = ({ operation: name }: Pick<Route, 'operation'>): string =>
  `${name.slice(0, 1).toUpperCase()}${name.slice(1)}Command`;

function schemasOf(
  named: z.core.$ZodRegistry<{ id: string }>,
  io: 'input' | 'output',
  override: (written: z.core.JSONSchema.BaseSchema) => void,
): Json {
  const { schemas } = z.toJSONSchema(named, {
    io,
    uri: at,
    override: ({ jsonSchema }) => override(jsonSchema),
  });
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, plain(schema)]));
}

/** Without what is said once for the whole document. */
function plain({ $schema: _, $id: __, ...schema }: z.core.JSONSchema.BaseSchema): Json {
  return schema;
}
