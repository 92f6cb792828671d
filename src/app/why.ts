import type { EarlierBan, NextBan, WhyAnswer, WhyBan, WhyWindow } from '../control/protocol.ts';
import {
  countedAddress,
  covers,
  familyOf,
  formatRange,
  parseRange,
  requireAddress,
} from '../core/address.ts';
import type { Allowlist } from '../core/allowlist.ts';
import { BanTimes } from '../core/ban-increment.ts';
import { unenforced } from '../core/policy.ts';
import type { Address, Ban, Clock, EvidenceLine } from '../core/types.ts';
import type { Enforcer } from '../enforce/enforcer.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Evidence } from './evidence.ts';
import type { JailEntry, Jails } from './jails.ts';
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

/** Why an address or a range is banned, or is not. @throws BailiffError address-invalid */
export function explain(text: string, parts: WhyParts): WhyAnswer {
  const address = requireAddress(text);
  const counted = countedAddress(address);
  // Of an attacker in the owner's own /64 the address alone is counted.
  const names = [...new Set([address, counted])];
  const records = names.map((name) => parts.ledger.recordOf(name));
  const evidence = records.flatMap((record) => record.evidence);
  const linesOf = ({ jail, since }: Ban): readonly EvidenceLine[] =>
    evidence.find((each) => each.jail === jail && each.since === since)?.lines ?? [];
  const bans = around(address, parts.ledger).map(
    (ban): WhyBan => ({ ...ban, ports: portsOf(ban.policy, parts.policies), evidence: linesOf(ban) }),
  );
  const earlier = records
    .flatMap((record) => record.bans)
    .filter(({ ended }) => ended !== null)
    .map((ban): EarlierBan => ({ ...ban, evidence: linesOf(ban) }))
    .sort((a, b) => b.since - a.since);
  const windows = names.flatMap((name) => windowsOf(name, parts));
  const protectedBy = protectionOf(address, parts);
  const { backend, state, detail } = parts.enforcer.status();
  const known = new Set([...bans, ...earlier, ...windows].map(({ jail }) => jail));
  return {
    address,
    counted,
    verdict: verdictOf({ bans, protectedBy, windows }),
    enforcement: { backend, state, detail },
    bans,
    inside: insideOf(address, bans, parts.ledger),
    protectedBy,
    windows,
    earlier,
    next: [...known].flatMap((jail) => nextBan(parts.jails.get(jail), counted, parts.ledger)),
    dropped: null,
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

/** What each jail counts of an address now: what is older than its findtime counts for nothing. */
function windowsOf(address: Address, { jails, clock, evidence }: WhyParts): WhyWindow[] {
  const now = clock.now();
  return [...jails.all()].flatMap(({ jail }) => {
    const { name, maxretry, findtime } = jail.limits;
    const times = jail.windows.timesOf(address).filter((time) => time >= now - findtime);
    const [oldest] = times;
    const newest = times.at(-1);
    if (oldest === undefined || newest === undefined) return [];
    return {
      jail: name,
      hits: times.length,
      maxretry,
      findtime,
      nextOut: oldest + findtime,
      lastOut: newest + findtime,
      evidence: evidence.kept(name, address, now - findtime),
    };
  });
}

function nextBan(entry: JailEntry | undefined, address: Address, ledger: Ledger): NextBan[] {
  if (entry === undefined || entry.policy === unenforced) return [];
  const { name, bantime, increment, maxretry } = entry.jail.limits;
  const times = new BanTimes(increment, () => 0);
  const inJail = ledger.bansBefore(address, name, false);
  const before = increment.overalljails ? ledger.bansBefore(address, name, true) : inJail;
  const seconds = increment.enabled ? times.after(before, bantime) : bantime;
  const grows = increment.enabled && before > 0 && seconds !== null;
  const attempts = Math.ceil(maxretry / times.attemptsAfter(inJail, maxretry));
  return [{ jail: name, seconds, more: grows ? increment.rndtime : 0, attempts }];
}
