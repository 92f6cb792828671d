import { definitionOf, placesIn, wholeOf } from '../config/filter-file.ts';
import type { FilterFile } from '../config/filter-schema.ts';
import { canonicalAddress } from '../core/address.ts';
import type { FilterDefinition, Sample } from '../core/filter.ts';
import { isBound } from '../scan/bound.ts';
import { patternsOf } from '../scan/filters/patterns.ts';
import { dangersOf } from '../scan/risks.ts';
import { checkSamples, sampledExpressions } from '../scan/samples.ts';

/** What should be otherwise in a filter. */
export interface Finding {
  /** `expression 3`, `sample 12`, a key of the file. */
  readonly where: string;
  readonly message: string;
}

/** What every filter has to keep to. */
export function findingsIn(file: FilterFile): readonly Finding[] {
  const whole = wholeOf(file);
  const dangers = dangersOf(whole).map(({ part, problem }) => ({ where: part, message: problem }));
  return [
    ...dangers,
    ...unanchored(whole),
    ...claimed(whole),
    ...inEachMode(file),
    ...whole.samples.flatMap(injectionFindings),
  ];
}

/** Expressions that a text of a client may match from anywhere to anywhere; of a field, that it is there may be asked. */
function unanchored(definition: FilterDefinition): Finding[] {
  const of = definition.kind === 'json' ? 'field' : 'line';
  const message = `is bound to neither the beginning (^) nor the end ($) of the ${of}, in each of its alternatives`;
  return patternsOf(definition).flatMap(({ name, pattern }) =>
    isBound(pattern) || (definition.kind === 'json' && pattern === '.') ? [] : [{ where: name, message }],
  );
}

/** Addresses that are read where a client writes. */
function claimed(definition: FilterDefinition): Finding[] {
  if (definition.kind !== 'json') return [];
  return definition.rules.flatMap(({ host }, place) =>
    host !== null && /header|cookie|forwarded/i.test(host)
      ? [
          {
            where: `rule ${place + 1}`,
            message: `the address is read from ${host}, which a client writes; take the field in which the server puts the client`,
          },
        ]
      : [],
  );
}

/** Samples that are not as they say, and expressions that no sample of any mode is for. */
function inEachMode(file: FilterFile): Finding[] {
  const wrong: Finding[] = [];
  const sampled = new Set<number>();
  for (const mode of file.modes ?? [null]) {
    const definition = definitionOf(file, mode);
    const places = placesIn(file, mode);
    for (const { where = '', message } of checkSamples(definition))
      wrong.push({ where: where.replace(/^.*, /, ''), message });
    for (const expression of sampledExpressions(definition)) sampled.add(places[expression] ?? -1);
  }
  const [part, parts] = file.kind === 'json' ? ['rule', file.rules] : ['expression', file.expressions];
  const message = 'decides none of the samples';
  const idle = [...parts.keys()].filter((place) => !sampled.has(place));
  return [...wrong, ...idle.map((place) => ({ where: `${part} ${place + 1}`, message }))];
}

function injectionFindings({ number, line, injected, host = '' }: Sample): Finding[] {
  if (injected === undefined) return [];
  const where = `sample ${number}`;
  if (!line.includes(injected))
    return [{ where, message: `the address ${injected} is said to be injected, and stands nowhere in it` }];
  return canonicalAddress(injected) === canonicalAddress(host) && host !== ''
    ? [{ where, message: `the injected address is the one that the line names` }]
    : [];
}

const leastHits = 6;
const leastOthers = 4;
const leastInjections = 2;

/** What the filters that come with Bailiff have to keep to beyond. `known`: the names of all of them. */
export function shippedFindings(file: FilterFile, known: ReadonlySet<string>): readonly Finding[] {
  const { counts, logs, overlaps = [], samples, modes = [] } = file;
  const hits = samples.filter(({ yields }) => yields === 'hit');
  const others = samples.length - hits.length;
  const injections = samples.filter(({ injected }) => injected !== undefined).length;
  const findings: (Finding | false)[] = [
    counts === undefined && { where: 'counts', message: 'is missing: what counts as a hit, in one phrase' },
    logs === undefined && { where: 'logs', message: 'is missing: where the service logs' },
    hits.length < leastHits && few(hits.length, leastHits, 'hit'),
    others < leastOthers && few(others, leastOthers, 'do not hit'),
    injections < leastInjections && few(injections, leastInjections, 'have an injected address'),
    !hits.some(({ host = '' }) => host.includes(':')) && {
      where: 'samples',
      message: 'none that hits names an IPv6 address',
    },
    ...modes.slice(1).map(
      (mode) =>
        !hits.some((sample) => sample.mode === mode) && {
          where: 'samples',
          message: `none hits in the mode ${mode}`,
        },
    ),
    ...overlaps.map(
      (name) => !known.has(name) && { where: 'overlaps', message: `there is no filter ${name}` },
    ),
    ...samples.map(
      ({ host = '', injected = '' }, place) =>
        [host, injected].some(isSomebodys) && {
          where: `sample ${place + 1}`,
          message:
            'names an address that is not one of those set aside for documentation (RFC 5737, RFC 3849)',
        },
    ),
  ];
  return findings.filter((each) => each !== false);
}

function few(are: number, least: number, what: string): Finding {
  return { where: 'samples', message: `${are} of them ${what}; at least ${least} should` };
}

/** Whether an address belongs to somebody: a sample must not accuse anybody. */
function isSomebodys(address: string): boolean {
  const canonical = canonicalAddress(address);
  return canonical !== null && !/^(?:192\.0\.2|198\.51\.100|203\.0\.113)\.|^2001:db8:/.test(canonical);
}
