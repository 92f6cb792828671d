import { hostTag } from '../../core/filter.ts';
import { parsePattern } from '../pattern.ts';
import { compileExpression } from './expression.ts';
import { type Groups, GuardedExpression } from './guarded.ts';
import type { Watch } from './watch.ts';

/** The end of a prefix that gives the expressions all that is left of a text. */
interface Tail {
  readonly source: string;
  /** Whether it matches what stands from `at` on. */
  readonly takes: (text: string, at: number) => boolean;
}

const tails: readonly Tail[] = [
  {
    source: '(?<content>.+)$',
    takes: (text, at) => at < text.length,
  },
  // `<F-CONTENT>.+</F-CONTENT>$` of fail2ban's, translated; its texts end with a newline.
  {
    source: String.raw`(?<content>[^\n]+)(?=\n?$)`,
    takes: (text, at) => at + 1 < text.length && text.indexOf('\n', at) === text.length - 1,
  },
];

/**
 * A prefix. Where it ends with all that is left of the text, as nearly all do, that end is not run: to step through the
 * rest takes longer than everything before it.
 */
export class GuardedPrefix extends GuardedExpression {
  readonly #tail: Tail | null;
  readonly #head: RegExp | null;
  /** What stands behind the last match, with the newline of a text that has one; null: the group `content` says. */
  rest: string | null = null;

  /** @throws SyntaxError */
  constructor(pattern: string, ignoreCase: boolean, watch: Watch) {
    super(pattern, ignoreCase, watch);
    this.#tail = tails.find((tail) => isBare(pattern, tail)) ?? null;
    const head = this.#tail === null ? null : pattern.slice(0, -this.#tail.source.length);
    this.#head = head === null ? null : compileExpression(head, ignoreCase).regexp;
  }

  override exec(text: string): Groups | null {
    this.rest = null;
    return super.exec(text);
  }

  /** The first way to match the head is the whole's, too, unless the tail refuses what it leaves. */
  protected override run(text: string): Groups | null {
    const match = this.#head?.exec(text) ?? null;
    if (match !== null) {
      const end = match.index + match[0].length;
      if (this.#tail?.takes(text, end) === true) {
        this.rest = text.slice(end);
        return match;
      }
    }
    return super.run(text);
  }
}

/** Whether it ends with the tail, in all of its alternatives, and nothing before refers to that. */
function isBare(pattern: string, { source }: Tail): boolean {
  if (!pattern.endsWith(source)) return false;
  const head = pattern.slice(0, -source.length).replaceAll(hostTag, 'h');
  return !/\\[1-9k]/.test(head) && parsePattern(head).root.kind !== 'alternatives';
}
