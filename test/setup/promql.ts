/** One series that an expression reads: its name, and the labels that it matches. */
export interface Selector {
  readonly metric: string;
  readonly labels: readonly string[];
}

/** What an expression of PromQL speaks of. */
export interface Expression {
  readonly selectors: readonly Selector[];
  /** Labels that it groups or joins by. */
  readonly grouping: readonly string[];
}

const tokens = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\[[^\]]*\]|[a-zA-Z_:][a-zA-Z0-9_:]*|\d[\w.]*|[^\s\w]/g;
const groupers = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right']);
const words = new Set(['and', 'or', 'unless', 'bool', 'offset', 'inf', 'nan', 'atan2']);

/**
 * Reads an expression as far as names go: Prometheus 2 has no command that does. Functions and operators are told by what
 * follows them, so a name that stands alone is a series. @throws on a name that is quoted as none of ours is
 */
export function readExpression(text: string): Expression {
  const parts: readonly string[] = text.match(tokens) ?? [];
  const selectors: Selector[] = [];
  const grouping: string[] = [];
  for (let at = 0; at < parts.length; at++) {
    const word = parts[at] ?? '';
    if (word === '{') throw new Error(`a selector without a name: ${text}`);
    if (!/^[a-zA-Z_:]/.test(word)) continue;
    const lower = word.toLowerCase();
    if (groupers.has(lower)) {
      const end = parts[at + 1] === '(' ? parts.indexOf(')', at) : at;
      grouping.push(...parts.slice(at + 2, Math.max(at, end)).filter((part) => part !== ','));
      at = end;
    } else if (words.has(lower)) {
      if (lower === 'offset') at++;
    } else if (parts[at + 1] !== '(' && !groupers.has((parts[at + 1] ?? '').toLowerCase())) {
      const end = parts[at + 1] === '{' ? parts.indexOf('}', at) : at;
      selectors.push({ metric: word, labels: labelsOf(parts.slice(at + 2, Math.max(at, end))) });
      at = end;
    }
  }
  return { selectors, grouping };
}

/** Of what stands between braces: the names that an operator follows. */
function labelsOf(parts: readonly string[]): string[] {
  return parts.filter((part, index) => /^[a-zA-Z_]/.test(part) && /^[=!]/.test(parts[index + 1] ?? ''));
}
