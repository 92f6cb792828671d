import * as z from 'zod';
import { hostTag } from '../core/filter.ts';

/** What an expression or a rule may be, as the key it stands under. */
const kinds = ['hit', 'nofail', 'gained', 'forget'] as const;
type Kind = (typeof kinds)[number];

/** JavaScript's regular expressions, in Unicode mode: escapes that mean nothing are refused. */
const pattern = z.string().min(1).superRefine(checkPattern);

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const fieldTest = z
  .union([scalar, z.array(scalar).min(1), z.strictObject({ regex: pattern })])
  .describe('The value, a list of possible values, or {regex: …} for a string.');
const fieldPath = z
  .string()
  .min(1)
  .describe(
    'Names of fields joined by dots, as in request.client_ip; a key that holds the dots is found too.',
  );

/** A map with exactly one of the four kinds as a key, made {kind, value}. */
function oneKind<T extends z.ZodType>(value: T, description: string) {
  return z
    .strictObject({
      hit: value.optional(),
      nofail: value.optional(),
      gained: value.optional(),
      forget: value.optional(),
    })
    .transform((given, context) => {
      const set = kinds.filter((kind) => given[kind] !== undefined);
      const [kind] = set;
      if (kind === undefined || set.length > 1) {
        context.addIssue({ code: 'custom', message: `needs exactly one of ${kinds.join(', ')}` });
        return z.NEVER;
      }
      return { kind, value: given[kind] as z.output<T> } satisfies { kind: Kind; value: unknown };
    })
    .describe(description);
}

const sample = z
  .strictObject({
    line: z.string().min(1).describe('A line of the log, with its date.'),
    yields: z.enum([...kinds, 'ignored', 'miss']).describe('What the line by itself must give.'),
    host: z.string().optional().describe('The address it must name; without this key it must name none.'),
    user: z.string().optional(),
    session: z.string().optional(),
    time: z.iso
      .datetime({ offset: true })
      .optional()
      .describe('The time it must have. Dates without a zone are read as UTC.'),
  })
  .describe('An example that is tested with the filter.');

const common = {
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'a name has small letters, digits, dots, hyphens and underscores')
    .describe('As jails name it; the file is NAME.yaml.'),
  description: z.string().min(1).describe('The service, for lists.'),
  samples: z.array(sample).min(1).describe('At least one line for every expression.'),
};

const regexFilter = z.strictObject({
  ...common,
  kind: z.literal('regex'),
  ignorecase: z.boolean().default(false).describe('Letters match in either case.'),
  prefix: pattern
    .optional()
    .describe('Must match first. Its group "content" becomes the text; its other groups are defaults.'),
  expressions: z
    .array(oneKind(pattern, `Tried in order, on the line without its date. ${hostTag} captures an address.`))
    .min(1),
  ignore: z.array(pattern).default([]).describe('A text that one of these matches is never a match.'),
});

const rule = oneKind(
  z.strictObject({
    where: z
      .record(fieldPath, fieldTest)
      .refine((tests) => Object.keys(tests).length > 0, 'needs at least one field')
      .describe('All of these must hold.'),
    host: fieldPath.optional(),
    user: fieldPath.optional(),
    session: fieldPath.optional(),
    time: fieldPath.optional(),
  }),
  'Tried in order, on a line that is one JSON object.',
);

const jsonFilter = z.strictObject({ ...common, kind: z.literal('json'), rules: z.array(rule).min(1) });

/** A filter file. */
export const filterSchema = z.discriminatedUnion('kind', [regexFilter, jsonFilter]);
export type FilterFile = z.output<typeof filterSchema>;

function checkPattern(text: string, context: z.RefinementCtx<string>): void {
  try {
    new RegExp(text.replaceAll(hostTag, '(?<host>.)'), 'u');
  } catch (thrown) {
    const message =
      thrown instanceof Error ? thrown.message.replace(/^Invalid regular expression: /, '') : '';
    context.addIssue({ code: 'custom', message: `is not a regular expression: ${message}` });
  }
}
