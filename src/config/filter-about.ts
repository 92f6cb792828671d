import { formatDuration } from '../core/duration.ts';
import type { FilterAbout, FilterLimits } from '../core/filter.ts';
import { formatJournalMatch } from './journal-match.ts';

/** What people are told of a filter: titles and texts, without what it does not say. */
export function describeAbout(about: FilterAbout): readonly (readonly [title: string, text: string])[] {
  const { files, journal, container, inside, insideOf = [] } = about.logs;
  const [usual, ...modes] = about.modes;
  const all = [
    ['counts', about.counts ?? ''],
    ['log files', files.join(', ')],
    ['journal', journal.length === 0 ? '' : formatJournalMatch(journal)],
    ['container', container.join(', ')],
    ['files in it', `${inside.join(', ')}${insideOf.length === 0 ? '' : ` (of ${insideOf.join(', ')})`}`],
    ['images', about.images.join(', ')],
    ['setup', about.setup ?? ''],
    ['forgeable', about.forgeable ?? ''],
    ['modes', usual === undefined ? '' : [`${usual} (default)`, ...modes].join(', ')],
    ['its jails', describeLimits(about.jail)],
    ['overlaps', about.overlaps.join(', ')],
  ] as const;
  return all.filter(([, text]) => text !== '');
}

/** `maxretry 30, findtime 1m`. */
export function describeLimits({ maxretry, findtime, bantime }: FilterLimits): string {
  const texts = [
    ...(maxretry === undefined ? [] : [`maxretry ${maxretry}`]),
    ...(findtime === undefined ? [] : [`findtime ${formatDuration(findtime)}`]),
    ...(bantime === undefined ? [] : [`bantime ${formatDuration(bantime)}`]),
  ];
  return texts.join(', ');
}
