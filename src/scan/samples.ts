import { BailiffError } from '../core/errors.ts';
import type { FilterDefinition, Sample } from '../core/filter.ts';
import { compileFilter } from './filters/compile.ts';
import type { Filter, Judgement } from './filters/filter.ts';
import { Scan } from './scan.ts';

/** What the samples' dates without a year are read by, in seconds: the samples stay true next year. */
const sampleNow = Date.parse('2026-11-23T00:00:00Z') / 1_000;

/** What a filter yields where its own samples say otherwise; none where all is well. */
export function checkSamples(definition: FilterDefinition): readonly BailiffError[] {
  const filter = compileFilter(definition);
  return definition.samples.flatMap((sample, index) => {
    const problem = problemOf(sample, filter);
    if (problem === null) return [];
    const where = `filter ${definition.name}, sample ${sample.number ?? index + 1}`;
    return [
      new BailiffError('filter-sample', problem, { where, remedy: `The line: ${sample.line.slice(0, 200)}` }),
    ];
  });
}

/** The places of the expressions or rules that decide a sample. */
export function sampledExpressions(definition: FilterDefinition): ReadonlySet<number> {
  const filter = compileFilter(definition);
  const judged = definition.samples.map((sample) => judgeSample(sample, filter));
  return new Set(judged.flatMap(({ yields, expression }) => (yields === 'ignored' ? [] : expression)));
}

function problemOf(sample: Sample, filter: Filter): string | null {
  const { expression: _, ...found } = judgeSample(sample, filter);
  const expected = {
    yields: sample.yields,
    host: sample.host ?? '',
    user: sample.user ?? found.user,
    session: sample.session ?? found.session,
    time: sample.time === undefined ? found.time : Date.parse(sample.time) / 1_000,
  };
  for (const key of Object.keys(expected) as (keyof typeof expected)[]) {
    if (key === 'time' && Math.abs(Number(expected.time) - Number(found.time)) < 0.001) continue;
    if (expected[key] !== found[key]) {
      return `${key} should be ${JSON.stringify(expected[key])} and is ${JSON.stringify(found[key])}`;
    }
  }
  return null;
}

/** Through the same scan as the daemon's, prefilter included. */
function judgeSample(sample: Sample, filter: Filter) {
  const found: { judgement: Judgement; time: number }[] = [];
  const scan = new Scan([filter], { timeZone: 'UTC' });
  const reading = { now: sampleNow, transport: null, undated: sampleNow };
  scan.block(Buffer.from(`${sample.line}\n`), reading, (_filter, judgement, time) => {
    found.push({ judgement, time });
  });
  const [only] = found;
  if (only === undefined)
    return { yields: 'miss', host: '', user: '', session: '', time: null, expression: [] };
  const { kind, host, user, session, expression } = only.judgement;
  const named = kind === 'ignored' ? '' : host;
  return { yields: kind, host: named, user, session, time: only.time, expression: [expression] };
}
