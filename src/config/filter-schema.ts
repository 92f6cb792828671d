import * as z from 'zod';
import { filterNameForm, hostTag } from '../core/filter.ts';
import { banTime, containerPaths, duration, journalMatch, paths, text, wholeNumber } from './readers.ts';

/** What an expression or a rule may be, as the key it stands under. */
const kinds = ['hit', 'nofail', 'gained', 'forget'] as const;
type Kind = (typeof kinds)[number];

/** JavaScript's regular expressions, in Unicode mode: escapes that mean nothing are refused. A dot is any character. */
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

const filterName = text('small letters, digits, dots, hyphens and underscores', filterNameForm);
const mode = text("a mode's name: small letters, digits, dots, hyphens and underscores", filterNameForm);
const modes = z.array(mode).min(1).optional();

/** A map with exactly one of the four kinds as a key, and perhaps `modes`; made {kind, value, modes}. */
function oneKind<T extends z.ZodType>(value: T, description: string) {
  return z
    .strictObject({
      hit: value.optional(),
      nofail: value.optional(),
      gained: value.optional(),
      forget: value.optional(),
      modes: modes.describe('It is there in these modes only.'),
    })
    .transform((given, context) => {
      const set = kinds.filter((kind) => given[kind] !== undefined);
      const [kind] = set;
      if (kind === undefined || set.length > 1) {
        context.addIssue({ code: 'custom', message: `needs exactly one of ${kinds.join(', ')}` });
        return z.NEVER;
      }
      const made = { kind, value: given[kind] as z.output<T>, modes: given.modes };
      return made satisfies { kind: Kind; value: unknown; modes: unknown };
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
    mode: mode.optional().describe('The mode it is judged in, where not the first.'),
    injected: z
      .string()
      .optional()
      .describe('An address that a client planted here; it must not be the one that is named.'),
  })
  .refine(({ host, injected }) => injected === undefined || injected !== host, {
    path: ['injected'],
    message: 'is the very address that the line must name',
  })
  .describe('An example that is tested with the filter.');

/** An image as in `docker pull`, without a tag. */
const image = text(
  'the name of an image, without a tag',
  /^(?:[\w.-]+(?::\d+)?\/)?[a-z0-9._-]+(?:\/[a-z0-9._-]+)*$/,
);

const logs = z
  .strictObject({
    files: paths().optional().describe("The host's usual paths."),
    journal: journalMatch().optional(),
    container: z
      .array(z.enum(['stdout', 'stderr']))
      .min(1)
      .optional()
      .describe('Streams of its container that hold it; what comes on another is not judged.'),
    inside: containerPaths().optional().describe('Files inside its container.'),
    'inside-of': z
      .array(image)
      .min(1)
      .optional()
      .describe('Images that log into the files inside, where others log to their output.'),
  })
  .refine((places) => Object.values(places).some((place) => place !== undefined), 'needs at least one place');

const common = {
  name: filterName.describe('As jails name it; the file is NAME.yaml.'),
  description: z.string().min(1).describe('The service, for lists.'),
  counts: z.string().min(1).optional().describe('What counts as a hit: one phrase.'),
  logs: logs.optional().describe('Where the service logs: a jail that names no source reads this.'),
  images: z.array(image).min(1).optional().describe('Images of containers that it belongs to.'),
  setup: z
    .string()
    .min(1)
    .optional()
    .describe("What has to be set in the service for failures to be logged with the client's address."),
  forgeable: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Why a client can write whole lines of the log, with somebody else's address: one sentence, without a full stop.",
    ),
  jail: z
    .strictObject({
      maxretry: wholeNumber(1, 10_000).optional(),
      findtime: duration().optional(),
      bantime: banTime().optional(),
    })
    .optional()
    .describe('What its jails get that do not say otherwise, where 5 in 10 minutes would be wrong.'),
  modes: modes.describe('The first one is the default.'),
  overlaps: z
    .array(filterName)
    .min(1)
    .optional()
    .describe('Filters that may count the same line too, on purpose.'),
  samples: z.array(sample).min(1).describe('At least one line for every expression.'),
};

const regexFilter = z.strictObject({
  ...common,
  kind: z.literal('regex'),
  ignorecase: z.boolean().default(false).describe('Letters match in either case.'),
  'long-lines': z
    .boolean()
    .default(false)
    .describe(
      'Lines are judged up to 2 MiB, in place of 64 KiB: where so much text of a client may stand before what decides.',
    ),
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
export const filterSchema = z.discriminatedUnion('kind', [regexFilter, jsonFilter]).superRefine(checkModes);
export type FilterFile = z.output<typeof filterSchema>;

/** What is for a mode must be for one of the filter's. */
function checkModes(file: z.output<typeof regexFilter | typeof jsonFilter>, context: z.RefinementCtx): void {
  const known = file.modes ?? [];
  const unknown = (path: (string | number)[], input: string): void =>
    context.addIssue({ code: 'custom', path, input, message: `the filter's modes do not name "${input}"` });
  const [key, parts] = file.kind === 'json' ? ['rules', file.rules] : ['expressions', file.expressions];
  for (const [index, { modes = [] }] of parts.entries()) {
    for (const [at, each] of modes.entries())
      if (!known.includes(each)) unknown([key, index, 'modes', at], each);
  }
  for (const [at, each] of known.entries())
    if (parts.every(({ modes }) => modes !== undefined && !modes.includes(each)))
      context.addIssue({
        code: 'custom',
        path: ['modes', at],
        input: each,
        message: `nothing is looked for in the mode "${each}"`,
      });
  for (const [index, { mode }] of file.samples.entries())
    if (mode !== undefined && !known.includes(mode)) unknown(['samples', index, 'mode'], mode);
}

function checkPattern(text: string, context: z.RefinementCtx<string>): void {
  try {
    new RegExp(text.replaceAll(hostTag, '(?<host>.)'), 'u');
  } catch (thrown) {
    const message =
      thrown instanceof Error ? thrown.message.replace(/^Invalid regular expression: /, '') : '';
    context.addIssue({ code: 'custom', message: `is not a regular expression: ${message}` });
  }
}
