import { formatRange, parseRange } from '../../core/address.ts';
import { quote } from '../show.ts';
import { fail2banSeconds } from './duration.ts';
import type { Place } from './place.ts';
import { problemAt } from './problem.ts';
import { strip } from './python-text.ts';
import type { TracedText } from './traced-text.ts';
import type { Fail2banLogPath, Fail2banPort } from './types.ts';

const yes = ['1', 'on', 'true', 'yes'];
const no = ['0', 'off', 'false', 'no', ''];

/** A truth value; what is neither is false, which is for the caller to remark. */
export function parseFlag(text: string): { readonly value: boolean; readonly sure: boolean } {
  const lower = text.toLowerCase();
  const value = yes.includes(lower);
  return { value, sure: value || no.includes(lower) };
}

/** @throws BailiffError fail2ban-invalid */
export function parseInteger(name: string, value: TracedText): number {
  const number = integerOf(value.text);
  if (number !== null) return number;
  throw problemAt(value.at, `${name}: ${quote(value.text)} is not a whole number`, 'Write digits only.');
}

/** A whole number as Python's int() reads it; null where it is none. */
export function integerOf(value: string): number | null {
  const text = strip(value);
  const number = Number(text.replaceAll(/(?<=\d)_(?=\d)/g, ''));
  return /^[-+]?\d+(?:_\d+)*$/.test(text) && Number.isSafeInteger(number) ? number : null;
}

/** Seconds. @throws BailiffError fail2ban-invalid */
export function parseTime(name: string, value: TracedText): number {
  const seconds = fail2banSeconds(value.text);
  if (seconds !== null) return seconds;
  const remedy = 'Write seconds (600) or a number with s, m, h, d, w, mo or y (10m, 1h 30m).';
  throw problemAt(value.at, `${name}: ${quote(value.text)} is not a duration`, remedy);
}

/** The numbers of a list; fail2ban takes single spaces between them. @throws BailiffError fail2ban-invalid */
export function parseMultipliers(name: string, value: TracedText): number[] {
  if (value.text === '') return [];
  return value.text.split(' ').map((word) => {
    if (/^[-+]?\d+$/.test(word)) return Number(word);
    const remedy = 'Write whole numbers with one space between them: 1 2 4 8.';
    throw problemAt(value.at, `${name}: ${quote(word)} is not a whole number`, remedy);
  });
}

/** Words between spaces, commas and line ends. */
export function parseWords(value: TracedText): { text: string; at: Place }[] {
  return value
    .lines()
    .flatMap(({ text, at }) => text.split(/[ ,]+/).map((word) => ({ text: strip(word), at })))
    .filter(({ text }) => text !== '');
}

/** The canonical text of an address or a range, which may have a mask as 10.0.0.0/255.0.0.0; null where it is none. */
export function rangeOf(word: string): string | null {
  const [address, suffix, ...more] = word.replace(/^\[([^\]]*)\]/, '$1').split('/');
  if (address === undefined || more.length > 0) return null;
  const bits = suffix?.includes('.') === true ? maskBits(suffix) : suffix;
  if (bits === null) return null;
  const range = parseRange(bits === undefined ? address : `${address}/${bits}`);
  return range === null ? null : formatRange(range);
}

function maskBits(mask: string): string | null {
  const range = parseRange(mask);
  if (range?.family !== 4) return null;
  const bits = range.bytes.map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return /^1*0*$/.test(bits) ? String(bits.lastIndexOf('1') + 1) : null;
}

/** A name that DNS may know. */
export function isHostName(word: string): boolean {
  return (
    word.length <= 253 && /^[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*\.?$/u.test(word) && /\p{L}/u.test(word)
  );
}

/** Log files, a line each, with `head` or `tail` behind a space. @throws BailiffError fail2ban-invalid */
export function parseLogPaths(value: TracedText): Fail2banLogPath[] {
  return value
    .lines()
    .filter(({ text }) => text !== '')
    .map(({ text, at }) => {
      const space = text.lastIndexOf(' ');
      const from = space < 0 ? 'head' : text.slice(space + 1).toLowerCase();
      if (from === 'head' || from === 'tail')
        return { path: space < 0 ? text : text.slice(0, space), from, at };
      const remedy = 'Only "head" or "tail" may follow a path, and each path has a line of its own.';
      throw problemAt(at, `logpath: ${quote(from)} is neither "head" nor "tail"`, remedy);
    });
}

/** `ssh`, `http,https`, `0:65535`, `6000-6010`; null where a word is none of these. */
export function parsePorts(text: string): Fail2banPort[] | null {
  const ports: Fail2banPort[] = [];
  for (const word of text.split(/[\s,]+/).filter((part) => part !== '')) {
    const port = parsePort(word);
    if (port === null) return null;
    ports.push(port);
  }
  return ports;
}

function parsePort(word: string): Fail2banPort | null {
  const [, first, last] = /^(\d{1,5})(?:[:-](\d{1,5}))?$/.exec(word) ?? [];
  if (first === undefined) return /^[a-z][a-z\d_+.-]{0,63}$/i.test(word) ? { service: word } : null;
  const from = Number(first);
  const to = Number(last ?? first);
  return from <= to && to <= 65_535 ? { from, to } : null;
}
