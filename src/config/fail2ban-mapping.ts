import { parseFormula } from '../core/ban-formula.ts';
import { BailiffError, messageOf } from '../core/errors.ts';
import type { Fail2banExpression, Fail2banFilterDefinition } from '../core/fail2ban-filter.ts';
import { fail2banZoneMinutes } from '../core/fail2ban-zones.ts';
import { normalizePorts, type PortRange, type Protocol } from '../core/policy.ts';
import { matchesWildcard } from '../core/wildcard.ts';
import { type EnforcementUse, kindOfAction } from './fail2ban/action-kind.ts';
import { compileFail2banFilter } from './fail2ban/compile.ts';
import { parseIgnoreCache } from './fail2ban/ignore-cache.ts';
import { showPlace } from './fail2ban/place.ts';
import { problemAt, type Remark } from './fail2ban/problem.ts';
import type { Services } from './fail2ban/services.ts';
import type { SourcedText } from './fail2ban/traced-text.ts';
import type { Fail2banAction, Fail2banIgnored, Fail2banJail, Fail2banPort } from './fail2ban/types.ts';
import { journalMatchOf } from './journal-match.ts';
import { encodingOf } from './readers.ts';
import { type JailOptions, jailName } from './schema.ts';
import { quote } from './show.ts';
import type { UsualSources } from './usual-sources.ts';

/** The filter of one of fail2ban's jails among all filters. No other can have the name: it has a slash. */
export function fail2banFilterName(jail: string): string {
  return `fail2ban/${jail}`;
}

/** What a jail of fail2ban's comes to here. */
export interface MappedJail {
  readonly jail: Fail2banJail;
  readonly options: JailOptions;
  /** Named by `fail2banFilterName`. */
  readonly filter: Fail2banFilterDefinition;
  /** What is not honoured, or otherwise. */
  readonly remarks: readonly Remark[];
}

export interface MappingParts {
  /** Where fail2ban writes its own log: a jail that reads it counts bans. */
  readonly ownLog: string | null;
  readonly services: Services;
  /** Whether commands of action.d may run. */
  readonly allowActions: boolean;
  /** Of files and the journal, what this machine has. */
  readonly present: (sources: UsualSources) => UsualSources;
}

/** Those of the jails that can be run, and for each of the others what keeps it from that. */
export function mapJails(
  jails: readonly Fail2banJail[],
  parts: MappingParts,
): { readonly mapped: readonly MappedJail[]; readonly problems: readonly BailiffError[] } {
  const mapped: MappedJail[] = [];
  const problems: BailiffError[] = [];
  for (const jail of jails) {
    try {
      mapped.push(mapJail(jail, parts));
    } catch (error) {
      if (!(error instanceof BailiffError)) throw error;
      problems.push(error);
    }
  }
  return { mapped, problems };
}

/** @throws BailiffError fail2ban-invalid, for what keeps the jail from being run */
export function mapJail(jail: Fail2banJail, parts: MappingParts): MappedJail {
  return new Mapping(jail, parts).run();
}

const longestFindtime = 100 * 365.25 * 86_400;
const mostRetries = 10_000;

class Mapping {
  readonly #jail: Fail2banJail;
  readonly #parts: MappingParts;
  readonly #remarks: Remark[] = [];

  constructor(jail: Fail2banJail, parts: MappingParts) {
    this.#jail = jail;
    this.#parts = parts;
  }

  run(): MappedJail {
    const { name, at } = this.#jail;
    if (!jailName.test(name)) {
      const remedy = 'Rename it: at most 64 letters, digits, dots, dashes and underscores.';
      throw problemAt(at, `${quote(name)} cannot name a jail here`, remedy);
    }
    const options: JailOptions = {
      enabled: true,
      filter: fail2banFilterName(name),
      ...this.#sources(),
      ...this.#limits(),
      ...this.#increment(),
      ignoreip: this.#ignored(),
      ...this.#enforcement(),
      ...this.#reading(),
    };
    return { jail: this.#jail, options, filter: this.#filter(), remarks: this.#remarks };
  }

  #filter(): Fail2banFilterDefinition {
    const { name, at, filter } = this.#jail;
    if (filter === null) throw problemAt(at, 'the jail has no filter', 'Set filter, or leave it off.');
    const definition = compileFail2banFilter(filter);
    if (definition.expressions.some(countsIds))
      this.#remark('its filter finds ids (<F-ID>): only those that are addresses can be banned', at);
    return { ...definition, name: fail2banFilterName(name) };
  }

