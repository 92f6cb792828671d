import { countedAddress, formatRange, parseRange } from '../core/address.ts';
import type { Allowlist } from '../core/allowlist.ts';
import { copied, readBatch } from '../core/batch.ts';
import { formatDuration } from '../core/duration.ts';
import { messageLine } from '../core/errors.ts';
import { targetOf, unenforced } from '../core/policy.ts';
import type { Merging, Sessions } from '../core/session.ts';
import type { Attempt } from '../core/session-merger.ts';
import type { Address, Ban, Clock, Match, MatchBatch } from '../core/types.ts';
import { wallClockMs } from '../core/wall-clock.ts';
import type { Enforcer } from '../enforce/enforcer.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { BanNews } from './ban-news.ts';
import type { Events } from './events.ts';
import type { Evidence, Seen } from './evidence.ts';
import type { HostNames } from './host-names.ts';
import type { Ineffective } from './ineffective.ts';
import { learnedKey, type ScannedSource } from './intake.ts';
import { type JailEntry, mostBansOf, weightOf } from './jails.ts';
import type { Log } from './log.ts';
import type { Neighbours } from './neighbours.ts';

/** While nothing can be stored it is tried again after this time (ms), or after so many times what trying took. */
const retryMs = 500;
const retryCosts = 20;
/** A time that lies so far ahead of the clock (seconds) is no matter of rounding. */
const farAhead = 60;
/** Attempts that may wait for DNS, or for the owner's command; clients bring more of them than can be asked for. */
const mostPending = 10_000;

export interface PipelineParts {
  readonly clock: Clock;
  readonly sessions: Sessions;
  readonly allowlist: Allowlist;
  readonly ledger: Ledger;
  readonly enforcer: Enforcer;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly ineffective: Ineffective;
  /** How the lines of a filter's sessions are merged. */
  readonly merging: (filter: string) => Merging | undefined;
  readonly names: HostNames;
  /**
   * Asks what may keep an address from being banned by a jail, and puts that on the allow list. null: there is nothing
   * to wait for. Never rejects.
   */
  readonly recognise?: (jail: JailEntry, host: Address) => Promise<void> | null;
  readonly neighbours: Neighbours;
  /** The jails that count the bans of a jail. */
  readonly counting: (jail: string) => readonly JailEntry[];
  readonly news: BanNews;
  readonly evidence: Evidence;
  readonly events: Events;
  /** Called when attempts came in, before they are judged. */
  readonly attempted: () => void;
  /** Called when bans were added. */
  readonly banned: (bans: readonly Ban[]) => void;
}

/** Where an attempt comes from: what was read, and when (ms since the epoch). */
interface Origin {
  readonly source: ScannedSource;
  readonly readAtMs: number;
}

/** Attempts that are enough: of whom, the time of the last (seconds) and their number. */
interface Due {
  readonly host: Address;
  readonly time: number;
  readonly count: number;
  /** The time in the line that brought the last one, in seconds; null: no line did. */
  readonly written: number | null;
}

/** What a match says beside its address: it holds its whole batch. */
type Read = Pick<Match, 'line' | 'fields'>;

/** What counts of an attempt, and when its line was written (seconds); null: it is a ban that is counted. */
type Counted = Pick<Attempt, 'host' | 'time' | 'attempts'> & { readonly written: number | null };

/** From matches to bans: the one way a log line reaches the ledger and the kernel. */
export class Pipeline {
  readonly #parts: PipelineParts;
  #ledgerProblem: string | null = null;
  #retryAtMs = 0;
  /** Attempts that wait for an answer. */
  #pending = 0;
  /** Of bans that wait for one: the jail and the address. */
  readonly #asking = new Set<string>();

  constructor(parts: PipelineParts) {
    this.#parts = parts;
  }

  /** Why the ledger cannot be written, or null. Protection goes on without it, but a restart would forget. */
  get ledgerProblem(): string | null {
    return this.#ledgerProblem;
  }

