import * as z from 'zod';
import { mostImported } from './protocol.ts';

/** What is asked of the daemon: bodies, and the parameters of questions. */

const address = z.string().max(100).describe('An address or a range.');
const jail = z.string().max(64);
const duration = z.string().max(64).describe('`10m`, `1h 30m`, `1d`; `-1` is for ever.');

export const banCommand = z.strictObject({
  address,
  jail: jail.exactOptional().describe('Default: `manual`.'),
  for: duration.exactOptional(),
  force: z.boolean().exactOptional().describe('Though it is on an ignore list.'),
});

export const unbanCommand = z.union([
  z.strictObject({ all: z.literal(true) }),
  z.strictObject({ address, jail: jail.exactOptional() }),
]);

export const allowCommand = z.strictObject({ address, for: duration.exactOptional() });
export const disallowCommand = z.strictObject({ address });
export const notifyTestCommand = z.strictObject({ name: z.string().max(64) });

export const importCommand = z.strictObject({
  bans: z
    .array(
      z.strictObject({
        address: z.string(),
        jail: z.string(),
        since: z.number(),
        until: z.number().nullable().exactOptional(),
        bancount: z.int().nonnegative(),
        failures: z.int().nonnegative(),
      }),
    )
    .max(mostImported),
});

/** The options of a jail as bailiff.yaml has them: the configuration's own readers say what is wrong in them. */
export const jailCommand = z.record(z.string(), z.unknown());

export const whyQuery = z.strictObject({ address });
export const eventsQuery = z.strictObject({
  follow: z
    .literal('')
    .exactOptional()
    .describe('Set, without a value: what happens from now on, one JSON value a line, until you hang up.'),
});
export const historyQuery = z.strictObject({
  since: z.coerce
    .number()
    .exactOptional()
    .describe('Bans that began then (seconds since the epoch) or later.'),
  jail: jail.exactOptional(),
  before: z.coerce.number().int().exactOptional().describe('`next` of the page before.'),
});
