import { copied } from '../../core/batch.ts';
import type { Groups } from './guarded.ts';

/** Characters that are kept: every line is joined with all of them. */
const mostText = 128 * 1_024;

/** The last lines of a log, for expressions that span several. What was matched is taken out. */
export class RecentLines {
  readonly #most: number;
  #lines: string[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Joined by newlines; the last has none. */
  get text(): string {
    return this.#lines.join('\n');
  }

  /** A copy: a slice would keep the chunk that it is of. */
  add(line: string): void {
    this.#lines.push(copied(line, 0, line.length));
    let length = this.#lines.reduce((sum, each) => sum + each.length, 0);
    while (this.#lines.length > this.#most || (length > mostText && this.#lines.length > 1))
      length -= this.#lines.shift()?.length ?? 0;
  }

  /** One text stands for all of them. */
  replace(text: string): void {
    this.#lines = [text];
  }

  /** A match in `text`, which is all lines, each with its newline. Of the lines that it touches those that it skipped stay. */
  take(text: string, match: Groups, skipped: readonly string[]): void {
    if (this.#lines.length <= 1) {
      this.#lines = [];
      return;
    }
    const from = placeOf(text, match);
    const to = from + (match[0]?.length ?? 0);
    const first = linesIn(text.slice(0, text.lastIndexOf('\n', from) + 1));
    const end = text.indexOf('\n', Math.max(0, to - 1));
    const behind = linesIn(end < 0 ? text : text.slice(0, end + 1));
    const matched = this.#lines.slice(first, behind);
    const kept = this.#lines.slice(0, first);
    let at = 0;
    for (const line of skipped) {
      const found = matched.indexOf(line, at);
      if (found < 0) continue;
      kept.push(...matched.splice(found, 1));
      at = found;
    }
    this.#lines = [...kept, ...this.#lines.slice(behind)];
  }
}

function placeOf(text: string, match: Groups): number {
  return 'index' in match && typeof match.index === 'number' ? match.index : text.indexOf(match[0] ?? '');
}

function linesIn(text: string): number {
  return text.split('\n').length - 1;
}
