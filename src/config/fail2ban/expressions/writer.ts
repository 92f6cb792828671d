import { anchorText } from './anchors.ts';
import { type CapturePlan, planCaptures } from './capture-plan.ts';
import { emptyComesLast, waysAroundEmpty } from './empty-matches.ts';
import type { NodeOf, PythonNode } from './nodes.ts';
import { expressionError } from './python-text.ts';
import type { PythonExpression } from './reader.ts';
import { anyCharacter, literalText, noCharacter, setText } from './sets.ts';
import { countsText, flattened } from './turns.ts';

/** The numbers that were written for a group. */
interface Numbers {
  readonly own: number;
  /** Of groups one of which is not empty if it took part; itself where it cannot be empty. */
  readonly marks: readonly number[];
}

/** A JavaScript expression, to be compiled with the flag "u", and the numbers of its named groups. */
export interface WrittenExpression {
  readonly source: string;
  /** Name to number. */
  readonly groups: ReadonlyMap<string, number>;
}

/**
 * Writes an expression so that JavaScript finds the same in every text.
 * @throws BailiffError where that cannot be done
 */
export function writeExpression(expression: PythonExpression): WrittenExpression {
  const writer = new Writer(expression, planCaptures(expression));
  return { source: writer.whole(expression.root), groups: writer.groups };
}

/** Notes that a group took part by what is next to its end: in a text that is not empty there is something. */
const marker = `(?:(?=(${anyCharacter}))|(?<=(${anyCharacter}))|^$)`;

/** Some repetitions are written several times, and so are those in them. In characters. */
const longestRepeat = 100_000;

const none: ReadonlySet<number> = new Set();

class Writer {
  readonly groups = new Map<string, number>();
  readonly #plan: CapturePlan;
  readonly #names: ReadonlyMap<number, string>;
  /** By Python's numbers of groups. */
  readonly #numbers = new Map<number, Numbers>();
  #captures = 0;
  #behind = false;
  /** While turns are written once more (`#remembering`): the groups that are captured there for others. */
  #wanted: ReadonlySet<number> | null = null;

  constructor({ names }: PythonExpression, plan: CapturePlan) {
    this.#plan = plan;
    this.#names = new Map([...names].map(([name, group]) => [group, name]));
  }

  /**
   * The engine looks for a match at each code unit, and finds nothing, which may be a match, also within a
   * character of two.
   */
  whole(root: PythonNode): string {
    if (root.width.minimum > 0) return this.write(root);
    return `(?=${anyCharacter}|$)${this.write(root, true)}`;
  }

  /** With alternatives in a group only where `grouped`. */
  write(node: PythonNode, grouped = false): string {
    switch (node.kind) {
      case 'literal':
        return literalText(node);
      case 'set':
        return setText(node);
      case 'any':
        return node.dotAll ? anyCharacter : '[^\\n]';
      case 'anchor':
        return anchorText(node);
      case 'sequence':
        return this.#sequence(node, grouped);
      case 'alternatives': {
        const text = node.branches.map((branch) => this.write(branch)).join('|');
        return grouped ? `(?:${text})` : text;
      }
      case 'capture':
        return this.#capture(node, grouped);
      case 'look':
        return this.#look(node);
      case 'atomic':
        return this.#atomic(() => this.write(node.inner));
      case 'reference':
        return this.#reference(node);
      case 'conditional':
        return this.#conditional(node);
      case 'repeat':
        return this.#repeat(node);
    }
  }

