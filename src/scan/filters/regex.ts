import { canonicalAddress } from '../../core/address.ts';
import type { RegexFilterDefinition } from '../../core/filter.ts';
import type { MatchKindName } from '../../core/types.ts';
import { betterOf, type Literals, literalsOf, unionOf } from '../literals.ts';
import { type CompiledExpression, compileExpression, groupText } from './expression.ts';
import type { Filter, Judgement } from './filter.ts';

/** Groups with a meaning of their own; the others are evidence. */
const ownGroups: ReadonlySet<string> = new Set(['host', 'user', 'session', 'content']);

interface JudgingExpression extends CompiledExpression {
  readonly kind: MatchKindName;
}

/** A filter made of regular expressions: prefix, then ignore, then the first expression that matches. */
export class RegexFilter implements Filter {
  readonly name: string;
  readonly literals: Literals;
  readonly ignoreCase: boolean;
  readonly #prefix: CompiledExpression | null;
  readonly #expressions: readonly JudgingExpression[];
  readonly #ignore: readonly CompiledExpression[];
  readonly #evidence: readonly string[];

  constructor(definition: RegexFilterDefinition) {
    const { ignoreCase, prefix } = definition;
    this.name = definition.name;
    this.#prefix = prefix === null ? null : compileExpression(prefix, ignoreCase);
    this.#expressions = definition.expressions.map(({ kind, pattern }) => ({
      kind,
      ...compileExpression(pattern, ignoreCase),
    }));
    this.#ignore = definition.ignore.map((pattern) => compileExpression(pattern, ignoreCase));
    const compiled = this.#prefix === null ? this.#expressions : [this.#prefix, ...this.#expressions];
    const names = new Set(compiled.flatMap(({ groups }) => [...groups.keys()]));
    this.#evidence = [...names].filter((name) => !ownGroups.has(name));
    this.ignoreCase = ignoreCase;
    this.literals = this.#literals();
  }

  /** Every match needs the prefix and one of the expressions. */
  #literals(): Literals {
    const prefix = this.#prefix === null ? null : literalsOf(this.#prefix.source, this.ignoreCase);
    return unionOf(
      this.#expressions.map(({ source }) => betterOf(literalsOf(source, this.ignoreCase), prefix)),
    );
  }

  judge(text: string): Judgement | null {
    let content = text;
    let prefixMatch: RegExpExecArray | null = null;
    if (this.#prefix !== null) {
      prefixMatch = this.#prefix.regexp.exec(text);
      if (prefixMatch === null) return null;
      const numbers = this.#prefix.groups.get('content');
      if (numbers !== undefined) content = groupText(prefixMatch, numbers);
    }
    for (const expression of this.#expressions) {
      const match = expression.regexp.exec(content);
      if (match === null) continue;
      const judgement = this.#judgement(expression, match, prefixMatch);
      if (judgement !== null) return this.#ignored(content) ? { ...judgement, kind: 'ignored' } : judgement;
    }
    return null;
  }

  #ignored(content: string): boolean {
    return this.#ignore.some(({ regexp }) => regexp.test(content));
  }

  /** Null where the text that stands for an address is none: host names are not resolved. */
  #judgement(
    expression: JudgingExpression,
    match: RegExpExecArray,
    prefixMatch: RegExpExecArray | null,
  ): Judgement | null {
    const group = (name: string): string =>
      groupText(match, expression.groups.get(name)) ||
      (prefixMatch === null ? '' : groupText(prefixMatch, this.#prefix?.groups.get(name)));
    const written = group('host');
    const host = written === '' ? '' : canonicalAddress(written);
    if (host === null) return null;
    return {
      kind: expression.kind,
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
