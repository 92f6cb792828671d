import * as z from 'zod';
import { countedThings } from '../core/counted.ts';
import type { AllowedAddress, Ban, EvidenceLine, PastBan } from '../core/types.ts';
import type * as protocol from './protocol.ts';

/**
 * What the daemon answers, as docs/openapi.json has it. The types are protocol.ts's: a key that stands in one of the
 * two alone is an error of the compiler's. The daemon itself never loads this.
 */
type ShapeOf<T> = {
  readonly [Key in keyof T]-?: Record<never, never> extends Pick<T, Key>
    ? z.ZodType<T[Key] | undefined>
    : z.ZodType<T[Key]>;
};

function object<T>(shape: ShapeOf<T>, description?: string): z.ZodType<T> {
  const schema = z.strictObject(shape as z.core.$ZodLooseShape);
  return (description === undefined ? schema : schema.describe(description)) as unknown as z.ZodType<T>;
}

const text = z.string();
const texts = z.array(text);
const count = z.number();
const flag = z.boolean();
const time = z.number().describe('Seconds since the epoch.');
const seconds = z.number().describe('Seconds.');
const family = z.union([z.literal(4), z.literal(6)]);
const state = z.enum(['enforcing', 'partial', 'dry-run', 'degraded']);
const reason = z.enum(['expired', 'manual', 'protected']);

const banShape: ShapeOf<Ban> = {
  address: text.describe('An address or a range, canonical.'),
  jail: text,
  since: time,
  until: time.nullable().describe('Seconds since the epoch; null: for ever.'),
  hits: count,
  count: count.describe('Bans of the address in this jail so far, this one among them.'),
  policy: text.describe('How it is enforced: `drop`, `reject 80/tcp`, …'),
  forced: flag.describe('Made by hand against an ignore list.'),
};
const ban = object<Ban>(banShape, 'A ban that stands.');
const bans = z.array(ban);
const allowedAddress = object<AllowedAddress>({ address: text, since: time, until: time.nullable() });
const pastBanShape: ShapeOf<PastBan> = { ...banShape, ended: time.nullable(), reason: reason.nullable() };
const pastBan = object<PastBan>(pastBanShape, 'A ban, and what became of it: both null while it stands.');
const evidence = z.array(
  object<EvidenceLine>({
    time,
    source: text,
    line: text.describe('What an attacker had a service write. Redacted unless `evidence` is `full`.'),
  }),
);

const problem = object<protocol.ConfigurationProblem>({
  code: text,
  message: text,
  where: text.nullable(),
  remedy: text.nullable(),
  text,
});
const reload = object<protocol.ReloadStatus>({
  time,
  applied: flag.describe('false: there are errors, and everything is as it was.'),
  changes: texts,
  restart: texts.describe('Options that were changed and hold from the next start on.'),
  errors: z.array(problem),
});

