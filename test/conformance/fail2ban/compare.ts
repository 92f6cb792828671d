import assert from 'node:assert/strict';
import { type Translation, translate } from '../../../src/config/fail2ban/expressions/translate.ts';
import { BailiffError } from '../../../src/core/errors.ts';
import type { Match, MatchRequest, Oracle, Span } from './oracle.ts';

export type Outcome =
  /** Both took it, and found the same in all texts in which Python comes to an end: a match in so many. */
  | { readonly compared: number; readonly matches: number }
  /** Both refused it. */
  | 'refused'
  /** JavaScript cannot express it, which was said. */
  | 'untranslatable';

/** What is refused because JavaScript cannot do it, and not because Python does not take it. */
const limits = /cannot be translated|would not hold|cannot be referred to elsewhere|cannot be named/;

/** Fails where fail2ban's own regular expressions find something else than the translation, in any of the texts. */
export async function compare(oracle: Oracle, request: MatchRequest, where: string): Promise<Outcome> {
  const expected = await oracle.match(request);
  const translated = translatedOrError(request);
  const label = `${where}: ${JSON.stringify(request.expression)}`;
  if (translated instanceof BailiffError) {
    if ('error' in expected) return 'refused';
    assert.match(translated.message, limits, `${label} is refused: ${translated.describe()}`);
    return 'untranslatable';
  }
  if ('error' in expected) assert.fail(`${label} is taken, but fail2ban says ${expected.error}`);
  const regexp = new RegExp(translated.source, `${translated.flags}d`);
  let compared = 0;
  let matches = 0;
  for (const [index, text] of request.texts.entries()) {
    const wanted: Match | null | 'endless' | undefined = expected.matches[index];
    if (wanted === 'endless') continue;
    compared++;
    if (wanted != null) matches++;
    const found = matchIn(regexp, translated, text);
    assert.deepEqual(found, wanted, `${label} as ${translated.source} on ${JSON.stringify(text)}`);
  }
  return { compared, matches };
}

export function matchIn(regexp: RegExp, { groups }: Translation, text: string): Match | null {
  const found = regexp.exec(text);
  if (found?.indices === undefined) return null;
  const spanOf = (number: number): Span | null => found.indices?.[number] ?? null;
  const span = spanOf(0);
  if (span === null) return null;
  return { span, groups: Object.fromEntries(groups.map(({ name, number }) => [name, spanOf(number)])) };
}

function translatedOrError(request: MatchRequest): Translation | BailiffError {
  try {
    return translate(request.expression, request);
  } catch (thrown) {
    if (thrown instanceof BailiffError) return thrown;
    throw thrown;
  }
}
