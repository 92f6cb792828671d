/**
 * What a group of a date holds, by the letters that strptime(3) gives it: `y` and `Y` years, `m` `b` `B` months, `d` a day,
 * `H` and `I` hours of 24 and of 12, `p` am or pm, `M` minutes, `S` seconds, `f` a fraction, `a` `A` `w` weekdays, `j` a day
 * of the year, `U` and `W` weeks that begin on Sunday and on Monday, `z` and `Z` zones.
 */
export type DateField =
  | ('y' | 'Y' | 'm' | 'b' | 'B' | 'd' | 'H' | 'I' | 'p' | 'M' | 'S')
  | ('a' | 'A' | 'w' | 'j' | 'U' | 'W' | 'z' | 'Z');

/**
 * One way to write a date, in fail2ban's terms: plain data, nothing compiled. config/fail2ban/dates/ makes it of a
 * `datepattern`, scan/filters/fail2ban-dates.ts finds dates with it.
 */
export interface DateTemplate {
  /** As fail2ban shows it; no two of a datepattern have the same. */
  readonly name: string;
  /** A JavaScript expression, to be searched for. */
  readonly source: string;
  readonly flags: 'u';
  /** Stands at the beginning or the end of a line: what it finds counts wherever the last date stood. */
  readonly anchored: boolean;
  /** By how much a hit raises it among the others. */
  readonly weight: number;
  /** The number of the group that is cut out of the line. It may take no part in a match, or be empty. */
  readonly cut: number;
  /** The group ends where the match does, wherever it takes part. */
  readonly cutEndsMatch: boolean;
  /** The time depends on nothing but the text that is cut out, wherever there is one. */
  readonly cutHoldsValue: boolean;
  /** What is found may depend on more of the line before it than one character. */
  readonly looksBack: boolean;
  /**
   * Of an anchored one: an expression. Where it does not match the first characters of a line, the same is found in all
   * lines that begin so. Null where that is not known.
   */
  readonly sight: string | null;
  readonly value: DateValue;
}

export type DateValue =
  /** Groups by what they hold, in the order in which they stand: of two that say the same the later counts. */
  | { readonly kind: 'calendar'; readonly groups: readonly (readonly [field: DateField, group: number])[] }
  /** Seconds since 1970. `long`: with 13 digits and more milliseconds, with 16 and more microseconds. */
  | { readonly kind: 'epoch'; readonly long: boolean; readonly group: number }
  /** `@` and 24 hexadecimal digits, which the group that is cut out holds. */
  | { readonly kind: 'tai64n' };
