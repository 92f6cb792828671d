import { canonicalAddress } from '../../core/address.ts';
import type { ContainerStream, FieldTest, JsonFilterDefinition, JsonRule } from '../../core/filter.ts';
import { lineCap, longestObject } from '../line-length.ts';
import { betterOf, type Literals, unionOf } from '../literals.ts';
import { hostField } from './expression.ts';
import type { Filter, Judgement } from './filter.ts';
import { GuardedExpression } from './guarded.ts';
import { Watch } from './watch.ts';

/** A rule whose patterns are compiled. */
interface CompiledRule extends JsonRule {
  readonly holds: readonly ((line: object) => boolean)[];
}

/** A filter for lines that are one JSON object each: the first rule whose tests all hold decides. */
export class JsonFilter implements Filter {
  readonly name: string;
  readonly literals: Literals;
  readonly ignoreCase = false;
  readonly longestLine = longestObject;
  readonly streams: readonly ContainerStream[];
  readonly #rules: readonly CompiledRule[];
  readonly #watch: Watch;

  constructor(definition: JsonFilterDefinition, watch = new Watch()) {
    this.name = definition.name;
    this.streams = definition.about?.logs.container ?? [];
    this.#watch = watch;
    this.#rules = definition.rules.map((rule) => ({
      ...rule,
      holds: rule.where.map((test) => compileTest(test, watch)),
    }));
    this.literals = unionOf(definition.rules.map(ruleLiterals));
  }

  judge(text: string): Judgement | null {
    const line = parseObject(text);
    if (line === null) return null;
    const place = this.#rules.findIndex(({ holds }) => holds.every((test) => test(line)));
    const rule = this.#rules[place];
    this.#watch.spot.leave();
    if (rule === undefined) return null;
    const written = textAt(line, rule.host);
    const host = written === '' ? '' : addressOf(written);
    // A rule that names a host field needs an address there.
    if (host === null || (rule.host !== null && host === '')) return null;
    const time = rule.time === null ? null : fieldAt(line, rule.time);
    return {
      kind: rule.kind,
      host,
      session: textAt(line, rule.session),
      user: textAt(line, rule.user),
      fields: '',
      time: typeof time === 'string' || typeof time === 'number' ? time : null,
      expression: place,
    };
  }
}

/** White space where a date was cut out, and what syslog and the journal put before a program's own line. */
const head = /^\s*(?:\S+ [^\s:]+: )?(?=\{)/;

/** `JSON.parse` takes any depth, or throws; 8 MiB of text take it some 50 ms. */
function parseObject(text: string): object | null {
  const start = text.startsWith('{') ? text : text.replace(head, '');
  if (!start.startsWith('{')) return null;
  try {
    const parsed: unknown = JSON.parse(start);
    return typeof parsed === 'object' ? parsed : null;
  } catch {
    return null;
  }
}

/** Own properties only: `constructor` or `__proto__` in a path or a line find nothing that is not there. */
export function fieldAt(value: unknown, path: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Object.hasOwn(value, path)) return (value as Record<string, unknown>)[path];
  for (let dot = path.indexOf('.'); dot > 0; dot = path.indexOf('.', dot + 1)) {
    const key = path.slice(0, dot);
    if (!Object.hasOwn(value, key)) continue;
    const found = fieldAt((value as Record<string, unknown>)[key], path.slice(dot + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}

function textAt(line: object, path: string | null): string {
  const value = path === null ? '' : fieldAt(line, path);
  return typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, lineCap) : '';
}

function addressOf(written: string): string | null {
  const found = hostField.exec(written)?.groups?.['host'];
  return found === undefined ? null : canonicalAddress(found);
}

function compileTest(test: FieldTest, watch: Watch): (line: object) => boolean {
  if ('pattern' in test) {
    const expression = new GuardedExpression(test.pattern, false, watch);
    return (line) => {
      const value = fieldAt(line, test.path);
      // As much as expressions see of any line.
      return (
        (typeof value === 'string' || typeof value === 'number') &&
        expression.test(String(value).slice(0, lineCap))
      );
    };
  }
  // Loggers do not agree whether a status is a number or a string.
  const wanted = new Set(test.values.map(String));
  return (line) => {
    const value = fieldAt(line, test.path);
    return value !== undefined && typeof value !== 'object'
      ? wanted.has(String(value))
      : value === null && wanted.has('null');
  };
}

/** A rule's tests must all hold, so any one of them will do. */
export function ruleLiterals(rule: JsonRule): Literals {
  return rule.where.map(testLiterals).reduce(betterOf, null);
}

/** A value that no encoder escapes stands in the line as it is. */
function testLiterals(test: FieldTest): Literals {
  if ('pattern' in test) return null;
  const texts = test.values.map(String);
  return texts.every((text) => /^[\w .:,;=()[\]{}@#$%*+?!-]{3,}$/.test(text)) ? texts : null;
}