const enforcement = object<protocol.Status['enforcement']>({
  backend: text,
  state,
  detail: text,
  hooks: z.array(
    object<protocol.Status['enforcement']['hooks'][number]>({
      name: text,
      family,
      ok: flag.describe('Read back from the kernel as it must be.'),
      verified: flag.describe('A packet of a banned address was seen to be dropped there.'),
      problem: text.exactOptional(),
    }),
  ),
  dropped: z.array(
    object<protocol.Status['enforcement']['dropped'][number]>({
      hook: text,
      family,
      packets: count,
      bytes: count,
    }),
  ),
  gaps: texts,
  elements: count,
});
const jail = object<protocol.JailStatus>({
  name: text,
  filter: text,
  forgeable: text.nullable(),
  maxretry: count,
  findtime: seconds,
  bantime: seconds.nullable(),
  hits: count,
  bans: count,
  active: count,
  tracked: count,
  policy: text,
  ports: text,
});
const source = object<protocol.SourceStatus>({
  id: text,
  state: z.enum(['starting', 'reading', 'waiting', 'failed', 'ended']),
  detail: text,
  lag: count.describe('Bytes that are known to be there and are not judged yet.'),
  lagSeconds: z
    .number()
    .nullable()
    .describe(
      'How old its lines are when they are read, in seconds, 0 once nothing more comes. null: what brings them does not say when they were written.',
    ),
  lines: count,
  lastLine: time.nullable(),
  since: time,
  errors: count,
  restarts: count,
  lastError: object<{ readonly time: number; readonly message: string }>({ time, message: text }).nullable(),
  behind: text.nullable(),
  silent: text.nullable(),
  jails: texts,
  warning: text.nullable(),
});
const finding = object<protocol.Finding>({
  id: z.literal('client-hidden'),
  jail: text,
  source: text,
  text,
  remedies: z.array(object<protocol.Finding['remedies'][number]>({ behind: text, remedy: text })),
  page: text,
});
const label = object<protocol.LabelReport>({
  container: text,
  errors: z.array(
    object<protocol.LabelReport['errors'][number]>({
      code: text,
      where: text,
      message: text,
      remedy: text.nullable(),
    }),
  ),
  notes: texts,
});
const notifier = object<protocol.NotifierStatus>({
  name: text,
  type: text,
  waiting: count,
  sent: count,
  failed: count,
  dropped: count,
  problem: text.nullable(),
});
const status = object<protocol.Status>({
  version: text,
  revision: text.nullable().describe('The commit that it was built from; null where that is not known.'),
  started: time,
  ready: flag.describe('Whether everything that should hold holds.'),
  problems: texts.describe('Why not, in words; empty where ready.'),
  warnings: texts,
  enforcement,
  jails: z.array(jail),
  sources: z.array(source),
  findings: z.array(finding),
  labels: z.array(label),
  ranges: z.array(object<protocol.BusyRange>({ range: text, addresses: count, protected: text.nullable() })),
  notifiers: z.array(notifier),
  metrics: text.nullable(),
  reload: reload.nullable(),
});

const counts = z.enum(countedThings).describe('What a jail counts.');
const window = object<protocol.WhyWindow>({
  jail: text,
  address: text.describe('The address, or the range around it.'),
  counts,
  hits: count,
  maxretry: count,
  findtime: seconds,
  nextOut: time,
  lastOut: time,
  evidence,
});
const dropped = object<NonNullable<protocol.WhyBan['dropped']>>({ packets: count, bytes: count })
  .nullable()
  .describe(
    'What was dropped, or rejected, for it since it stands in the kernel: since it began, or since its set had to be made anew. Of a range, of all in it. null: not known, or it drops nothing.',
  );
const why = object<protocol.WhyAnswer>({
  address: text,
  counted: text,
  verdict: z.enum(['banned', 'protected', 'counted', 'free']),
  enforcement: object<protocol.WhyAnswer['enforcement']>({ backend: text, state, detail: text }),
  bans: z.array(object<protocol.WhyBan>({ ...banShape, ports: text, counts, evidence, dropped })),
  inside: object<protocol.WhyAnswer['inside']>({ count, bans }),
  protectedBy: z.array(
    object<protocol.WhyAnswer['protectedBy'][number]>({
      jail: text.nullable(),
      entry: text.nullable(),
      reason: text,
    }),
  ),
  windows: z.array(window),
  earlier: z.array(object<protocol.EarlierBan>({ ...pastBanShape, counts, evidence })),
  next: z.array(
    object<protocol.NextBan>({
      jail: text,
      address: text,
      seconds: seconds.nullable(),
      more: seconds,
      attempts: count,
      counts,
      growth: object<NonNullable<protocol.NextBan['growth']>>({
        ban: count,
        ofAll: flag,
        forget: seconds,
      }).nullable(),
    }),
  ),
  dropsUnknown: text
    .nullable()
    .describe('Why it is not known what a ban that drops something has dropped; null where it is.'),
});

type EventOf<Kind extends protocol.DaemonEvent['event']> = Extract<
  protocol.DaemonEvent,
  { readonly event: Kind }
