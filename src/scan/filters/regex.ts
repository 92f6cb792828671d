import { canonicalAddress } from '../../core/address.ts';
import type { RegexFilterDefinition } from '../../core/filter.ts';
import type { MatchKindName } from '../../core/types.ts';
import { betterOf, type Literals, literalsOf, unionOf } from '../literals.ts';
import { groupText } from './expression.ts';
import type { Filter, Judgement } from './filter.ts';
import { type Groups, GuardedExpression } from './guarded.ts';
import { Watch } from './watch.ts';

/** Groups with a meaning of their own; the others are evidence. */
const ownGroups: ReadonlySet<string> = new Set(['host', 'user', 'session', 'content']);

interface JudgingExpression {
  readonly kind: MatchKindName;
  readonly expression: GuardedExpression;
}

/** A filter made of regular expressions: prefix, then ignore, then the first expression that matches. */
export class RegexFilter implements Filter {
  readonly name: string;
  readonly literals: Literals;
  readonly ignoreCase: boolean;
  readonly #watch: Watch;
  readonly #prefix: GuardedExpression | null;
  readonly #expressions: readonly JudgingExpression[];
  readonly #ignore: readonly GuardedExpression[];
  readonly #evidence: readonly string[];

  constructor(definition: RegexFilterDefinition, watch = new Watch()) {
    const { ignoreCase, prefix } = definition;
    const guarded = (pattern: string) => new GuardedExpression(pattern, ignoreCase, watch);
    this.name = definition.name;
    this.#watch = watch;
    this.#prefix = prefix === null ? null : guarded(prefix);
    this.#expressions = definition.expressions.map(({ kind, pattern }) => ({
      kind,
      expression: guarded(pattern),
    }));
    this.#ignore = definition.ignore.map(guarded);
    const judging = this.#expressions.map(({ expression }) => expression);
    const compiled = this.#prefix === null ? judging : [this.#prefix, ...judging];
    const names = new Set(compiled.flatMap(({ groups }) => [...groups.keys()]));
    this.#evidence = [...names].filter((name) => !ownGroups.has(name));
    this.ignoreCase = ignoreCase;
    this.literals = this.#literals();
  }

  /** Every match needs the prefix and one of the expressions. */
  #literals(): Literals {
    const prefix = this.#prefix === null ? null : literalsOf(this.#prefix.source, this.ignoreCase);
    return unionOf(
      this.#expressions.map(({ expression }) =>
        betterOf(literalsOf(expression.source, this.ignoreCase), prefix),
      ),
    );
  }

  judge(text: string): Judgement | null {
    const judgement = this.#judge(text);
    this.#watch.spot.leave();
    return judgement;
  }

  #judge(text: string): Judgement | null {
    let content = text;
    let prefixMatch: Groups | null = null;
    if (this.#prefix !== null) {
      prefixMatch = this.#prefix.exec(text);
      if (prefixMatch === null) return null;
      const numbers = this.#prefix.groups.get('content');
      if (numbers !== undefined) content = groupText(prefixMatch, numbers);
    }
    for (const each of this.#expressions) {
      const match = each.expression.exec(content);
      if (match === null) continue;
      const judgement = this.#judgement(each, match, prefixMatch);
      if (judgement !== null) return this.#ignored(content) ? { ...judgement, kind: 'ignored' } : judgement;
    }
    return null;
  }

  #ignored(content: string): boolean {
    return this.#ignore.some((expression) => expression.test(content));
  }

  /** Null where the text that stands for an address is none: host names are not resolved. */
  #judgement(
    { kind, expression }: JudgingExpression,
    match: Groups,
    prefixMatch: Groups | null,
  ): Judgement | null {
    const group = (name: string): string =>
      groupText(match, expression.groups.get(name)) ||
      (prefixMatch === null ? '' : groupText(prefixMatch, this.#prefix?.groups.get(name)));
    const written = group('host');
    const host = written === '' ? '' : canonicalAddress(written);
    if (host === null) return null;
    return {
      kind,
      host,
      session: group('session'),
      user: group('user'),
      fields: this.#evidence.length === 0 ? '' : fieldsOf(this.#evidence, group),
      time: null,
    };
  }
}

/** A JSON object of the groups that took part, or ''. Written by hand: it is made for most hits. */
function fieldsOf(names: readonly string[], group: (name: string) => string): string {
  let members = '';
  for (const name of names) {
    const text = group(name);
    if (text !== '') members += `${members === '' ? '' : ','}"${name}":${JSON.stringify(text)}`;
  }
  return members === '' ? '' : `{${members}}`;
}
