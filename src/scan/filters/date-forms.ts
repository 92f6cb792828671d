import { abbreviations } from './zone-abbreviations.ts';

/** What a form's groups are called, and what `DateReader` makes of them. */
export type PartName =
  | 'year'
  /** Of this century. */
  | 'shortYear'
  | 'month'
  /** `Jan` to `Dec`. */
  | 'name'
  | 'day'
  /** Day and month in an order that countries do not agree on. */
  | 'dayOrMonth'
  | 'monthOrDay'
  | 'hour'
  | 'minute'
  | 'second'
  | 'fraction'
  /** AM or PM. */
  | 'half'
  /** An offset, an abbreviation, or Z. */
  | 'zone'
  /** An IANA name. */
  | 'region'
  /** Seconds, milli-, micro- or nanoseconds since 1970. */
  | 'epoch'
  /** Seconds and nanoseconds of a TAI64N label, in hexadecimal. */
  | 'tai'
  | 'taiNanoseconds';

/** The parts of a date as text; those that the form does not have are absent. */
export type DateParts = { readonly [name in PartName]?: string };

/** One way to write a date. */
export class DateForm {
  readonly #regexp: RegExp;
  readonly #names: readonly PartName[];

  /** `source` has named groups only, all of them `PartName`s. They are read by number, which is faster. */
  constructor(source: string) {
    const names: PartName[] = [];
    const numbered = source.replace(/\(\?<(\w+)>/g, (_group, name: PartName) => {
      names.push(name);
      return '(';
    });
    this.#names = names;
    this.#regexp = new RegExp(numbered, 'y');
  }

  /** The date that begins at `start`, or null. */
  read(line: string, start: number): { readonly parts: DateParts; readonly text: string } | null {
    this.#regexp.lastIndex = start;
    const match = this.#regexp.exec(line);
    if (match === null) return null;
    const parts: { [name in PartName]?: string } = {};
    for (let index = 0; index < this.#names.length; index++) {
      const name = this.#names[index];
      const text = match[index + 1];
      if (name !== undefined && text !== undefined) parts[name] = text;
    }
    return { parts, text: match[0] };
  }
}

export const monthNames = 'Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec';

const year = String.raw`(?<year>\d{4})`;
const month = String.raw`(?<month>\d\d)`;
const name = `(?<name>${monthNames})`;
const day = String.raw`(?<day>\d{1,2})`;
const weekday = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const seconds = String.raw`(?<minute>\d\d):(?<second>\d\d)(?:[.,](?<fraction>\d{1,9}))?`;
const clock = String.raw`(?<hour>\d\d):${seconds}`;
/** Perhaps of twelve hours; since 2023 Java and browsers put a narrow no-break space before AM. */
const eitherClock = String.raw`(?<hour>\d{1,2}):${seconds}(?:[ \xa0\u202f]?(?<half>[AaPp]\.?[Mm]\b\.?))?`;
const offset = String.raw`[+-]\d\d(?::?\d\d)?(?!:?\d)`;
const spacedOffset = String.raw`[+-]\d\d:?\d\d`;
const abbreviation = [...abbreviations.keys()].join('|');
/** `Z`, `+01:00`, ` +0100`, ` CET`; Java writes the region too: `+01:00[Europe/Berlin]`. */
const zone = String.raw`(?:(?<zone>[Zz]|${offset}| (?:${spacedOffset}|${abbreviation})(?!\w))(?:\[(?:UTC|GMT|Z|[A-Z][A-Za-z_]+/[\w/+-]{1,48})\])?)?`;
/** No date goes on like this: it would be something else, or another form. */
const end = String.raw`(?!\w|[+-]\d)`;

const forms = (...sources: readonly string[]): readonly DateForm[] =>
  sources.map((source) => new DateForm(`${source}${end}`));

const iso = String.raw`${year}[-/]${month}[-/](?<day>\d\d)(?:[Tt ]| - )${clock}${zone}`;

/** Behind three letters and a space. */
const wordForms = forms(
  // asctime: Sun Nov  5 03:04:05.123 2026; date(1): Sun Nov  5 03:04:05 CET 2026
  `${weekday} ${name} {1,2}${day} ${clock}(?<zone> (?:${abbreviation}))? ${year}`,
  // RFC 3164: Nov  5 03:04:05; Cisco: Nov  5 03:04:05.123 UTC:
  `(?:${weekday} )?${name} {1,2}${day} ${clock}(?<zone> (?:${abbreviation})(?=:))?`,
  // Nov  5 2026 03:04:05
  `(?:${weekday} )?${name} {1,2}${day} ${year} ${clock}`,
  // java.util.logging: Nov 22, 2026 4:02:01 PM
  `${name} ${day}, ${year},? ${eitherClock}`,
  // systemd: Sun 2026-11-22 16:02:01 CET
  `${weekday} ${iso}`,
);

/** Behind one or two digits. */
const slashForms = forms(
  // CLF: 22/Nov/2026:16:02:01 +0000; Python: 22/Nov/2026 16:02:01
  `${day}/${name}/${year}[: ]${clock}${zone}`,
  // 22/11/2026 16:02:01, 11/22/2026, 4:02:01 PM, 22/11/2026:16:02:01 +0100
  String.raw`(?<dayOrMonth>\d{1,2})/(?<monthOrDay>\d{1,2})/${year}(?:, ?|[ :])${eitherClock}${zone}`,
  // Suricata: 11/22/2026-16:02:01.123456
  String.raw`${month}/(?<day>\d\d)/${year}-${clock}`,
);
const hyphenForms = forms(
  // Tomcat, BIND: 22-Nov-2026 16:02:01.123; PHP: 22-Nov-2026 16:02:01 Europe/Berlin
  `${day}-${name}-${year} ${clock}(?: (?<region>[A-Z][A-Za-z_]+/[A-Za-z_/+-]{1,40})|${zone})`,
  String.raw`(?<dayOrMonth>\d{1,2})-(?<monthOrDay>\d{1,2})-${year}(?:, ?|[ :])${eitherClock}${zone}`,
);
// 22.11.2026 16:02:01: nobody writes the month first with dots.
const dotForms = forms(String.raw`${day}\.(?<month>\d{1,2})\.${year}(?:, ?|[ T])${clock}${zone}`);
// Redis: 22 Nov 2026 16:02:01.123
const spaceForms = forms(`${day} ${name} ${year} ${clock}${zone}`);

/**
 * Which forms a date can have that begins like this: with so many digits, or so many letters behind an
 * `L`, and then this character. So a line is tried with few forms, however many there are.
 */
const formsByLead: ReadonlyMap<string, readonly DateForm[]> = new Map([
  ['L3 ', wordForms],
  // RFC 5322: Sun, 22 Nov 2026 16:02:01 +0100
  ['L3,', forms(`${weekday}, ${day} ${name} ${year} ${clock}${zone}`)],
  // RFC 3339, ISO 8601, and nginx's 2026/11/22 16:02:01
  // and MariaDB from 10.1 on: 2026-11-22  6:02:01
  ['4-', forms(iso, String.raw`${year}-${month}-(?<day>\d\d)  (?<hour>\d):${seconds}`)],
  ['4/', forms(iso)],
  // 2026 Nov  5 03:04:05
  ['4 ', forms(`${year} ${name} {1,2}${day} ${clock}${zone}`)],
  // ISO 8601's basic form: 20261122T160201Z
  [
    '8T',
    forms(String.raw`${year}${month}(?<day>\d\d)T(?<hour>\d\d):?(?<minute>\d\d):?(?<second>\d\d)${zone}`),
  ],
  ['8 ', forms(String.raw`${year}${month}(?<day>\d\d) ${clock}${zone}`)],
  // MySQL before 5.7, MariaDB before 10.1: 261122  6:02:01
  ['6 ', forms(String.raw`(?<shortYear>\d\d)${month}(?<day>\d\d) {1,2}(?<hour>\d{1,2}):${seconds}`)],
  ...['1', '2'].flatMap((digits): [string, readonly DateForm[]][] => [
    [`${digits}/`, slashForms],
    [`${digits}-`, hyphenForms],
    [`${digits}.`, dotForms],
    [`${digits} `, spaceForms],
  ]),
]);

const epochForms = forms(String.raw`(?<epoch>\d{10}(?:\d{3}|\d{6}|\d{9})?(?:\.\d{1,9})?)`);
// TAI64N, https://cr.yp.to/libtai/tai64.html: 2^62 and the seconds
const taiForms = forms('@4(?<tai>[\\da-f]{15})(?<taiNanoseconds>[\\da-f]{8})');
// klog: I1122 16:02:01.123456
const klogForms = forms(String.raw`[DIWEF]${month}(?<day>\d\d) ${clock}`);
const none: readonly DateForm[] = [];

const at = 0x40;

/** The forms that a date which begins at `start` may have. */
export function formsAt(line: string, start: number): readonly DateForm[] {
  const first = line.charCodeAt(start);
  if (first === at) return taiForms;
  if (isDigit(first)) {
    const digits = lengthOf(line, start, isDigit);
    return digits < 10 ? (formsByLead.get(`${digits}${line[start + digits]}`) ?? none) : epochForms;
  }
  if (!isLetter(first)) return none;
  if (isDigit(line.charCodeAt(start + 1))) return klogForms;
  const letters = lengthOf(line, start, isLetter);
  return formsByLead.get(`L${letters}${line[start + letters]}`) ?? none;
}

/** How many characters from `start` on are of a kind, counted up to 20. */
function lengthOf(line: string, start: number, isOfKind: (code: number) => boolean): number {
  let length = 0;
  while (length < 20 && isOfKind(line.charCodeAt(start + length))) length++;
  return length;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isLetter(code: number): boolean {
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

/** What can follow a date and a space and still belong to it. */
export const continuation = new RegExp(
  String.raw`[+-]?\d|(?:${abbreviation})(?!\w)|[AaPp]\.?[Mm]\b|[A-Z][A-Za-z_]+/`,
  'y',
);
