import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Address, Ban, EvidenceLine, PastBan, UnbanReason } from '../core/types.ts';

/** Rows deleted at a time: some milliseconds of work, after which there is another commit. */
const purgeSize = 1_000;

/** Ended bans that are kept for their own sake, and bans whose lines are: 20 MiB of ordinary ones. A flood has more. */
const mostEnded = 100_000;
const mostEvidence = 20_000;

/** How often (seconds) it is looked whether there are more ended bans than that, which takes some milliseconds. */
const lookEvery = 60;

/** Bans of one page: some 10 ms of work. */
const pageSize = 5_000;

/** Of one address. */
const mostOfAddress = 50;

const columns = 'rowid, jail, address, since, until, hits, count, policy, forced, ended, reason' as const;

const statements = {
  addEvidence: 'INSERT INTO evidence (jail, address, since, lines) VALUES (?, ?, ?, ?)',
  settleEvidence: 'UPDATE evidence SET since = ? WHERE since > ?',
  evidence: 'SELECT jail, since, lines FROM evidence WHERE address = ? ORDER BY id DESC LIMIT ?',
  oldEvidence: 'DELETE FROM evidence WHERE id IN (SELECT id FROM evidence WHERE since < ? LIMIT ?)',
  muchEvidence:
    'DELETE FROM evidence WHERE id IN (SELECT id FROM evidence WHERE id <= (SELECT max(id) FROM evidence) - ? LIMIT ?)',
  page: `SELECT ${columns} FROM bans WHERE rowid < ? ORDER BY rowid DESC LIMIT ?`,
  ofAddress: `SELECT ${columns} FROM bans WHERE address = ? ORDER BY since DESC LIMIT ?`,
  surplus: 'SELECT ended FROM bans WHERE ended IS NOT NULL ORDER BY ended DESC LIMIT 1 OFFSET ?',
  purge: 'DELETE FROM bans WHERE rowid IN (SELECT rowid FROM bans WHERE ended < ? LIMIT ?)',
} as const;

/** How long what is over is kept, in seconds. */
export interface Retention {
  /** Ended bans are kept so long for who asks, they and the lines that led to them, as far as there is room. */
  readonly history: number;
  /** Whether lines are kept at all. */
  readonly evidence: boolean;
}

const usualRetention: Retention = { history: 30 * 86_400, evidence: true };

/** Some bans, the newest first. */
export interface HistoryPage {
  readonly bans: readonly PastBan[];
  /** Where to go on, or null: these were the last. */
  readonly next: number | null;
}

/** What the database knows of bans that are over, and why there were any. */
export class History {
  readonly #statements: Readonly<Record<keyof typeof statements, StatementSync>>;
  readonly #retention: Partial<Retention>;
  /** What ended before is more than is kept. */
  #surplus = Number.NEGATIVE_INFINITY;
  #looked = Number.NEGATIVE_INFINITY;

  constructor(database: DatabaseSync, retention: Partial<Retention>) {
    this.#retention = retention;
    const prepared = Object.entries(statements).map(([name, text]) => [name, database.prepare(text)]);
    this.#statements = Object.fromEntries(prepared) as Record<keyof typeof statements, StatementSync>;
  }

  addEvidence({ jail, address, since }: Ban, lines: readonly EvidenceLine[]): void {
    this.#statements.addEvidence.run(jail, address, since, JSON.stringify(lines));
  }

  /** Bans that lay ahead of a clock that was set back have begun now, and so have their lines. */
  settleEvidence(now: number, ahead: number): void {
    this.#statements.settleEvidence.run(now, ahead);
  }

  /** Where to go on: `before`; null: at the newest. */
  page(before: number | null): HistoryPage {
    const rows = this.#statements.page.all(before ?? Number.MAX_SAFE_INTEGER, pageSize);
    const last = rows.at(-1)?.['rowid'];
    return { bans: rows.map(pastBanOf), next: rows.length < pageSize ? null : Number(last) };
  }

  /** The newest first. */
  ofAddress(address: Address): PastBan[] {
    return this.#statements.ofAddress.all(address, mostOfAddress).map(pastBanOf);
  }

  /** The lines behind the bans of an address. */
  evidenceOf(address: Address): StoredEvidence[] {
    return this.#statements.evidence.all(address, mostOfAddress).map(({ jail, since, lines }) => ({
      jail: String(jail),
      since: Number(since),
      lines: JSON.parse(String(lines)) as EvidenceLine[],
    }));
  }

  /** Deletes some of what is of no use any more. `counting`: bans that are over count for so many seconds. */
  purge(now: number, counting: number): void {
    const { history, evidence } = { ...usualRetention, ...this.#retention };
    this.#look(now);
    const kept = Math.max(now - history, this.#surplus);
    this.#statements.purge.run(Math.min(now - counting, kept), purgeSize);
    const oldest = evidence ? now - history : Number.MAX_VALUE;
    this.#statements.oldEvidence.run(oldest, purgeSize);
    this.#statements.muchEvidence.run(mostEvidence, purgeSize);
  }

  #look(now: number): void {
    if (Math.abs(now - this.#looked) < lookEvery) return;
    this.#looked = now;
    const ended = this.#statements.surplus.get(mostEnded)?.['ended'];
    this.#surplus = ended === undefined ? Number.NEGATIVE_INFINITY : Number(ended);
  }
}

export interface StoredEvidence {
  readonly jail: string;
  /** When the ban began. */
  readonly since: number;
  readonly lines: readonly EvidenceLine[];
}

function pastBanOf(row: Readonly<Record<string, unknown>>): PastBan {
  const seconds = (value: unknown): number | null => (value === null ? null : Number(value));
  return {
    address: String(row['address']),
    jail: String(row['jail']),
    since: Number(row['since']),
    until: seconds(row['until']),
    hits: Number(row['hits']),
    count: Number(row['count']),
    policy: String(row['policy']),
    forced: row['forced'] === 1,
    ended: seconds(row['ended']),
    reason: row['reason'] === null ? null : (String(row['reason']) as UnbanReason),
  };
}