>;
const event: z.ZodType<protocol.DaemonEvent> = z.union([
  object<EventOf<'found'>>({
    event: z.literal('found'),
    time,
    jail: text,
    address: text,
    hits: count,
    maxretry: count,
    source: text,
  }),
  object<EventOf<'ban'>>({
    event: z.literal('ban'),
    time,
    jail: text,
    address: text,
    until: time.nullable(),
    hits: count,
    counts,
  }),
  object<EventOf<'unban'>>({ event: z.literal('unban'), time, jail: text, address: text, reason }),
  object<EventOf<'repair'>>({ event: z.literal('repair'), time, what: text }),
  object<EventOf<'skipped'>>({ event: z.literal('skipped'), time, count }),
  object<EventOf<'cut-off'>>({ event: z.literal('cut-off'), time, message: text }),
]);

const errorShape: ShapeOf<protocol.WireError> = {
  code: text.describe('Stable; docs/errors.md lists all of them.'),
  message: text,
  where: text.optional(),
  remedy: text.optional().describe('What to do about it.'),
};
const error = object<protocol.WireError>(errorShape);

/** By the names that they have in docs/openapi.json. */
export const answers = {
  Status: status,
  Ban: ban,
  Bans: bans,
  BanAnswer: object<protocol.BanAnswer>({
    outcome: z.enum(['banned', 'prolonged', 'already']),
    ban,
    enforced: flag,
    state,
    stored: flag.describe('Whether it survives a restart.'),
  }),
  UnbanAnswer: object<protocol.UnbanAnswer>({
    unbanned: bans,
    covering: bans.describe('Bans of wider ranges, which stand and still shut the address out.'),
  }),
  ImportAnswer: object<protocol.ImportAnswer>({
    imported: count,
    already: count,
    ended: count,
    protected: z.array(
      object<protocol.ImportAnswer['protected'][number]>({ address: text, jail: text, reason: text }),
    ),
    unknownJails: z.record(z.string(), count),
    state,
    stored: flag,
  }),
  AllowedAddress: allowedAddress,
  AllowedAddresses: z.array(allowedAddress),
  NeverBanned: z.array(
    object<protocol.NeverBanned>({
      address: text.describe('Or a domain, or the path of a program that is asked.'),
      jail: text.nullable(),
      reason: text,
    }),
  ),
  AllowAnswer: object<protocol.AllowAnswer>({ allowed: allowedAddress, unbanned: bans, stored: flag }),
  DisallowAnswer: object<protocol.DisallowAnswer>({
    removed: z.array(allowedAddress),
    protected: text.nullable().describe('Why it is not banned all the same; null: it may be banned now.'),
    stored: flag,
  }),
  TeardownAnswer: object<protocol.TeardownAnswer>({ removed: texts, problems: texts }),
  NotifyTestAnswer: object<protocol.NotifyTestAnswer>({ delivered: flag, detail: text }),
  Reload: reload,
  Why: why,
  History: object<protocol.HistoryAnswer>({
    bans: z.array(pastBan),
    next: count.nullable().describe('`before` of the next page; null: this is the last.'),
  }),
  Event: event,
  Events: z.array(event),
  Jails: z.array(
    object<protocol.ListedJail>({
      name: text,
      origin: z.enum(['configuration', 'api', 'labels']),
      running: flag,
      options: z
        .record(z.string(), z.unknown())
        .nullable()
        .describe(
          "As they were given over the API; of labels, as they hold; null: they are the configuration's.",
        ),
    }),
  ),
  JailChange: object<protocol.JailChange>({
    jail: text,
    outcome: z.enum(['added', 'changed', 'unchanged', 'removed']),
    changes: texts,
  }),
  Error: object<protocol.ErrorAnswer>({
    error,
    errors: z.array(error).exactOptional().describe('All of them, where there are several.'),
  }),
} as const;

export type AnswerName = keyof typeof answers;
