import { canonicalAddress } from '../../core/address.ts';
import type { ContainerStream, RegexFilterDefinition } from '../../core/filter.ts';
import type { MatchKindName } from '../../core/types.ts';
import { lineCap, longestText } from '../line-length.ts';
import { beginningsOf, type Literals, literalsBehind, unionOf } from '../literals.ts';
import { ByFirstCharacter, mayBegin } from './beginnings.ts';
import { groupText } from './expression.ts';
import type { Filter, Judgement } from './filter.ts';
import { type Groups, GuardedExpression } from './guarded.ts';
import { GuardedPrefix } from './prefix.ts';
import { Watch } from './watch.ts';

/** Groups with a meaning of their own; the others are evidence. */
const ownGroups: ReadonlySet<string> = new Set(['host', 'user', 'session', 'content']);

/** The numbers of the groups with a meaning, and of those that are evidence. */
interface Numbers {
  readonly host: readonly number[];
  readonly user: readonly number[];
  readonly session: readonly number[];
  /** In the order of the filter's evidence. */
  readonly evidence: readonly (readonly number[])[];
}

const none: readonly number[] = [];

interface Prefix {
  readonly expression: GuardedPrefix;
  readonly content: readonly number[];
  readonly numbers: Numbers;
}

interface JudgingExpression {
  readonly place: number;
  readonly kind: MatchKindName;
  readonly expression: GuardedExpression;
  /** A text that begins with none of these is no match, which is seen sooner than by running the expression. */
  readonly beginnings: Literals;
  readonly numbers: Numbers;
}

/** A filter made of regular expressions: prefix, then ignore, then the first expression that matches. */
export class RegexFilter implements Filter {
  readonly name: string;
  readonly literals: Literals;
  readonly ignoreCase: boolean;
  readonly longestLine: number;
  readonly streams: readonly ContainerStream[];
  readonly #prefix: Prefix | null;
  readonly #expressions: ByFirstCharacter<JudgingExpression>;
  readonly #ignore: readonly GuardedExpression[];
  readonly #evidence: readonly string[];
  readonly #watch: Watch;

  constructor(definition: RegexFilterDefinition, watch = new Watch()) {
    const { ignoreCase } = definition;
    const compile = (pattern: string) => new GuardedExpression(pattern, ignoreCase, watch);
    const prefix =
      definition.prefix === null ? null : new GuardedPrefix(definition.prefix, ignoreCase, watch);
    const expressions = definition.expressions.map(({ kind, pattern }, place) => ({
      place,
      kind,
      expression: compile(pattern),
    }));
    const names = new Set([
      ...(prefix?.groups.keys() ?? []),
      ...expressions.flatMap(({ expression }) => [...expression.groups.keys()]),
    ]);
    this.name = definition.name;
    this.ignoreCase = ignoreCase;
    this.longestLine = definition.longLines === true ? longestText : lineCap;
    this.streams = definition.about?.logs.container ?? [];
    this.#watch = watch;
    const sources = expressions.map(({ expression }) => expression.source);
    this.literals = unionOf(literalsBehind(prefix?.source ?? null, sources, ignoreCase));
    this.#evidence = [...names].filter((name) => !ownGroups.has(name));
    this.#prefix =
      prefix === null
        ? null
        : {
            expression: prefix,
            content: prefix.groups.get('content') ?? [],
            numbers: this.#numbers(prefix),
          };
    const judging = expressions.map((each) => ({
      ...each,
      beginnings: beginningsOf(each.expression.source, ignoreCase),
      numbers: this.#numbers(each.expression),
    }));
    this.#expressions = new ByFirstCharacter(judging);
    this.#ignore = definition.ignore.map(compile);
  }

  #numbers({ groups }: GuardedExpression): Numbers {
    const of = (name: string) => groups.get(name) ?? [];
    return {
      host: of('host'),
      user: of('user'),
      session: of('session'),
      evidence: this.#evidence.map(of),
    };
  }

  judge(text: string, evidence = true): Judgement | null {
    const judgement = this.#judge(text, evidence);
    this.#watch.spot.leave();
    return judgement;
  }

  #judge(text: string, evidence: boolean): Judgement | null {
    let content = text;
    let prefixMatch: Groups | null = null;
    if (this.#prefix !== null) {
      prefixMatch = this.#prefix.expression.exec(text);
      if (prefixMatch === null) return null;
      const { expression, content: group } = this.#prefix;
      if (group.length > 0) content = expression.rest ?? groupText(prefixMatch, group);
    }
    const expressions = this.#expressions.of(content);
    for (let index = 0; index < expressions.length; index++) {
      const each = expressions[index];
      if (each === undefined || !mayBegin(content, each.beginnings)) continue;
      const match = each.expression.exec(content);
      if (match === null) continue;
      const judgement = this.#judgement(each, match, prefixMatch, evidence);
      if (judgement === null) continue;
      const ignored = this.#ignored(content);
      return ignored < 0 ? judgement : { ...judgement, kind: 'ignored', expression: ignored };
    }
    return null;
  }

  /** The place of the first expression that the text is ignored for, or -1. */
  #ignored(content: string): number {
    return this.#ignore.findIndex((expression) => expression.test(content));
  }

  /** Null where the text that stands for an address is none: host names are not resolved. */
  #judgement(
    { place, kind, numbers }: JudgingExpression,
    match: Groups,
    prefixMatch: Groups | null,
    evidence: boolean,
  ): Judgement | null {
    const before = prefixMatch === null ? null : (this.#prefix?.numbers ?? null);
    const prefixed = prefixMatch ?? match;
    const written = groupText(match, numbers.host) || groupText(prefixed, before?.host ?? none);
    const host = written === '' ? '' : canonicalAddress(written);
    if (host === null) return null;
    return {
      kind,
      host,
      session: short(groupText(match, numbers.session) || groupText(prefixed, before?.session ?? none)),
      user: short(groupText(match, numbers.user) || groupText(prefixed, before?.user ?? none)),
      fields: evidence ? this.#fields(match, numbers, prefixed, before) : '',
      time: null,
      expression: place,
    };
  }

  /** A JSON object of the evidence that took part, or ''. Written by hand: it is made for most hits. */
  #fields(match: Groups, numbers: Numbers, prefixed: Groups, before: Numbers | null): string {
    let members = '';
    for (let index = 0; index < this.#evidence.length; index++) {
      const own = groupText(match, numbers.evidence[index] ?? none);
      const text = short(own || groupText(prefixed, before?.evidence[index] ?? none));
      if (text !== '') members += `${members === '' ? '' : ','}"${this.#evidence[index]}":${quoted(text)}`;
    }
    return members === '' ? '' : `{${members}}`;
  }
}

/** What is kept of a text is no longer than a usual line. */
function short(text: string): string {
  return text.length > lineCap ? text.slice(0, lineCap) : text;
}

/** As JSON; most texts are a single word. */
function quoted(text: string): string {
  return isPlain(text) ? `"${text}"` : JSON.stringify(text);
}

/** Whether all of it is printable ASCII that JSON takes as it is. */
function isPlain(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code > 0x7e || code === 0x22 || code === 0x5c) return false;
  }
  return true;
}
