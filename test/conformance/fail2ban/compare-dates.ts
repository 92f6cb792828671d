import assert from 'node:assert/strict';
import { readDatePattern } from '../../../src/config/fail2ban/dates/date-pattern.ts';
import type { DateTemplate } from '../../../src/core/date-template.ts';
import { BailiffError } from '../../../src/core/errors.ts';
import { fail2banZoneMinutes } from '../../../src/core/fail2ban-zones.ts';
import { Fail2banDates, plainSearch } from '../../../src/scan/filters/fail2ban-dates.ts';
import { type Answer, type DateOracle, type DateRequest, machineZone } from './dates-oracle.ts';

export type DateOutcome =
  /** Both found the same in all lines: a date in so many, of which so many have a time. */
  | { readonly lines: number; readonly dates: number; readonly times: number; readonly endless: number }
  /** Both refused the pattern. */
  | 'refused'
  /** JavaScript cannot express it, which was said. */
  | 'untranslatable';

/** What is refused because JavaScript cannot do it, and not because Python does not take it. */
const limits = /cannot be translated|would not hold|cannot be referred to elsewhere|cannot be named/;

/** Fails where fail2ban finds another date than we do, or at another place, or reads another time. */
export async function compareDates(
  oracle: DateOracle,
  request: DateRequest,
  year: number,
  where: string,
): Promise<DateOutcome> {
  const expected = await oracle.find(request);
  const label = `${where}: ${JSON.stringify(request.datepattern)} ${request.logtimezone ?? ''}`;
  const templates = readOrError(request.datepattern, year);
  if (templates instanceof BailiffError) {
    if ('error' in expected) return 'refused';
    assert.match(templates.message, limits, `${label} is refused: ${templates.describe()}`);
    return 'untranslatable';
  }
  if ('error' in expected) assert.fail(`${label} is taken, but fail2ban says ${expected.error}`);
  const logMinutes = request.logtimezone === null ? null : fail2banZoneMinutes(request.logtimezone);
  const dates = new Fail2banDates(templates.map(plainSearch), { timeZone: machineZone, logMinutes });
  const tally = { lines: 0, dates: 0, times: 0, endless: 0 };
  for (const [index, [line, now]] of request.lines.entries()) {
    const wanted: Answer = expected.dates[index] ?? null;
    const found = dates.find(line, now);
    // It has learned half of what there was to learn.
    if (wanted === 'failed') break;
    if (wanted === 'endless') {
      tally.endless++;
      continue;
    }
    const place = `${label}, line ${index + 1} at ${now}: ${JSON.stringify(line)}`;
    assert.deepEqual(found === null ? null : [found.start, found.end], wanted?.cut ?? null, place);
    tally.lines++;
    if (found === null || wanted === null) continue;
    tally.dates++;
    const { time } = found;
    const same = time === null ? wanted.times.length === 0 : wanted.times.includes(time);
    assert.ok(same, `${place}: ${time}, but fail2ban reads ${wanted.times.join(' or ') || 'nothing'}`);
    if (time !== null) tally.times++;
  }
  return tally;
}

function readOrError(datepattern: string | null, year: number): readonly DateTemplate[] | BailiffError {
  try {
    return readDatePattern(datepattern, year);
  } catch (thrown) {
    if (thrown instanceof BailiffError) return thrown;
    throw thrown;
  }
}
