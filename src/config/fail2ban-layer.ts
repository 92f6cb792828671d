import { BailiffError } from '../core/errors.ts';
import type { Fail2banExpression, Fail2banFilterDefinition } from '../core/fail2ban-filter.ts';
import { compileFail2banFilter } from './fail2ban/compile.ts';
import { fail2banSeconds } from './fail2ban/duration.ts';
import { readFail2ban } from './fail2ban/read.ts';
import { Services } from './fail2ban/services.ts';
import type { Fail2banConfiguration, Fail2banJail } from './fail2ban/types.ts';
import {
  describeRemark,
  fail2banFilterName,
  ignoreEntries,
  type MappingParts,
  mapJail,
} from './fail2ban-mapping.ts';
import type { picker } from './picker.ts';
import type { Fail2banPart, JailOptions } from './schema.ts';
import { presentSources } from './usual-sources.ts';

/** fail2ban's jails as a layer of the configuration, and what belongs to them. */
export interface Fail2banLayer {
  readonly options: ReadonlyMap<string, JailOptions>;
  readonly part: Fail2banPart;
  /** Whom all jails spare: see core/ignore-entry.ts. */
  readonly ignored: readonly string[];
}

/** Reads the directory that the layers name; null where none does. What is wrong in it is among its problems. */
export function readFail2banLayer(
  pick: ReturnType<typeof picker>,
  journalDirectory: string | undefined,
): Fail2banLayer | null {
  const dir = pick.fail2ban('dir');
  const log = pick.fail2ban('log') ?? null;
  const allowActions = pick.fail2ban('allow-actions') ?? false;
  if (dir === undefined) return null;
  const read = readFail2ban(dir);
  const reading = new Mapped({
    ownLog: ownLogOf(read, log),
    services: new Services(),
    allowActions,
    present: (sources) => presentSources(sources, journalDirectory),
  });
  for (const jail of read.jails) reading.take(jail);
  const problems = [...read.problems.map(({ error }) => error), ...reading.problems];
  const remarks = [...read.remarks.map(describeRemark), ...reading.remarks];
  const { filters, jails, options } = reading;
  const ignored = ignoreEntries(read.ignored);
  return {
    options,
    ignored,
    part: { dir, filters, jails, problems, remarks, purgeAge: purgeAgeOf(read), allowActions },
  };
}

/** A jail that reads fail2ban's log counts our bans instead, unless we write that very log. */
export function ownLogOf({ settings }: Fail2banConfiguration, log: string | null): string | null {
  const target = settings.get('logtarget')?.text ?? '';
  return target.startsWith('/') && target !== log ? target : null;
}

/** `dbpurgeage`; no shorter than a minute, which is no time to come back in. */
function purgeAgeOf({ settings }: Fail2banConfiguration): number | null {
  const seconds = fail2banSeconds(settings.get('dbpurgeage')?.text ?? '');
  return seconds === null || seconds < 60 ? null : seconds;
}

const idsOnly = 'its filter finds ids (<F-ID>): only those that are addresses can be banned';

function countsIds({ groups }: Fail2banExpression): boolean {
  return groups.some(({ meaning }) => meaning === 'id');
}

class Mapped {
  readonly options = new Map<string, JailOptions>();
  readonly jails = new Map<string, Fail2banJail>();
  readonly filters: Fail2banFilterDefinition[] = [];
  readonly problems: BailiffError[] = [];
  readonly remarks: string[] = [];
  readonly #parts: MappingParts;

  constructor(parts: MappingParts) {
    this.#parts = parts;
  }

  take(jail: Fail2banJail): void {
    try {
      const { options, remarks } = mapJail(jail, this.#parts);
      if (jail.filter !== null) {
        const definition = compileFail2banFilter(jail.filter);
        this.filters.push({ ...definition, name: fail2banFilterName(jail.name) });
        if (definition.expressions.some(countsIds))
          this.remarks.push(describeRemark({ at: jail.at, jail: jail.name, text: idsOnly }));
      }
      this.options.set(jail.name, options);
      this.jails.set(jail.name, jail);
      this.remarks.push(...remarks.map(describeRemark));
    } catch (error) {
      if (!(error instanceof BailiffError)) throw error;
      this.problems.push(error);
    }
  }
}
