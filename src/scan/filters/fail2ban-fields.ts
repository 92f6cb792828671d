import { canonicalAddress } from '../../core/address.ts';
import { type ExpressionGroup, emptySession } from '../../core/fail2ban-filter.ts';
import type { MatchKindName } from '../../core/types.ts';
import type { Judgement } from './filter.ts';
import type { Groups } from './guarded.ts';

/** The groups of an expression that give one field its text. */
interface FieldGroups {
  /** Its own group, or 0. */
  readonly value: number;
  /** The first of these that holds something counts where the own group does not. */
  readonly alternatives: readonly number[];
  /** What these hold is the field, as a tuple. */
  readonly parts: readonly number[];
}

type Fields = ReadonlyMap<string, FieldGroups>;

export function fieldsOf(groups: readonly ExpressionGroup[]): Fields {
  const names = new Set(groups.map(({ field }) => field));
  return new Map(
    [...names].map((name) => {
      const numbers = (as: ExpressionGroup['as']) =>
        groups.flatMap((group) => (group.field === name && group.as === as ? [group.number] : []));
      const [value = 0] = numbers('value');
      return [name, { value, alternatives: numbers('alternative'), parts: numbers('part') }];
    }),
  );
}

/** The fields with a meaning; the others are evidence. */
const meant = [
  ...(['ip4', 'ip6', 'dns', 'cidr', 'fid', 'user'] as const),
  ...(['mlfid', 'nofail', 'mlfforget', 'mlfgained'] as const),
] as const;
type Meant = (typeof meant)[number];

/**
 * Where a field is read: in the expression's match, and where that has no group for it in the prefix's. null: neither
 * has one.
 */
type Place = {
  readonly own: FieldGroups | undefined;
  readonly prefixed: FieldGroups | undefined;
} | null;

interface NamedPlace {
  /** Its name as a JSON object has it, behind a comma. */
  readonly member: string;
  readonly place: Place;
}

/** In place of a group's number: no group has the field, or several things have to be asked. */
const nowhere = 0;
const manywhere = -1;

/** What a match of one expression, behind one of the prefix, says. */
export class FieldReading {
  readonly #expression: number;
  readonly #places: Readonly<Record<Meant, Place>>;
  /** The one group that a field is read in, which is the usual case. */
  readonly #groups: Readonly<Record<Meant, number>>;
  readonly #evidence: readonly NamedPlace[];
  /** What the address was is told only where something else is counted and banned. */
  readonly #addresses: readonly NamedPlace[];

  /** `expression`: its place in the filter. */
  constructor(expression: number, own: Fields, prefixed: Fields) {
    this.#expression = expression;
    const place = (name: string): Place =>
      own.has(name) || prefixed.has(name) ? { own: own.get(name), prefixed: prefixed.get(name) } : null;
    this.#places = Object.fromEntries(meant.map((name) => [name, place(name)])) as Record<Meant, Place>;
    this.#groups = Object.fromEntries(meant.map((name) => [name, groupOf(place(name))])) as Record<
      Meant,
      number
    >;
    const names = new Set([...prefixed.keys(), ...own.keys()]);
    const others = [...names].filter((name) => name === 'fid' || (!isMeant(name) && name !== 'content'));
    const named = (name: string): NamedPlace => ({ member: `,${JSON.stringify(name)}:`, place: place(name) });
    this.#evidence = others.map(named);
    this.#addresses = ['ip4', 'ip6', 'dns'].filter((name) => names.has(name)).map(named);
  }

  /** `evidence`: whether other fields are wanted than those that have a meaning. */
  judgement(match: Groups, prefix: Groups, evidence: boolean): Judgement {
    const { ip4, ip6, dns, cidr, fid, user, mlfid, nofail, mlfforget, mlfgained } = this.#groups;
    const text = (group: number, name: Meant): string => this.#text(group, name, match, prefix) ?? '';
    const key = this.#text(mlfid, 'mlfid', match, prefix);
    const session = key === '' ? emptySession : (key ?? '');
    const id = text(fid, 'fid');
    const bits = text(cidr, 'cidr');
    const address = text(ip4, 'ip4') || text(ip6, 'ip6');
    // Not always an address: fail2ban takes names, and whatever a filter calls an id.
    const host = id || (address && bits ? `${address}/${bits}` : address) || text(dns, 'dns');
    const gained = session !== '' && text(mlfgained, 'mlfgained') !== '';
    return {
      kind: kindOf(gained, text(nofail, 'nofail') !== '', text(mlfforget, 'mlfforget') !== ''),
      host: canonicalAddress(host) ?? host,
      session,
      user: text(user, 'user'),
      fields: evidence || id !== '' ? this.#evidenceOf(match, prefix, id !== '') : '',
      time: null,
      expression: this.#expression,
    };
  }

  #text(group: number, name: Meant, match: Groups, prefix: Groups): string | undefined {
    if (group === manywhere) return textAt(this.#places[name], match, prefix);
    return group === nowhere ? undefined : match[group];
  }

  #evidenceOf(match: Groups, prefix: Groups, withAddress: boolean): string {
    let text = membersOf(this.#evidence, match, prefix);
    if (withAddress) text += membersOf(this.#addresses, match, prefix);
    // A name that was left out by the client is told from one that the line does not give.
    if (textAt(this.#places.user, match, prefix) === '') text += ',"user":""';
    return text === '' ? '' : `{${text.slice(1)}}`;
  }
}

function groupOf(place: Place): number {
  if (place === null) return nowhere;
  const { own } = place;
  const isOne = own !== undefined && own.value > 0 && own.alternatives.length === 0 && own.parts.length === 0;
  return isOne ? own.value : manywhere;
}

/** As members of a JSON object, each behind a comma. */
function membersOf(places: readonly NamedPlace[], match: Groups, prefix: Groups): string {
  let text = '';
  for (const { member, place } of places) {
    const value = valueAt(place, match, prefix);
    if (value !== undefined) text += member + JSON.stringify(value);
  }
  return text;
}

/** What a prefix gives the expressions to look at; '' where it does not say. */
export function contentOf(fields: Fields, prefix: Groups): string {
  return textAt({ own: fields.get('content'), prefixed: undefined }, prefix, prefix) ?? '';
}

function isMeant(name: string): name is Meant {
  return meant.some((each) => each === name);
}

function kindOf(gained: boolean, nofail: boolean, last: boolean): MatchKindName {
  if (gained) return last ? 'lastGained' : 'gained';
  if (nofail) return last ? 'lastNofail' : 'nofail';
  return last ? 'lastHit' : 'hit';
}

function textAt(place: Place, match: Groups, prefix: Groups): string | undefined {
  if (place === null) return undefined;
  const value = valueAt(place, match, prefix);
  return Array.isArray(value) ? value.join('') : value;
}

/** An expression that has a group of its own for a field decides about it, also where that took no part. */
function valueAt(place: Place, match: Groups, prefix: Groups): string | string[] | undefined {
  const { own, prefixed } = place ?? {};
  if (own !== undefined) {
    const value = valueIn(own, match);
    if (value !== undefined || own.value > 0) return value;
  }
  return prefixed === undefined ? undefined : valueIn(prefixed, prefix);
}

function valueIn(groups: FieldGroups, match: Groups): string | string[] | undefined {
  const { value, alternatives, parts } = groups;
  if (parts.length > 0) {
    const texts = parts.flatMap((number) => match[number] ?? []);
    if (texts.length > 0) return texts;
  }
  let text = value > 0 ? match[value] : undefined;
  for (let index = 0; index < alternatives.length && !text; index++)
    text = match[alternatives[index] ?? 0] ?? text;
  return text;
}
