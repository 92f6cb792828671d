import type {
  ExpressionGroup,
  Fail2banExpression,
  Fail2banFilterDefinition,
} from '../../core/fail2ban-filter.ts';
import { blowsUp } from '../blow-up.ts';
import { beginningsOf, type Literals, literalsBehind, unionOf, wholeParts } from '../literals.ts';
import { ByFirstCharacter, mayBegin } from './beginnings.ts';
import type { DateFinder } from './dates.ts';
import { type DateSearch, dateExpression } from './fail2ban-date-ranking.ts';
import { Fail2banDates, plainSearch } from './fail2ban-dates.ts';
import { contentOf, FieldReading, fieldsOf } from './fail2ban-fields.ts';
import type { Filter, Judgement } from './filter.ts';
import { type Groups, GuardedExpression, GuardedSearch } from './guarded.ts';
import { GuardedPrefix } from './prefix.ts';
import { RecentLines } from './recent-lines.ts';
import { Watch } from './watch.ts';

interface Prefix {
  readonly expression: GuardedPrefix;
  readonly fields: ReturnType<typeof fieldsOf>;
}

interface Judging {
  readonly expression: GuardedExpression;
  readonly beginnings: Literals;
  readonly groups: readonly ExpressionGroup[];
  readonly reading: FieldReading;
}

const noMatch: Groups = [];

interface Compiled {
  readonly name: string;
  readonly prefix: Prefix | null;
  readonly expressions: ByFirstCharacter<Judging>;
  readonly ignore: readonly GuardedExpression[];
  /** How many lines an expression may span. */
  readonly maxLines: number;
  readonly dates: readonly DateSearch[];
  readonly literals: Literals;
  readonly watch: Watch;
}

export function compileFail2ban(definition: Fail2banFilterDefinition, watch = new Watch()): Filter {
  const guarded = ({ source }: Fail2banExpression) => new GuardedExpression(source, false, watch);
  const { name, maxLines } = definition;
  const prefix =
    definition.prefix === null
      ? null
      : {
          expression: new GuardedPrefix(definition.prefix.source, false, watch),
          fields: fieldsOf(definition.prefix.groups),
        };
  const expressions = definition.expressions.map((each, place) => ({
    expression: guarded(each),
    beginnings: beginningsOf(each.source),
    groups: each.groups,
    reading: new FieldReading(place, fieldsOf(each.groups), prefix?.fields ?? new Map()),
  }));
  const ignore = definition.ignore.map(guarded);
  const dates = definition.dates.map((template): DateSearch => {
    if (definition.usualDates) return plainSearch(template);
    const search = new GuardedSearch(dateExpression(template), watch);
    // What tells how far it looks is made of it, and takes as long.
    const slow = blowsUp(template.source, false);
    return {
      template: slow ? { ...template, sight: null } : template,
      find: (text, from) => search.find(text, from),
    };
  });
  const literals = unionOf(literalSetsOf(definition));
  const byBeginning = new ByFirstCharacter(expressions);
  return new Fail2banFilter({
    name,
    prefix,
    expressions: byBeginning,
    ignore,
    maxLines,
    dates,
    literals,
    watch,
  });
}

/** A filter of fail2ban's: prefregex, ignoreregex, then the first failregex that finds something. */
class Fail2banFilter implements Filter {
  readonly ignoreCase = false;
  readonly withNewline = true;
  readonly #compiled: Compiled;
  readonly #lines: RecentLines | null;

  constructor(compiled: Compiled) {
    this.#compiled = compiled;
    this.#lines = compiled.maxLines > 1 ? new RecentLines(compiled.maxLines) : null;
  }

  get name(): string {
    return this.#compiled.name;
  }

  get literals(): Literals {
    return this.#compiled.literals;
  }

  dates(timeZone: string | undefined): DateFinder {
    return new Fail2banDates(this.#compiled.dates, { timeZone });
  }

  ofLog(): Filter {
    return this.#lines === null ? this : new Fail2banFilter(this.#compiled);
  }

  kept(): readonly string[] {
    return this.#lines?.lines ?? [];
  }

  recall(kept: unknown): void {
    if (!Array.isArray(kept)) return;
    for (const line of kept) if (typeof line === 'string') this.#lines?.add(line);
  }

  judge(text: string, evidence = true): Judgement | null {
    this.#lines?.add(text.slice(0, -1));
    const judgement = this.#judge(this.#lines === null ? text : `${this.#lines.text}\n`, evidence);
    this.#compiled.watch.spot.leave();
    return judgement;
  }

  #judge(text: string, evidence: boolean): Judgement | null {
    const { prefix, expressions, ignore } = this.#compiled;
    let content = text;
    let before = noMatch;
    if (prefix !== null) {
      const match = prefix.expression.exec(content);
      if (match === null) return null;
      before = match;
      content = this.#contentOf(prefix, match, text);
    }
    for (const { expression, beginnings, groups, reading } of expressions.of(content)) {
      if (!mayBegin(content, beginnings)) continue;
      const match = expression.exec(content);
      if (match === null) continue;
      const ignored = ignore.length === 0 ? -1 : ignore.findIndex((each) => each.test(content));
      if (ignored < 0) this.#lines?.take(content, match, skippedBy(match, groups));
      const judgement = reading.judgement(match, before, evidence);
      return ignored < 0 ? judgement : { ...judgement, kind: 'ignored', expression: ignored };
    }
    return null;
  }

  /** What a match of the prefix leaves to the expressions: all of the text where it does not say. */
  #contentOf({ expression: { rest }, fields }: Prefix, match: Groups, text: string): string {
    if (rest !== null) {
      this.#lines?.replace(rest.slice(0, -1));
      return rest;
    }
    const content = contentOf(fields, match);
    if (content === '') return text;
    this.#lines?.replace(content);
    return `${content}\n`;
  }
}

/** Between these a date may have been cut out: those of fail2ban have no letter or digit beside them. */
const joint = /(?<=[^\p{L}\p{N}])(?=[^\p{L}\p{N}])/u;

/** Of each expression the literals one of which stands in every line that it matches, date and all; or null. */
export function literalSetsOf(definition: Fail2banFilterDefinition): readonly Literals[] {
  const { prefix, expressions, maxLines, usualDates } = definition;
  // Of several lines each may bring what is missing, and an owner's date may have stood anywhere.
  if (maxLines > 1 || !usualDates) return expressions.map(() => null);
  const sources = expressions.map(({ source }) => source);
  return literalsBehind(prefix?.source ?? null, sources, false).map((texts) => wholeParts(texts, joint));
}

function skippedBy(match: Groups, groups: readonly ExpressionGroup[]): string[] {
  return groups.flatMap(({ number, meaning }) =>
    meaning === 'skipped' ? (match[number]?.split('\n').slice(0, -1) ?? []) : [],
  );
}
