/** Where a date stands, in characters, and the characters on both sides of its ends; `''` where there is none. */
export interface DateBounds {
  readonly from: number;
  readonly to: number;
  readonly before: string;
  readonly first: string;
  readonly final: string;
  readonly after: string;
}

/** Where fail2ban expects the first date. */
export const noBounds: DateBounds = {
  from: 1,
  to: 0x7fffffff,
  before: '',
  first: '',
  final: '',
  after: '',
};

/** Whether these are bounds, as they were stored. */
export function areBounds(bounds: unknown): bounds is DateBounds {
  const { from, to, ...neighbours } = (bounds ?? {}) as Partial<DateBounds>;
  const texts = [neighbours.before, neighbours.first, neighbours.final, neighbours.after];
  return [from, to].every(Number.isSafeInteger) && texts.every((text) => typeof text === 'string');
}

const pairs = /[\ud800-\udbff][\udc00-\udfff]/;
const alphanumeric = /[\p{L}\p{N}]/u;

/** Whether a text has characters of two code units: then Python counts other places than JavaScript. */
export function isWide(text: string): boolean {
  return pairs.test(text);
}

export function boundsAt(line: string, from: number, to: number, wide: boolean): DateBounds {
  const characters = wide ? [...line] : line;
  const at = (place: number): string => characters[place] ?? '';
  return { from, to, before: at(from - 1), first: at(from), final: at(to - 1), after: at(to) };
}

/**
 * Whether what stands at the same place of another line may be a date of the same form: at each end the characters on
 * one side are the same, and those inside count only if they are no letter or digit.
 */
export function areAlike(one: DateBounds, other: DateBounds): boolean {
  return (
    (one.before === other.before || (one.first === other.first && isMark(one.first))) &&
    (one.after === other.after || (one.final === other.final && isMark(one.final)))
  );
}

function isMark(character: string): boolean {
  return character !== '' && !alphanumeric.test(character);
}

/** From a place in characters to the one in code units. */
export function unitsOf(text: string, characters: number): number {
  let at = 0;
  for (let count = 0; count < characters && at < text.length; count++)
    at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return at;
}

/** The reverse of `unitsOf`. */
export function charactersOf(text: string, units: number): number {
  return [...text.slice(0, units)].length;
}