  /** Judges one batch. The ban is stored before the kernel is told; both before the next batch. */
  judge(batch: MatchBatch, source: ScannedSource): void {
    const { ledger, sessions } = this.#parts;
    const decided: Ban[] = [];
    const from = { source, readAtMs: batch.readAtMs };
    try {
      for (const match of readBatch(batch)) {
        const filter = source.filters[match.filter] ?? '';
        const merging = this.#parts.merging(filter);
        const attempt = sessions.merge(`${source.cursorKey}\n${filter}`, match, merging);
        if (attempt === null) continue;
        this.#parts.attempted();
        const jails = source.jailsOf(match.filter);
        // Of fail2ban's filters this may be a name, or what no program has checked.
        const host = merging === 'fail2ban' ? loggedAddress(attempt.host) : attempt.host;
        if (host === null) {
          this.#resolve(attempt, jails, from, match);
          continue;
        }
        const known = host === attempt.host ? attempt : { ...attempt, host };
        for (const jail of jails) decided.push(...this.#take(jail, known, from, match));
      }
    } finally {
      // Also after a fault: what was counted before it must not be counted again.
      // Without any place stored, a restart would not know what came after it.
      const isFirst = ledger.cursor(source.cursorKey) === null;
      ledger.moveCursor(source.cursorKey, batch.cursor);
      if (batch.learned !== undefined) ledger.moveCursor(learnedKey(source.cursorKey), batch.learned);
      if (isFirst || decided.length > 0) this.commit();
      if (decided.length > 0) this.#tell(decided, batch.readAtMs);
    }
  }

  /** The host is a name: its addresses are judged once they are known, which no other line waits for. */
  #resolve(attempt: Attempt, jails: readonly JailEntry[], from: Origin, read: Match): void {
    if (this.#pending >= mostPending) return;
    // The match itself holds its whole batch.
    const match = { line: copied(read.line, 0, read.line.length), fields: read.fields };
    this.#later(this.#parts.names.addresses(attempt.host), from, (addresses) => {
      const decided = addresses.flatMap((host) =>
        jails.flatMap((jail) => this.#take(jail, { ...attempt, host }, from, match)),
      );
      this.#conclude(decided, from);
    });
  }