  /** Each option that is not set in fail2ban's configuration falls back to Bailiff's default. */
  #limits(): JailOptions {
    const { maxRetry, findTime, banTime, at } = this.#jail;
    const within = (value: number, least: number, most: number, option: string): number => {
      const taken = Math.min(most, Math.max(least, value));
      if (taken !== value) this.#remark(`${option}: ${value} is taken as ${taken}`, at);
      return taken;
    };
    return {
      ...(maxRetry === null ? {} : { maxretry: within(maxRetry, 1, mostRetries, 'maxretry') }),
      ...(findTime === null ? {} : { findtime: within(findTime, 1, longestFindtime, 'findtime') }),
      ...(banTime === null
        ? {}
        : { bantime: banTime === 'forever' ? null : within(banTime, 1, longestFindtime, 'bantime') }),
    };
  }

  #increment(): JailOptions {
    const { increment } = this.#jail;
    const { enabled, factor, formula, multipliers, maxTime, randomTime, overallJails } = increment;
    for (const each of [factor, formula]) if (each !== null) requireFormula(each);
    return {
      'bantime.increment': enabled,
      ...(factor === null ? {} : { 'bantime.factor': factor.text }),
      ...(formula === null ? {} : { 'bantime.formula': formula.text }),
      ...(multipliers.length === 0 ? {} : { 'bantime.multipliers': multipliers }),
      ...(maxTime === null ? {} : { 'bantime.maxtime': maxTime }),
      ...(randomTime === null ? {} : { 'bantime.rndtime': randomTime }),
      'bantime.overalljails': overallJails,
    };
  }

  #ignored(): string[] {
    const { ignore, at } = this.#jail;
    if (!ignore.self) this.#remark("ignoreself: the host's own addresses are never banned", at);
    for (const file of ignore.files)
      if (!file.startsWith('/'))
        this.#remark(`ignoreip: file:${file} is no absolute path, and is not read`, at);
    const { command, cache } = ignore;
    if (command !== null && !this.#parts.allowActions)
      this.#remark('its ignorecommand is not run, and spares nobody: set fail2ban.allow-actions', command.at);
    if (cache !== null) parseIgnoreCache(cache);
    return ignoreEntries(ignore);
  }

  #sources(): JailOptions {
    const { backend, logPaths, at, filter } = this.#jail;
    const { ownLog } = this.#parts;
    const journal = journalMatchOf(filter?.journalMatch.map(({ words }) => words) ?? []);
    if (journal === null)
      throw problemAt(at, 'the journalmatch holds what is no FIELD=value', 'Correct it in the filter.');
    if (backend.options.size > 0)
      this.#remark('the options of its backend are not read: see journal-directory', at);
    if (backend.kind === 'systemd') {
      if (journal.flat().some((term) => ownTerms.test(term)))
        return this.#countsBans("fail2ban's entries in the journal");
      if (journal.length > 0) return { journal };
      this.#remark(
        'it reads the whole journal, since neither the jail nor its filter has a journalmatch',
        at,
      );
      return { journal: wholeJournal };
    }
    const isOwn = (path: string) => ownLog !== null && matchesWildcard(path, ownLog);
    const logpath = this.#files().filter((path) => !isOwn(path));
    if (logPaths.some(({ path }) => isOwn(path)))
      return { ...this.#countsBans(String(ownLog)), ...(logpath.length === 0 ? {} : { logpath }) };
    return backend.kind === 'auto' ? this.#parts.present({ logpath, journal }) : { logpath };
  }

  #countsBans(instead: string): JailOptions {
    this.#remark(`in place of ${instead} it counts the bans of the other jails directly`, this.#jail.at);
    return { bans: ['*'] };
  }

  #files(): string[] {
    return this.#jail.logPaths.flatMap(({ path, from, at }) => {
      if (!path.startsWith('/')) {
        this.#remark(`logpath: ${quote(path)} is no absolute path, and is not read`, at);
        return [];
      }
      if (from === 'tail')
        this.#remark('"tail" has no meaning: what is older than findtime never counts', at);
      return [path];
    });
  }

  /** What its actions come to: the widest of those that shut somebody out; the others run beside, or not at all. */
  #enforcement(): JailOptions {
    const uses = this.#jail.actions.flatMap((action) => this.#useOf(action) ?? []);
    if (uses.length === 0) return { action: 'none' };
    const ports = uses.map((use) => this.#ports(use));
    const listed = ports.flatMap((each) => (each === 'all' ? [] : each));
    const all = ports.includes('all');
    return {
      action: uses.every(({ block }) => block === 'reject') ? 'reject' : 'drop',
      ports: all ? 'all' : normalizePorts(listed),
    };
  }

  #useOf(action: Fail2banAction): EnforcementUse | null {
    const kind = kindOfAction(action);
    if (kind.kind === 'enforcement') {
      const beside =
        kind.leftOut.length === 0 || kind.runs
          ? ''
          : `; ${kind.leftOut.join(', ')} of its actionban is not run`;
      if (beside !== '') this.#remark(`${quote(action.name)} is done by Bailiff itself${beside}`, action.at);
      return kind;
    }
    if (kind.kind === 'python')
      this.#remark(`${quote(action.name)} is a module of fail2ban's, and cannot run here`, action.at);
    else if (kind.kind !== 'mail' && !this.#parts.allowActions)
      this.#remark(`${quote(action.name)} is not run: set fail2ban.allow-actions for that`, action.at);
    return null;
  }

  #ports(use: EnforcementUse): 'all' | PortRange[] {
    const protocols = this.#protocols(use);
    if (use.ports === 'all' || protocols.length === 0) return 'all';
    const ranges = use.ports.map((port) => this.#range(port));
    if (ranges.includes(null)) return 'all';
    return ranges.flatMap((range) => {
      if (range === null) return [];
      const [first, last] = [Math.max(1, range.from), range.to];
      return protocols.map((protocol): PortRange => ({ protocol, first, last }));
    });
  }

  #protocols({ ports, protocols }: EnforcementUse): Protocol[] {
    const known: readonly Protocol[] = ['tcp', 'udp'];
    if (protocols === 'all') return [...known];
    const named = known.filter((protocol) => protocols.includes(protocol));
    if (named.length === 0 && ports !== 'all')
      this.#remark(`its protocol ${protocols.join(', ')} has no ports here: all are shut`, this.#jail.at);
    return named;
  }

  #range(port: Fail2banPort): { from: number; to: number } | null {
    if (!('service' in port)) return port;
    const number = this.#parts.services.port(port.service);
    if (number !== null) return { from: number, to: number };
    this.#remark(`port: no service ${quote(port.service)} is known here; all ports are shut`, this.#jail.at);
    return null;
  }

  #reading(): JailOptions {
    const { logEncoding, logTimezone, at } = this.#jail;
    const encoding = logEncoding === null ? 'utf-8' : encodingOf(logEncoding);
    if (encoding === undefined)
      this.#remark(`logencoding: ${quote(logEncoding ?? '')} is not known; read as UTF-8`, at);
    const zone = logTimezone === null ? null : zoneOf(logTimezone);
    if (zone === null && logTimezone !== null)
      this.#remark(`logtimezone: ${quote(logTimezone)} is not known, and not heeded`, at);
    return {
      ...(encoding === undefined ? {} : { encoding }),
      ...(zone === null ? {} : { 'time-zone': zone }),
    };
  }

  #remark(text: string, at: Remark['at']): void {
    this.#remarks.push({ at, jail: this.#jail.name, text });
  }
}

