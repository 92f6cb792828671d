import type { EarlierBan, NextBan, WhyAnswer, WhyBan, WhyWindow } from '../control/protocol.ts';
import {
  countedAddress,
  covers,
  familyOf,
  formatRange,
  parseRange,
  rangeAround,
  requireAddress,
} from '../core/address.ts';
import type { Allowlist } from '../core/allowlist.ts';
import { BanTimes } from '../core/ban-increment.ts';
import { unenforced } from '../core/policy.ts';
import type { Address, Ban, Clock, EvidenceLine } from '../core/types.ts';
import type { Enforcer } from '../enforce/enforcer.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Evidence } from './evidence.ts';
import { countedBy, type JailEntry, type Jails, weightOf } from './jails.ts';
import type { Policies } from './policies.ts';
import { portsOf } from './status.ts';

export interface WhyParts {
  readonly allowlist: Allowlist;
  readonly clock: Clock;
  readonly enforcer: Pick<Enforcer, 'status'>;
  readonly evidence: Pick<Evidence, 'kept'>;
  readonly jails: Jails;
  readonly ledger: Ledger;
  readonly policies: Pick<Policies, 'publishedBy'>;
}

/** Bans inside a range that are named. */
const mostInside = 20;

/** Why an address or a range is banned, or is not; without what the kernel has to say of it. @throws BailiffError address-invalid */
export function explain(text: string, parts: WhyParts): WhyAnswer {
  const address = requireAddress(text);
  const counted = countedAddress(address);
  // Of an attacker in the owner's own /64 the address alone is counted.
  const names = [...new Set([address, counted])];
  const records = names.map((name) => parts.ledger.recordOf(name));
  const standing = around(address, parts.ledger);
  const ranges = new Set(standing.map((ban) => ban.address).filter((each) => !names.includes(each)));
  const evidence = [...records, ...[...ranges].map((range) => parts.ledger.recordOf(range))].flatMap(
    (record) => record.evidence,
  );
  const linesOf = ({ jail, since }: Ban): readonly EvidenceLine[] =>
    evidence.find((each) => each.jail === jail && each.since === since)?.lines ?? [];
  const bans = standing.map(
    (ban): WhyBan => ({
      ...ban,
      ports: portsOf(ban.policy, parts.policies),
      counts: countedBy(parts.jails.get(ban.jail)),
      evidence: linesOf(ban),
      dropped: null,
    }),
  );
  const earlier = records
    .flatMap((record) => record.bans)
    .filter(({ ended }) => ended !== null)
    .map(
      (ban): EarlierBan => ({ ...ban, counts: countedBy(parts.jails.get(ban.jail)), evidence: linesOf(ban) }),
    )
    .sort((a, b) => b.since - a.since);
  const windows = [...parts.jails.all()].flatMap((entry) =>
    [...names, ...rangeOf(counted, entry)].flatMap((name) => windowOf(name, entry, parts)),
  );
  const protectedBy = protectionOf(address, parts);
  const { backend, state, detail } = parts.enforcer.status();
  const known = new Set([...bans, ...earlier, ...windows].map(({ jail }) => jail));
  return {
    address,
    counted,
    verdict: verdictOf({
      bans,
      protectedBy,
      windows: windows.filter((each) => names.includes(each.address)),
    }),
    enforcement: { backend, state, detail },
    bans,
    inside: insideOf(address, bans, parts.ledger),
    protectedBy,
    windows,
    earlier,
    next: [...known].flatMap((jail) => nextBan(parts.jails.get(jail), counted, parts.ledger)),
    dropsUnknown: null,
  };
}

function verdictOf({
  bans,
  protectedBy,
  windows,
}: Pick<WhyAnswer, 'bans' | 'protectedBy' | 'windows'>): WhyAnswer['verdict'] {
  if (bans.length > 0) return 'banned';
  if (protectedBy.some(({ jail }) => jail === null)) return 'protected';
  return windows.length > 0 ? 'counted' : 'free';
}

/** The bans of an address and of all ranges around it: they are looked up by name, whatever their number. */
export function around(address: Address, { active }: Ledger): Ban[] {
  const range = parseRange(address);
  if (range === null) return [];
  const found: Ban[] = [];
  for (let bits = range.bits; bits >= 0; bits--) {
    const wider = parseRange(`${formatRange({ ...range, bits: fullBits(address) })}/${bits}`);
    if (wider !== null) found.push(...active.ofAddress(formatRange(wider)));
  }
  return found;
}

const fullBits = (address: Address): number => (familyOf(address) === 4 ? 32 : 128);

function insideOf(address: Address, bans: readonly Ban[], { active }: Ledger): WhyAnswer['inside'] {
  if (!address.includes('/')) return { count: 0, bans: [] };
  const named = new Set(bans.map((ban) => ban.address));
  const inside = [...active.all()].filter((ban) => !named.has(ban.address) && covers(address, ban.address));
  return { count: inside.length, bans: inside.slice(0, mostInside) };
}

function protectionOf(address: Address, { allowlist, jails }: WhyParts): WhyAnswer['protectedBy'] {
  const common = allowlist.entry(address);
  if (common !== null) return [{ jail: null, entry: common.range, reason: common.reason }];
  return [...jails.all()].flatMap(({ jail }) => {
    const own = allowlist.entry(address, jail.allow);
    return own === null ? [] : [{ jail: jail.limits.name, entry: own.range, reason: own.reason }];
  });
}

/** The range as which a jail counts an address; none where it counts the address itself. */
function rangeOf(address: Address, { configuration: { ranges } }: JailEntry): Address[] {
  const range = ranges === null ? null : rangeAround(address, ranges);
  return range === null ? [] : [range];
}

/** What a jail counts of an address or range now: what is older than its findtime counts for nothing. */
function windowOf(address: Address, entry: JailEntry, { clock, evidence }: WhyParts): WhyWindow[] {
  const { jail } = entry;
  const { name, maxretry, findtime } = jail.limits;
  const from = clock.now() - findtime;
  const times = jail.windows.timesOf(address).filter((time) => time >= from);
  const [oldest] = times;
  const newest = times.at(-1);
  if (oldest === undefined || newest === undefined) return [];
  const window = { jail: name, address, counts: countedBy(entry), hits: times.length, maxretry, findtime };
  const out = { nextOut: oldest + findtime, lastOut: newest + findtime };
  return [{ ...window, ...out, evidence: evidence.kept(name, address, from) }];
}

function nextBan(entry: JailEntry | undefined, counted: Address, ledger: Ledger): NextBan[] {
  if (entry === undefined || entry.policy === unenforced) return [];
  const { name, bantime, increment, maxretry } = entry.jail.limits;
  const { enabled, overalljails, forget, rndtime } = increment;
  const [address = counted] = rangeOf(counted, entry);
  const times = new BanTimes(increment, () => 0);
  const inJail = ledger.bansBefore(address, name, false, forget);
  const before = overalljails ? ledger.bansBefore(address, name, true, forget) : inJail;
  const seconds = times.after(before, bantime);
  const more = enabled && before > 0 && seconds !== null ? rndtime : 0;
  const attempts = Math.ceil(maxretry / weightOf(entry, inJail));
  const growth = enabled ? { ban: before + 1, ofAll: overalljails, forget } : null;
  return [{ jail: name, address, seconds, more, attempts, counts: countedBy(entry), growth }];
}