  #sequence({ items }: NodeOf<'sequence'>, grouped: boolean): string {
    return items
      .map((item, at) =>
        item.kind === 'anchor'
          ? anchorText(item, items[at - 1], items[at + 1])
          : this.write(item, grouped || items.length > 1),
      )
      .join('');
  }

  #capture({ group, inner }: NodeOf<'capture'>, grouped: boolean): string {
    if (!this.#isCaptured(group)) return this.write(inner, grouped);
    const name = this.#isWanted(group) ? this.#names.get(group) : undefined;
    const number = ++this.#captures;
    if (name !== undefined) this.groups.set(name, number);
    const text = `(${name === undefined ? '' : `?<${name}>`}${this.write(inner)})`;
    if (!this.#plan.marked.has(group)) {
      this.#numbers.set(group, { own: number, marks: [number] });
      return text;
    }
    this.#numbers.set(group, { own: number, marks: [++this.#captures, ++this.#captures] });
    return text + marker;
  }

  #isCaptured(group: number): boolean {
    return (this.#plan.kept.has(group) && this.#isWanted(group)) || this.#plan.referred.has(group);
  }

  #isWanted(group: number): boolean {
    return this.#wanted?.has(group) ?? true;
  }

  #look({ behind, negative, inner }: NodeOf<'look'>): string {
    const before = this.#behind;
    this.#behind = behind;
    const text = this.write(inner);
    this.#behind = before;
    return `(?${behind ? '<' : ''}${negative ? '!' : '='}${text})`;
  }

  /** What a look-ahead has found is not looked for again. In a look-behind JavaScript goes from right to left. */
  #atomic(write: () => string): string {
    const number = ++this.#captures;
    const text = write();
    return this.#behind ? `(?:\\${number})(?<=(${text}))` : `(?=(${text}))(?:\\${number})`;
  }

  #reference(node: NodeOf<'reference'>): string {
    // A digit may follow.
    const number = this.#numbers.get(node.group)?.own;
    const text = node.ignoreCase ? `(?i:\\${number})` : `(?:\\${number})`;
    return this.#plan.certain.has(node) ? text : this.#tookPart(node.group) + text;
  }

  #conditional(node: NodeOf<'conditional'>): string {
    const { group } = node;
    const yes = this.write(node.yes, true);
    // Its groups are groups all the same.
    if (this.#plan.never.has(node)) return `(?:${noCharacter}${yes}|${this.write(node.no, true)})`;
    if (this.#plan.certain.has(node)) return yes;
    const yesWhere = this.#tookPart(group) + yes;
    return `(?:${yesWhere}|${this.#tookNoPart(group)}${this.write(node.no, true)})`;
  }

  /** At the end of the text a group's text matches if it is empty, and else does not. */
  #tookPart(group: number): string {
    return `(?!${this.#isEmpty(group)})`;
  }

  #tookNoPart(group: number): string {
    return `(?=${this.#isEmpty(group)})`;
  }

  /** A text that is not empty mostly fails to match right here, and the end is not gone to. */
  #isEmpty(group: number): string {
    const texts = (this.#numbers.get(group)?.marks ?? []).map((number) => `\\${number}`).join('');
    return `${texts}${anyCharacter}*$${texts}`;
  }

  #repeat(node: NodeOf<'repeat'>): string {
    const remembered = (this.#plan.remembered.get(node) ?? []).filter((group) => this.#isCaptured(group));
    const text = remembered.length > 0 ? this.#remembering(node, remembered) : this.#plainRepeat(node);
    if (text.length > longestRepeat)
      throw expressionError('these repetitions within each other cannot be translated', node.at);
    return text;
  }

  #plainRepeat(node: NodeOf<'repeat'>): string {
    if (node.mode !== 'possessive') return this.#turns(node);
    const greedy: NodeOf<'repeat'> = { ...node, mode: 'greedy' };
    if (node.minimum < 2) return this.#atomic(() => this.#turns(greedy));
    // Each turn is decided when it is over, which only matters before there are enough.
    const item: PythonNode = { kind: 'atomic', inner: node.item, width: node.item.width };
    return this.#atomic(() => this.#turns({ ...greedy, item }));
  }

  #turns(written: NodeOf<'repeat'>): string {
    const node = flattened(written);
    const { item, minimum, maximum, mode } = node;
    if (item.width.minimum === 0) {
      // JavaScript takes no optional turn that matches nothing.
      if (minimum === 0 && maximum === 1) return this.#optional(node);
      if (mode === 'greedy' && minimum !== maximum && !emptyComesLast(item)) return this.#aroundEmpty(node);
    }
    return this.#repeatable(item) + countsText(minimum, maximum) + (mode === 'lazy' ? '?' : '');
  }

  #optional({ item, mode }: NodeOf<'repeat'>): string {
    const text = this.write(item);
    return mode === 'lazy' ? `(?:|${text})` : `(?:${text}|)`;
  }

  /**
   * Python goes on behind a repetition as soon as a turn matched nothing, and comes back to the turn's other ways if that
   * leads nowhere: so these are repeated as few times as possible, behind the ways that come before.
   */
  #aroundEmpty({ item, minimum, maximum, at, width }: NodeOf<'repeat'>): string {
    const ways = waysAroundEmpty(item);
    if (ways === null || maximum !== Number.POSITIVE_INFINITY)
      throw expressionError('this repeats what may match nothing in a way that cannot be translated', at);
    const first = minimum === 0 ? '' : this.#repeatable(item) + countsText(minimum, minimum);
    const before = () =>
      ways.before === null || ways.before.width.maximum === 0
        ? ''
        : this.#turns({ kind: 'repeat', item: ways.before, minimum: 0, maximum, mode: 'greedy', at, width });
    const start = first + before();
    return ways.after === null ? start : `${start}(?:${this.write(ways.after, true)}${before()})*?`;
  }

  /**
   * A repetition whose groups hold what they held in their last turn, not in the last one of all. Behind it, where its
   * end is known, the turns are gone through again: `step` is the first way of a turn from which the
   * end can be reached, which is the one that was taken. Of these as many are passed over as leaves one in which the group
   * took part. Start and end are found again by the text that is left there.
   */
  #remembering(node: NodeOf<'repeat'>, groups: readonly number[]): string {
    const rest = `(?=(${anyCharacter}*))`;
    const start = ++this.#captures;
    const repeat = this.#copy(this.#without(groups), () => this.#plainRepeat(node));
    const written = new Map(this.#numbers);
    const end = ++this.#captures;
    const turn = () => this.#copy(none, () => this.#repeatable(node.item));
    const step = (write: () => string) => this.#atomic(() => `${write()}(?=${turn()}*\\${end}$)`);
    const found = groups.map((group) => {
      const skipped = step(turn);
      let numbers: Numbers | undefined;
      const last = step(() => {
        const text = this.#copy(new Set([group]), () => this.#repeatable(node.item));
        numbers = this.#numbers.get(group);
        return text;
      });
      // What follows the group's own copy wrote it again.
      if (numbers !== undefined) this.#numbers.set(group, numbers);
      return `(?=(?:${skipped})*${last}${this.#tookPart(group)}|)`;
    });
    // The copies wrote others of the repetition's groups too.
    for (const [group, numbers] of written) this.#numbers.set(group, numbers);
    return `${rest}${repeat}${rest}(?<=${found.join('')}(?=\\${start}$)${anyCharacter}*?)`;
  }

  /** The groups wanted now but for these. */
  #without(groups: readonly number[]): ReadonlySet<number> {
    const wanted = this.#wanted ?? this.#plan.kept;
    return new Set([...wanted].filter((group) => !groups.includes(group)));
  }

  #copy(wanted: ReadonlySet<number>, write: () => string): string {
    const before = this.#wanted;
    this.#wanted = wanted;
    const text = write();
    this.#wanted = before;
    return text;
  }

  #repeatable(item: PythonNode): string {
    const text = this.write(item);
    return item.kind === 'literal' || item.kind === 'any' || item.kind === 'set' ? text : `(?:${text})`;
  }
}