  /** Judges an attempt now, or after the jail's command was asked. Returns the bans that it led to now. */
  #take(jail: JailEntry, attempt: Attempt, from: Origin, match: Read): Ban[] {
    const { name } = jail.jail.limits;
    if (jail.ignores === null || !this.#mayCount(jail, attempt.host))
      return this.#judgeAttempt(jail, attempt, from, match);
    if (this.#pending >= mostPending) return [];
    const read = { line: match.line, fields: match.fields };
    const { host, fields, line } = seenIn(read, attempt, from.source);
    const { time, attempts } = attempt;
    const asked = jail.ignores({ host, time, fields, failures: attempts, matches: [line] });
    this.#later(asked, from, (answer) => {
      if (answer === 'ignored') this.#parts.metrics.protectedHits.inc({ jail: name });
      else if (answer === 'counts') this.#conclude(this.#judgeAttempt(jail, attempt, from, read), from);
    });
    return [];
  }

  /** Whether it is worth asking whom to pass over: not for who is protected or banned already. */
  #mayCount({ jail }: JailEntry, host: Address): boolean {
    const { allowlist, ledger } = this.#parts;
    if (allowlist.reason(host, jail.allow) !== null) return false;
    const banned = [host, countedAddress(host)].some((each) => ledger.active.get(jail.limits.name, each));
    return !banned;
  }

  /** Goes on with what is known later, while other lines go on; what it throws is a fault of our own, and costs this attempt. */
  #later<Known>(known: Promise<Known>, { source }: Origin, goOn: (known: Known) => void): void {
    this.#pending += 1;
    known
      .then(goOn)
      .catch((error: unknown) =>
        this.#parts.log.error({ source: source.id, error: messageLine(error) }, 'lines could not be judged'),
      )
      .finally(() => {
        this.#pending -= 1;
      });
  }

  /** What was decided after its batch. */
  #conclude(decided: readonly Ban[], { readAtMs }: Origin): void {
    if (decided.length === 0) return;
    this.commit();
    this.#tell(decided, readAtMs);
  }

  #tell(bans: readonly Ban[], readAtMs: number): void {
    this.#enforce(bans, readAtMs);
    this.#parts.banned(bans);
    for (const { jail, address } of bans) this.#parts.evidence.forget(jail, address);
  }

  /**
   * Stores what waits: at once for a verdict and for the first place in a log, else by a timer. Returns whether it
   * could. While it cannot, a flood of verdicts does not try at each of them; `last`: there is no later.
   */
  commit(last = false): boolean {
    const started = performance.now();
    if (this.#ledgerProblem !== null && started < this.#retryAtMs && !last) return false;
    const { ledger, log, metrics } = this.#parts;
    const damages = ledger.damages.length;
    const { dirty } = ledger;
    try {
      ledger.commit();
      if (dirty) metrics.checkpoints.observe((performance.now() - started) / 1_000);
      for (const damage of ledger.damages.slice(damages)) log.error({ damage }, 'another database is begun');
      if (this.#ledgerProblem !== null) log.info('bans are stored again');
      this.#ledgerProblem = null;
      return true;
    } catch (error) {
      const problem = messageLine(error);
      metrics.checkpointFailures.inc();
      if (this.#ledgerProblem === null) log.error({ error: problem }, 'ledger cannot be written');
      this.#ledgerProblem = problem;
      this.#retryAtMs = started + Math.max(retryMs, retryCosts * (performance.now() - started));
      return false;
    }
  }

  /** Counts one attempt in one jail. Returns the ban if it led to one, and those that followed from it. */
  #judgeAttempt(entry: JailEntry, attempt: Attempt, from: Origin, read: Read): Ban[] {
    const { allowlist, ledger, metrics } = this.#parts;
    const { source } = from;
    const { jail } = entry;
    const { name } = jail.limits;
    const protection = allowlist.protection(attempt.host, jail.allow);
    if (protection !== null) {
      metrics.protectedHits.inc({ jail: name });
      source.hidden.protectedHit(name, attempt.host, protection);
      return [];
    }
    source.hidden.namedHit(name);
    const address = this.#bannedAs(attempt.host, entry);
    const standing = ledger.active.get(name, address);
    if (standing !== undefined) return this.#hitWhileBanned(entry, standing, attempt, source);
    // Of a match beyond its batch's budget there is no line.
    const seen = read.line === '' ? null : seenIn(read, attempt, source);
    return this.#count(entry, address, { ...attempt, written: attempt.time }, from, seen);
  }

  /** Read before the ban took hold: one burst is one ban. Later ones tell that it keeps nobody out. */
  #hitWhileBanned(
    entry: JailEntry,
    standing: Ban,
    { time, attempts }: Pick<Attempt, 'time' | 'attempts'>,
    source: ScannedSource,
  ): [] {
    const { ineffective, news, log } = this.#parts;
    this.#countHits(entry, attempts);
    if (standing.policy !== unenforced) ineffective.hit(standing, source.id, time);
    news.seenAgain(standing, time);
    log.debug({ jail: standing.jail, address: standing.address }, 'hit while banned');
    return [];
  }

  /** Counts an attempt of whom it may ban and does not yet. `seen`: what is kept of it; null: nothing. */
  #count(entry: JailEntry, address: Address, attempt: Counted, from: Origin, seen: Seen | null): Ban[] {
    const { source } = from;
    const { clock, ledger, metrics, log } = this.#parts;
    const { jail } = entry;
    const { name, maxretry, findtime } = jail.limits;
    const { enabled, forget } = jail.limits.increment;
    const before = enabled ? ledger.bansBefore(address, name, false, forget) : 0;
    const attempts = attempt.attempts * weightOf(entry, before);
    const judgement = jail.judge(address, attempt.time, attempts, clock.now());
    if (judgement.verdict === 'stale') {
      metrics.staleHits.inc({ jail: name });
      return [];
    }
    if (attempt.time - clock.now() > farAhead) metrics.futureHits.inc({ jail: name });
    const { count, time, verdict } = judgement;
    this.#countHits(entry, attempt.attempts);
    ledger.counted({ jail: name, address, time, attempts });
    if (seen !== null) this.#parts.evidence.note(name, address, seen);
    this.#parts.news.found(name, attempt.host, time);
    if (this.#parts.events.followed) {
      const found = { event: 'found', time, jail: name, address, hits: count, maxretry } as const;
      this.#parts.events.tell({ ...found, source: source.id });
    }
    log.info({ jail: name, address, count, maxretry, findtime }, 'hit');
    if (verdict !== 'ban') return [];
    // What is kept of it would hold its whole batch.
    const host = copied(attempt.host, 0, attempt.host.length);
    return this.#banOnceKnown(entry, { host, time, count, written: attempt.written }, from);
  }

  /** Now, or once it is known whether the address must not be banned. Meanwhile its attempts count. */
  #banOnceKnown(entry: JailEntry, due: Due, from: Origin): Ban[] {
    const key = `${entry.jail.limits.name}\n${due.host}`;
    if (this.#asking.has(key)) return [];
    const isRange = entry.configuration.ranges !== null;
    const asked = isRange ? null : (this.#parts.recognise?.(entry, due.host) ?? null);
    if (asked === null || this.#pending >= mostPending) return this.#ban(entry, due, from);
    this.#asking.add(key);
    const told = asked.finally(() => this.#asking.delete(key));
    this.#later(told, from, () => this.#conclude(this.#ban(entry, due, from), from));
    return [];
  }

  /** Bans whose attempts are enough. Returns the ban, and those that follow from it; none where somebody is protected. */
  #ban(entry: JailEntry, { host, time, count, written }: Due, from: Origin): Ban[] {
    const { allowlist, clock, ledger, metrics, log } = this.#parts;
    const { jail, policy } = entry;
    const { name, findtime } = jail.limits;
    const reason = allowlist.reason(host, jail.allow);
    if (reason !== null) {
      metrics.protectedHits.inc({ jail: name });
      log.info({ jail: name, address: host, reason }, 'not banned');
      return [];
    }
    const address = this.#bannedAs(host, entry);
    // While it was asked about, somebody may have banned it by hand.
    if (ledger.active.get(name, address) !== undefined) return [];
    if ((ledger.active.byJail.get(name) ?? 0) >= mostBansOf(jail.limits)) {
      log.info({ jail: name, address }, 'not banned: as many bans of this jail stand as may');
      return [];
    }
    const { enabled, overalljails, forget } = jail.limits.increment;
    const before = enabled ? ledger.bansBefore(address, name, false, forget) : 0;
    const known = enabled && overalljails ? ledger.bansBefore(address, name, true, forget) : before;
    const bantime = jail.times.after(known, jail.limits.bantime);
    const outcome = ledger.ban({
      address,
      jail: name,
      bantime,
      hits: count,
      before,
      policy,
      allow: jail.allow,
      evidence: this.#parts.evidence.kept(name, address, time - findtime),
    });
    if (outcome.outcome === 'protected')
      log.warn({ jail: name, address, reason: outcome.reason }, 'not banned');
    if (outcome.outcome !== 'banned') return [];
    entry.bans++;
    metrics.bans.inc({ jail: name });
    if (written !== null) metrics.decided(outcome.ban, written, clock.now());
    log.warn({ jail: name, address, hits: count, duration: formatDuration(bantime), policy }, 'ban');
    const { ban } = outcome;
    return [ban, ...this.#parts.counting(name).flatMap((jail) => this.#countBan(jail, ban, from))];
  }

  /** The /64 of an attacker is banned whole, unless it is also the owner's. */
  #bannedAs(host: Address, { jail }: JailEntry): Address {
    const wide = countedAddress(host);
    return this.#parts.allowlist.reason(wide, jail.allow) === null ? wide : host;
  }

  /** To a jail that counts bans, one is an attempt: of its address, or of the range around it. */
  #countBan(entry: JailEntry, ban: Ban, from: Origin): Ban[] {
    const { allowlist, ledger, metrics, log, neighbours } = this.#parts;
    const { jail } = entry;
    const { name } = jail.limits;
    const address = neighbours.countedFor(entry, ban);
    if (address === null) return [];
    const attempt = { host: address, time: ban.since, attempts: 1, written: null };
    const standing = ledger.active.get(name, address);
    if (standing !== undefined) return this.#hitWhileBanned(entry, standing, attempt, from.source);
    const reason = allowlist.reason(address, jail.allow) ?? neighbours.unaskable(entry);
    if (reason !== null) {
      metrics.protectedHits.inc({ jail: name });
      log.info({ jail: name, address, reason }, 'not counted');
      return [];
    }
    return this.#count(entry, address, attempt, from, seenOf(ban, from.source));
  }

  #countHits(entry: JailEntry, attempts: number): void {
    entry.hits += attempts;
    this.#parts.metrics.hits.inc({ jail: entry.jail.limits.name }, attempts);
  }

  #enforce(bans: readonly Ban[], readAtMs: number): void {
    for (const ban of bans) {
      this.#parts.enforcer.changed(targetOf(ban.address, ban.policy)).then(
        () => this.#parts.metrics.inKernel(ban, (wallClockMs() - readAtMs) / 1_000),
        // The enforcer has said what failed, and repairs it by itself.
        () => undefined,
      );
    }
  }
}

/** What was seen in the line of an attempt. Its fields are a JSON object of our own making. */
function seenIn({ line, fields }: Read, { host, user, time }: Attempt, { id }: ScannedSource): Seen {
  const found = fields === '' ? {} : (JSON.parse(fields) as Readonly<Record<string, unknown>>);
  const texts = Object.entries(found).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value] as const] : [],
  );
  const named = { ...(user === '' ? {} : { user }), ...Object.fromEntries(texts) };
  return { host, time, source: id, line, fields: named };
}

/** What is kept of a ban that another jail counts. */
function seenOf({ jail, address, since }: Ban, { id }: ScannedSource): Seen {
  const [host = address] = address.split('/', 1);
  return { host, time: since, source: id, line: `${address} was banned by ${jail}`, fields: {} };
}

/** Ranges that a log may name (fail2ban's <SUBNET>) are no wider than these, in bits: what a client writes must not ban half a continent. */
const widestLogged = { 4: 16, 6: 48 } as const;

/** The address, or range, that a filter of fail2ban's took for one; null where it is none. */
function loggedAddress(text: string): Address | null {
  const range = parseRange(text);
  return range === null || range.bits < widestLogged[range.family] ? null : formatRange(range);
}