function countsIds({ groups }: Fail2banExpression): boolean {
  return groups.some(({ meaning }) => meaning === 'id');
}

/** What fail2ban itself writes to the journal. */
const ownTerms = /^(?:_SYSTEMD_UNIT=fail2ban\.service|(?:SYSLOG_IDENTIFIER|_COMM)=fail2ban)/;

/** As our `ignoreip` has them (core/ignore-entry.ts). */
export function ignoreEntries({ ranges, names, files }: Fail2banIgnored): string[] {
  const paths = files.filter((file) => file.startsWith('/'));
  return [...ranges, ...names.map((name) => name.toLowerCase()), ...paths.map((file) => `file:${file}`)];
}

/** Nearly all of it: journald gives a priority to all that came by syslog or from a service's output. */
const wholeJournal = [Array.from({ length: 8 }, (_, priority) => `PRIORITY=${priority}`)];

function requireFormula({ text, at }: SourcedText): void {
  try {
    parseFormula(text);
  } catch (error) {
    const remedy =
      'Numbers, ban.Time, ban.Count, banFactor, arithmetic, min, max and some of math are understood.';
    throw problemAt(at, `the formula ${quote(text)} is not understood: ${messageOf(error)}`, remedy);
  }
}

/** fail2ban's zone as an offset of ours, `+02:00`; null for what it does not know. */
function zoneOf(text: string): string | null {
  const minutes = fail2banZoneMinutes(text.trim().toUpperCase());
  if (minutes === null) return null;
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(hours)}:${two(rest)}`;
}

/** A remark on one line, with the place that it is about. */
export function describeRemark({ at, jail, text }: Remark): string {
  return `${showPlace(at)}${jail === null ? '' : `, jail ${jail}`}: ${text}`;
}
