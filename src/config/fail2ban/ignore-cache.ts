import { quote } from '../show.ts';
import { fail2banSeconds } from './duration.ts';
import { parseReference } from './option-list.ts';
import { problemAt } from './problem.ts';
import { type SourcedText, TracedText } from './traced-text.ts';
import { integerOf } from './values.ts';

/** How a jail keeps what its ignorecommand has answered. */
export interface IgnoreCache {
  /** Attempts for which this comes to the same get the same answer; holds tags. */
  readonly key: string;
  /** Answers that are kept. */
  readonly maxCount: number;
  /** Seconds. */
  readonly maxTime: number;
}

/** fail2ban's own. */
const usualCount = '100';
const usualTime = '5m';

/**
 * Reads `key="<ip>", max-count=100, max-time=5m`.
 * @throws BailiffError fail2ban-invalid
 */
export function parseIgnoreCache({ text, at }: SourcedText): IgnoreCache {
  const { options } = parseReference(TracedText.of(`ignorecache[${text}]`, at));
  const key = options.get('key')?.text ?? '';
  const maxCount = integerOf(options.get('max-count')?.text ?? usualCount);
  const maxTime = fail2banSeconds(options.get('max-time')?.text ?? usualTime);
  if (key === '' || maxCount === null || maxCount < 1 || maxTime === null || maxTime < 0) {
    const remedy = 'Write key="<ip>", max-count=100, max-time=5m.';
    throw problemAt(at, `ignorecache: ${quote(text)} does not say how answers are kept`, remedy);
  }
  return { key, maxCount, maxTime };
}
