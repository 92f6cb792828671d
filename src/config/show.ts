import { printable } from '../core/printable.ts';

const longestShown = 40;

/** A value for an error's text: shortened, quoted where it is text, safe to print. */
export function show(value: unknown): string {
  if (value === undefined || value === null || value === '') return 'nothing';
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a map';
  return String(value).slice(0, longestShown);
}

/** Text in quotes, at most `longestShown` characters of it. */
export function quote(text: string): string {
  const cut = text.length > longestShown ? `${text.slice(0, longestShown - 1)}…` : text;
  return `"${plain(cut)}"`;
}

/** Text as it stands within quotes: a label may hold anything, and must not rewrite the terminal or the log it is shown in. */
export function plain(text: string): string {
  return printable(text.replace(/["\\]/g, '\\$&'));
}
