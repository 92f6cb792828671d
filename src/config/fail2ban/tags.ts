import { quote } from '../show.ts';
import type { Budget } from './budget.ts';
import { problemAt } from './problem.ts';
import { TracedText } from './traced-text.ts';

export type Tags = ReadonlyMap<string, TracedText>;

/** How often one tag is put into one value, beyond which it is taken for a circle; fail2ban's number. */
const mostRepeats = 25;

export interface TagOptions {
  /** Tags that stay as they are: their values come with a ban. */
  readonly ignore: ReadonlySet<string>;
  /** The value of a tag that is not among the values. */
  readonly lookup: (name: string) => TracedText | null;
  readonly budget: Budget;
  /** Called for each tag that a value was put in for. */
  readonly onUse?: (name: string) => void;
}

/**
 * Puts values for the tags (`<name>`) within values, until none is left that has one: `<a_<b>>` first becomes
 * `<a_x>`. Tags without a value stay: they mean something to who uses the value (`<HOST>`, `<ip>`).
 * @throws BailiffError fail2ban-invalid for a value that holds itself
 */
export function substituteTags(values: Tags, { ignore, lookup, budget, onUse }: TagOptions): Tags {
  const tags = new Map(values);
  const repeats = new Map<string, Map<string, number>>();
  let open = [...values.keys()].filter((name) => !ignore.has(name));
  // Again as long as a value changed and still holds a tag, which the change may have made.
  for (let changed = true; changed; ) {
    changed = false;
    for (const name of open) {
      const counts = repeats.get(name) ?? new Map<string, number>();
      const before = tags.get(name);
      if (before === undefined) continue;
      const after = substituteOnce(name, before, counts);
      if (after === before) continue;
      tags.set(name, after);
      if (nextTag(after.text, 0) === null) continue;
      repeats.set(name, counts);
      changed = true;
    }
    open = open.filter((name) => tags.get(name)?.text.includes('<'));
  }
  return tags;

  function substituteOnce(name: string, given: TracedText, counts: Map<string, number>): TracedText {
    let value = given;
    let tag = nextTag(value.text, 0);
    while (tag !== null) {
      if (ignore.has(tag.name)) {
        tag = nextTag(value.text, tag.end);
        continue;
      }
      const count = counts.get(tag.name) ?? 0;
      if (tag.name === name || count > mostRepeats) throw circle(name, tag.name, value.slice(tag.start));
      const found = tags.get(tag.name) ?? lookup(tag.name);
      if (found === null) {
        tag = nextTag(value.text, tag.end);
        continue;
      }
      value = replaceAll(value, `<${tag.name}>`, found);
      budget.spend(value, given.at);
      onUse?.(tag.name);
      counts.set(tag.name, count + 1);
      tag = nextTag(value.text, tag.start);
    }
    return value;
  }
}

interface Tag {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

function nextTag(text: string, from: number): Tag | null {
  const expression = /<([^ <>]+)>/g;
  expression.lastIndex = from;
  const match = expression.exec(text);
  return match === null
    ? null
    : { name: match[1] ?? '', start: match.index, end: match.index + match[0].length };
}

function replaceAll(value: TracedText, tag: string, found: TracedText): TracedText {
  const nested = found.nested();
  const parts: TracedText[] = [];
  let from = 0;
  for (let at = value.text.indexOf(tag); at >= 0; at = value.text.indexOf(tag, from)) {
    parts.push(value.slice(from, at), nested);
    from = at + tag.length;
  }
  parts.push(value.slice(from));
  return TracedText.join(parts);
}

function circle(name: string, tag: string, value: TracedText): Error {
  const message = `${quote(name)} leads back to itself through ${quote(`<${tag}>`)}`;
  return problemAt(value.at, message, 'Break the circle, or write the value out.');
}
