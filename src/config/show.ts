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

/**
 * Control characters, line ends and direction marks as escapes: a label may hold any of them, and
 * must not rewrite the terminal or the log that it is shown in.
 */
export function plain(text: string): string {
  return visible(text.replace(/["\\]/g, '\\$&'));
}

/** The same for text that is not quoted: a line of a log, an expression. */
export function visible(text: string): string {
  return text.replace(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`,
  );
}
