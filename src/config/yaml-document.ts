import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import { BailiffError } from '../core/errors.ts';
import { quote } from './show.ts';

export type KeyPath = readonly PropertyKey[];

/** A YAML file as read: its values, what is wrong with its syntax, and where each key stands. */
export interface YamlDocument {
  /** undefined where the syntax is too broken to read values. */
  readonly values: unknown;
  readonly errors: readonly BailiffError[];
  /** file:line:column of the value at a path, or of its key; of the nearest parent where it is absent. */
  where(path: KeyPath, part?: 'key' | 'value'): string;
}

/** Without the tags that make other than plain values (binary, sets, timestamps). */
const parsing = { prettyErrors: false, logLevel: 'error', resolveKnownTags: false } as const;

/** A slip makes the parser stumble over all that follows; more than these help nobody. */
const mostSyntaxErrors = 10;

/** Reads a YAML text. An empty one is a map without keys. Never throws. */
export function readYaml(text: string, file: string): YamlDocument {
  const lines = new LineCounter();
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const options = { ...parsing, lineCounter: lines };
  try {
    const document = parseDocument(text, options);
    const flaws = firstOfEachLine([...document.errors, ...document.warnings], lines);
    const errors = flaws.map((error) => syntaxError(error, text, at));
    errors.push(...strayNodes(document, at));
    return {
      values: errors.length === 0 ? (document.toJS({ maxAliasCount: 100 }) ?? {}) : undefined,
      errors,
      where: (path, part = 'value') => at(offsetOf(document, path, part)),
    };
  } catch (cause) {
    return { values: undefined, errors: [tooMuch(cause, file)], where: () => file };
  }
}

/** Aliases that multiply beyond reason, or nesting deeper than the stack. */
function tooMuch(cause: unknown, file: string): BailiffError {
  const aliases = cause instanceof ReferenceError;
  return new BailiffError(
    'config-syntax',
    aliases ? 'aliases unfold to more than 100 copies of one value' : 'is nested too deeply',
    { where: file, remedy: 'Write the values out.', cause },
  );
}

function firstOfEachLine(errors: readonly YAMLError[], lines: LineCounter): YAMLError[] {
  const first = new Map<number, YAMLError>();
  for (const error of errors) {
    const { line } = lines.linePos(error.pos[0]);
    if (!first.has(line)) first.set(line, error);
  }
  return [...first.values()].slice(0, mostSyntaxErrors);
}

function syntaxError(error: YAMLError, text: string, at: (offset: number) => string): BailiffError {
  return new BailiffError('config-syntax', syntaxMessage(error, text), { where: at(error.pos[0]) });
}

function syntaxMessage(error: YAMLError, text: string): string {
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return 'a tab indents this line; YAML takes spaces only';
    case 'DUPLICATE_KEY':
      return `the key ${quote(/^[^\s:]*/.exec(text.slice(error.pos[0], error.pos[0] + 80))?.[0] ?? '')} stands here a second time`;
    case 'MULTIPLE_DOCS':
      return 'a second document begins here; a file holds one configuration';
    default:
      return error.message.split('\n', 1)[0] ?? error.code;
  }
}

/** What is YAML and still no configuration: keys that are not plain text, and aliases of nothing. */
function strayNodes(document: Document, at: (offset: number) => string): BailiffError[] {
  const errors: BailiffError[] = [];
  const refuse = (message: string, node: unknown): void => {
    errors.push(new BailiffError('config-syntax', message, { where: at(startOf(node) ?? 0) }));
  };
  visit(document, {
    Pair(_, { key }) {
      if (!isScalar(key)) refuse('a key must be plain text', key);
      // zod would leave it out without a word.
      else if (key.value === '__proto__') refuse('"__proto__" cannot be a key', key);
    },
    Alias(_, alias) {
      if (alias.resolve(document) === undefined) {
        refuse(`*${alias.source} names an anchor that is not set before it`, alias);
      }
    },
  });
  return errors;
}

/** Follows a path through maps, lists and aliases as far as it goes. */
function offsetOf(document: Document, path: KeyPath, part: 'key' | 'value'): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [index, key] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    const found = isMap(node) ? node.items.find((pair) => keyOf(pair) === key) : undefined;
    if (found !== undefined) {
      node = found.value;
      const keyOffset = startOf(found.key) ?? offset;
      offset = part === 'key' && index === path.length - 1 ? keyOffset : (startOf(node) ?? keyOffset);
    } else if (isSeq(node) && typeof key === 'number') {
      node = node.items[key];
      offset = startOf(node) ?? offset;
    } else break;
  }
  return offset;
}

function keyOf(pair: Pair): unknown {
  return isScalar(pair.key) ? String(pair.key.value) : undefined;
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}
