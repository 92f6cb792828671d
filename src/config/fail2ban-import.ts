import { resolve } from 'node:path';
import { Document, isMap, isScalar } from 'yaml';
import type { BailiffError } from '../core/errors.ts';
import { ConfigurationErrors } from './errors.ts';
import { showPlace } from './fail2ban/place.ts';
import { readFail2ban } from './fail2ban/read.ts';
import { Services } from './fail2ban/services.ts';
import type { Fail2banConfiguration } from './fail2ban/types.ts';
import { writtenOptions } from './fail2ban-import-options.ts';
import { ownLogOf } from './fail2ban-layer.ts';
import { describeRemark, type MappedJail, mapJails } from './fail2ban-mapping.ts';
import { presentSources } from './usual-sources.ts';

/** What a configuration directory of fail2ban's comes to, as a file of ours. */
export interface ImportedConfiguration {
  readonly yaml: string;
  readonly jails: readonly string[];
  /** What is wrong: the jail is left out, or a file of fail2ban's is not heeded. */
  readonly problems: readonly BailiffError[];
  /** What is not honoured, or otherwise than in fail2ban, a sentence each. */
  readonly remarks: readonly string[];
}

/**
 * Writes bailiff.yaml for a configuration directory. Each jail's expressions stay in the directory: the file names it, and has
 * all else that the jail says. `nativeFilters` are those that could be used instead.
 * @throws ConfigurationErrors where no jail can be read
 */
export function importFail2ban(folder: string, nativeFilters: readonly string[]): ImportedConfiguration {
  const dir = resolve(folder);
  const read = readFail2ban(dir);
  const { mapped: jails, problems: ofJailsLeft } = mapJails(read.jails, {
    ownLog: ownLogOf(read, null),
    services: new Services(),
    allowActions: false,
    present: (sources) => presentSources(sources, undefined),
  });
  const problems = [...read.problems.map(({ error }) => error), ...ofJailsLeft];
  if (jails.length === 0 && problems.length > 0) throw new ConfigurationErrors(problems);
  const ofFiles = read.remarks.filter((remark) => jails.every(({ jail }) => jail.name !== remark.jail));
  const ofJails = jails.map((each) => ({
    ...each,
    remarks: [...read.remarks.filter((remark) => remark.jail === each.jail.name), ...each.remarks],
  }));
  return {
    yaml: yamlOf(
      dir,
      ofJails,
      [...header(dir, read), ...left(problems), ...ofFiles.map(describeRemark)],
      nativeFilters,
    ),
    jails: jails.map(({ jail }) => jail.name),
    problems,
    remarks: [...ofFiles, ...ofJails.flatMap(({ remarks }) => remarks)].map(describeRemark),
  };
}

function header(dir: string, { settings }: Fail2banConfiguration): string[] {
  const database = settings.get('dbfile')?.text ?? '';
  return [
    `What \`bailiff import\` made of ${dir}. \`bailiff check\` says what it comes to.`,
    'The expressions and dates of the jails are still read from there. What a jail says here wins over what it says',
    'there; a jail that is enabled there and not listed here runs as well.',
    ...(database.startsWith('/') ? [`The bans: bailiff import bans ${database}`] : []),
    'Once Bailiff runs, stop fail2ban and keep it from starting. See docs/migrating-from-fail2ban.md.',
  ];
}

function left(problems: readonly BailiffError[]): string[] {
  return problems.map(({ where, message }) => `NOT TAKEN OVER: ${where ?? ''}: ${message}`);
}

function yamlOf(
  dir: string,
  jails: readonly MappedJail[],
  comments: readonly string[],
  nativeFilters: readonly string[],
): string {
  const written = jails.map(({ jail, options }) => [jail.name, writtenOptions(options)] as const);
  const document = new Document({ fail2ban: { dir }, jails: Object.fromEntries(written) });
  document.commentBefore = commentOf(comments);
  const map = document.get('jails');
  for (const [index, pair] of (isMap(map) ? map.items : []).entries()) {
    const jail = jails[index];
    if (!isScalar(pair.key) || jail === undefined) continue;
    pair.key.commentBefore = commentOf(commentsOf(jail, nativeFilters));
    pair.key.spaceBefore = index > 0;
  }
  return document.toString({ lineWidth: 0 });
}

function commentsOf({ jail, remarks }: MappedJail, nativeFilters: readonly string[]): string[] {
  const { filter, actions } = jail;
  const native = filter !== null && nativeFilters.includes(filter.name);
  return [
    ...(filter === null ? [] : [`filter ${filter.name} of ${filter.file}`]),
    ...(native ? [`Bailiff has one of that name, too: \`filter: ${filter.name}\` takes it.`] : []),
    ...(actions.length === 0 ? [] : [`actions there: ${actions.map(({ label }) => label).join(', ')}`]),
    ...remarks.map(({ at, text }) => `${showPlace(at)}: ${text}`),
  ];
}

/** Names and values of the directory's may hold anything, which must end no comment. */
function commentOf(lines: readonly string[]): string {
  return lines.map((line) => ` ${line.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ')}`).join('\n');
}
