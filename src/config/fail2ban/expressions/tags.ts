import { LocatedText } from './located-text.ts';

const ip4 = String.raw`(?:::f{4,6}:)?(?P<ip4>\d{1,3}(?:\.\d{1,3}){3})`;
const ip6 = '(?P<ip6>(?:::|[0-9A-Fa-f]{1,4}::?){1,7}(?:[0-9A-Fa-f]{1,4}|(?<=:):))';
const dns = String.raw`(?P<dns>[\w.^-]*\w)`;
const cidr = String.raw`(?P<cidr>\d+)`;
const address = String.raw`\[?(?:${ip4}|${ip6})\]?`;

/** What fail2ban puts in place of a tag (server/failregex.py of 1.0 and 1.1), by tags without their brackets. */
const expressions: ReadonlyMap<string, string> = new Map(
  Object.entries({
    IP4: ip4,
    IP6: ip6,
    DNS: dns,
    ADDR: address,
    CIDR: cidr,
    SUBNET: String.raw`\[?(?:${ip4}|${ip6})(?:/${cidr})?\]?`,
  }),
);
const emptyTags: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'F-ID/': String.raw`(?P<fid>\S+)`,
    'F-PORT/': String.raw`(?P<fport>\w+)`,
  }),
);
const host = `(?:${address}|${dns})`;

/** A field of fail2ban's whose group has another name than its tag. */
const renamed: ReadonlyMap<string, string> = new Map(Object.entries({ id: 'fid', port: 'fport' }));

/**
 * Replaces fail2ban's tags by what they stand for, and writes `((?i)…)` and `(?:(?i)…)` as `(?i:…)`, as it does.
 * What it does not know it leaves as it is, and so does this.
 * @param names whether `<HOST>` may be a name as well: `usedns` is not `no`
 */
export function expandTags(expression: string, names: boolean): LocatedText {
  const tags = new Tags(names);
  return new LocatedText(expression)
    .replaced(/<\/?[\p{L}\p{N}_-]+\/?>/gu, ([tag]) => tags.expressionOf(tag))
    .replaced(/(?<!\\)\((?:\?:)?\(\?([a-z]+)\)/g, ([, flags]) => `(?${flags}:`);
}

/** The field of fail2ban's that a tag or a group's name stands for. */
export function fieldOf(name: string): string {
  return renamed.get(name.toLowerCase()) ?? name.toLowerCase();
}

class Tags {
  readonly #names: boolean;
  readonly #opened = new Set<string>();
  #skips = 0;

  constructor(names: boolean) {
    this.#names = names;
  }

  expressionOf(tag: string): string {
    const name = tag.slice(1, -1);
    if (name === 'HOST') return this.#names ? host : address;
    if (name === 'SKIPLINES') return String.raw`\n(?P<skiplines${this.#skips++}>(?:.*\n)*?)`;
    const known =
      emptyTags.get(name) ?? expressions.get(name) ?? expressions.get(/^F-(.*)\/$/.exec(name)?.[1] ?? '');
    return known ?? this.#field(tag, name);
  }

  /** `<F-USER>` opens a group, and `</F-USER>` ends it if it was opened. */
  #field(tag: string, name: string): string {
    const [, end, field] = /^(\/?)F-([A-Z0-9_-]+)$/.exec(name) ?? [];
    if (field === undefined) return tag;
    if (end === '/') return this.#opened.has(field) ? ')' : tag;
    this.#opened.add(field);
    return `(?P<${fieldOf(field)}>`;
  }
}
