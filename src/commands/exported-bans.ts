import * as z from 'zod';
import type { ImportedBan } from '../control/protocol.ts';
import { canonicalAddress } from '../core/address.ts';
import { BailiffError, messageOf } from '../core/errors.ts';
import type { Ban } from '../core/types.ts';

/** What `bailiff export bans` writes. Times are seconds since the epoch; an `until` of null is for ever. */
export interface ExportedBans {
  /** The form of this file. */
  readonly bailiff: 'bans';
  readonly bans: readonly Pick<Ban, 'address' | 'jail' | 'since' | 'until' | 'hits' | 'count'>[];
}

export function exportForm(bans: readonly Ban[]): ExportedBans {
  return {
    bailiff: 'bans',
    bans: bans.map(({ address, jail, since, until, hits, count }) => {
      return { address, jail, since, until, hits, count };
    }),
  };
}

const ban = z.object({
  address: z.string().max(64),
  jail: z.string().max(64),
  since: z.number(),
  until: z.number().nullable(),
  hits: z.int().nonnegative(),
  count: z.int().positive().default(1),
});
const exported = z.object({ bailiff: z.literal('bans'), bans: z.array(ban) });
/** As `banned --json` has them. */
const listed = z.array(ban);

export interface ReadBans {
  readonly bans: readonly ImportedBan[];
  readonly unusable: readonly { readonly id: string; readonly jail: string; readonly why: string }[];
}

/** Reads such a file. @throws BailiffError bans-unreadable */
export function readExportedBans(text: string, path: string): ReadBans {
  const value = parsed(text, path);
  const read = Array.isArray(value) ? listed.safeParse(value) : exported.safeParse(value);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw unreadable(path, `it is no list of bans: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
  }
  const bans = Array.isArray(read.data) ? read.data : read.data.bans;
  const usable = bans.map((each) => ({ ...each, canonical: canonicalAddress(each.address) }));
  return {
    bans: usable.flatMap(({ canonical: address, jail, since, until, hits: failures, count: bancount }) =>
      address === null ? [] : [{ address, jail, since, until, failures, bancount }],
    ),
    unusable: usable.flatMap(({ canonical, address: id, jail }) =>
      canonical === null ? [{ id, jail, why: 'it is no address' }] : [],
    ),
  };
}

function parsed(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unreadable(path, messageOf(cause), cause);
  }
}

function unreadable(path: string, message: string, cause?: unknown): BailiffError {
  return new BailiffError('bans-unreadable', message, {
    where: path,
    remedy: "Name a file of `bailiff export bans`, or fail2ban's database.",
    ...(cause === undefined ? {} : { cause }),
  });
}
