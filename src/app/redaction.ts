/** In place of what was masked. */
const mask = '***';

/** What goes on with one of these goes on as the same word. */
const wordCharacter = /[\p{L}\p{N}_]/u;

/** Fields in which filters keep what somebody typed. */
const typedField = /user|login|pass|account/i;

/** Values beside a name that tells of them: `user=bob`, `?password=x&token=y`. */
const namedValues = /((?:user|login|pass|pwd|secret|token|key)\w{0,16}=)(?:"[^"]*"?|[^\s"'&;,)]+)/giu;

/** As OpenSSH names users that may not be there, also in lines of which the filter takes no user. */
const namedUsers = /\b((?:invalid|illegal|authenticating) user )\S+/giu;

/** Values of a request's query. */
const queryValues = /([?&][^\s"'=&?]{1,64}=)[^\s"'&]+/gu;

/**
 * A line without what people typed: passwords land in user names, and tokens in requests. `typed` is what the filter
 * found to be such. Where it cannot be found in the line (it may be written in another way there), only the fact that
 * there was a line is left.
 */
export function redacted(line: string, typed: readonly string[]): string {
  let text = line;
  for (const each of typed) {
    const masked = without(text, each);
    if (masked !== null) text = masked;
    else if (isEscaped(line)) return mask;
  }
  return [queryValues, namedValues, namedUsers].reduce(
    (masked, values) => masked.replaceAll(values, `$1${mask}`),
    text,
  );
}

/** What of a match's fields somebody typed: the user, and what is named like one. */
export function typedIn(fields: Readonly<Record<string, string>>): string[] {
  const typed = Object.entries(fields).flatMap(([name, value]) =>
    typedField.test(name) && value !== '' ? [value] : [],
  );
  // The longest first: one may be a part of another.
  return [...new Set(typed)].sort((a, b) => b.length - a.length);
}

/** Lines of JSON may write a character in several ways. */
const isEscaped = (line: string): boolean => line.trimStart().startsWith('{');

/** null: it does not stand there. */
function without(line: string, typed: string): string | null {
  const written = JSON.stringify(typed).slice(1, -1);
  const forms = written === typed ? [typed] : [written, typed];
  const found = forms.filter((form) => line.includes(form));
  if (found.length === 0) return null;
  return found.reduce(masking, line);
}

/** Masks a text wherever it stands as a whole: `a` is no part of `failed`. */
function masking(line: string, text: string): string {
  let masked = '';
  let from = 0;
  for (let at = line.indexOf(text); at >= 0; at = line.indexOf(text, at)) {
    const end = at + text.length;
    if (isWord(line[at - 1], text[0]) || isWord(text.at(-1), line[end])) {
      at += 1;
      continue;
    }
    masked += line.slice(from, at) + mask;
    from = end;
    at = end;
  }
  return masked + line.slice(from);
}

/** Whether a word goes on from one character to the next. */
function isWord(before = '', after = ''): boolean {
  return wordCharacter.test(before) && wordCharacter.test(after);
}
