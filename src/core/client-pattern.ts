import { formatRange, parseRange, type Range } from './address.ts';
import { readPlainEntry } from './ignore-entry.ts';

/** What a client pattern of hosts_access(5) means here. */
export interface ClientPattern {
  /** `untold`: it depends on what is not known here, and stands for nobody. */
  readonly kind: 'range' | 'name' | 'everybody' | 'untold';
  /** A name or domain in lower case; of the others as it was written. */
  readonly text: string;
  readonly range?: Range;
  readonly problem?: string;
}

/** Wider ones are half of the internet, or more; fc00::/7, which is private, is not. */
const widest = { 4: 8, 6: 7 } as const;

const wildcards: Readonly<Record<string, string>> = {
  LOCAL: 'names without a dot are not told apart here',
  KNOWN: 'nearly everybody has a name',
  UNKNOWN: 'whoever attacks may have no name',
  PARANOID: 'whoever attacks may have a false name',
};

export function readClient(word: string): ClientPattern {
  const text = word.replace(/^ALL@/i, '');
  const upper = text.toUpperCase();
  if (upper === 'ALL' || text === '*') return { kind: 'everybody', text: word };
  const meant = wildcards[upper];
  if (meant !== undefined) return untold(word, meant);
  if (text.startsWith('@')) return untold(word, 'netgroups are not looked up here');
  if (text.includes('@')) return untold(word, 'who the client says that he is (RFC 931) does not count here');
  if (text.startsWith('/')) return untold(word, 'a file of patterns names no other');
  const numbers = readNumbers(text);
  if (typeof numbers === 'string') return untold(word, numbers);
  if (numbers !== null) {
    if (numbers.bits < widest[numbers.family]) return { kind: 'everybody', text: word };
    return { kind: 'range', text: word, range: numbers };
  }
  const name = readPlainEntry(text.replace(/^\*(?=\.)/, ''));
  return name === undefined
    ? untold(word, 'it is no address, network, name or domain that is understood here')
    : { kind: 'name', text: name };
}

function untold(text: string, problem: string): ClientPattern {
  return { kind: 'untold', text, problem };
}

/** An address or network as one may write it there; a text says what is wrong with one, null that it is none. */
function readNumbers(text: string): Range | string | null {
  const prefix = /^((?:\d{1,3}\.){1,3})\*?$/.exec(text)?.[1];
  if (prefix !== undefined) {
    const parts = prefix.split('.').slice(0, -1);
    const bytes = [...parts, ...Array(4 - parts.length).fill('0')];
    return parseRange(`${bytes.join('.')}/${parts.length * 8}`);
  }
  const six = /^\[([\da-f:.]+)\](?:\/(\d{1,3}))?$/i.exec(text);
  if (six !== null) return exactly(six[1] ?? '', six[2] === undefined ? 128 : Number(six[2]));
  if (text.includes(':')) return parseRange(text) ?? 'it is no address';
  const [, net = '', mask] = /^([\d.]+)(?:\/([\d.]+))?$/.exec(text) ?? [];
  if (net === '') return null;
  const bits = mask === undefined ? 32 : bitsOf(mask);
  return bits === null ? 'its mask is none of a network' : exactly(net, bits);
}

/** libwrap compares what is left of an address under the mask with the network as it is written. */
function exactly(net: string, bits: number): Range | string {
  const [range, address] = [parseRange(`${net}/${bits}`), parseRange(net)];
  if (range === null || address === null) return 'it is no address';
  const lowest = formatRange({ ...range, bits: address.bits });
  return lowest === formatRange(address) ? range : `it names nobody: of that network it is ${lowest}`;
}

/** A length, or 255.255.255.0. */
function bitsOf(mask: string): number | null {
  if (/^\d{1,2}$/.test(mask)) return Number(mask);
  const bytes = parseRange(mask)?.bytes;
  if (bytes?.length !== 4) return null;
  const digits = bytes.map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return /^1*0*$/.test(digits) ? digits.replaceAll('0', '').length : null;
}
