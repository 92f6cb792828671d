import type { Width } from './nodes.ts';
import type { PythonText } from './python-text.ts';

/** Each is followed through all of the expression; fail2ban's own have 50 at most. */
const mostGroups = 500;

/** The groups of an expression while it is read, numbered from 1. */
export class Groups {
  readonly #text: PythonText;
  /** Undefined where a group is still open. */
  readonly #widths: (Width | undefined)[] = [undefined];
  readonly names = new Map<string, number>();
  /** Groups, and what refers to them. */
  #used = 0;
  /** Numbers of conditions, which may stand before their group, and where they were written. */
  readonly #conditions = new Map<number, number>();
  /** Groups from this number on stand in the look-behind that is being read, and can't be referred to there. */
  #ownOfLookBehind = Number.POSITIVE_INFINITY;

  constructor(text: PythonText) {
    this.#text = text;
  }

  get count(): number {
    return this.#widths.length - 1;
  }

  open(name: string | null, at: number): number {
    this.#use(at);
    const group = this.#widths.push(undefined) - 1;
    if (name !== null) {
      if (this.names.has(name)) this.#text.fail(`two groups have the name "${name}"`, at);
      this.names.set(name, group);
    }
    return group;
  }

  close(group: number, width: Width): void {
    this.#widths[group] = width;
  }

  named(name: string, at: number): number {
    return this.names.get(name) ?? this.#text.fail(`there is no group "${name}" before this place`, at);
  }

  /** The width of a group that is referred to, which must have ended. */
  widthOf(group: number, at: number): Width {
    this.#use(at);
    if (group > this.count) this.#text.fail(`there is no group ${group} before this place`, at);
    const width = this.#widths[group];
    if (width === undefined) this.#text.fail('a group cannot be referred to before it ends', at);
    this.#checkLookBehind(group, at);
    return width;
  }

  condition(group: number, at: number): void {
    this.#use(at);
    if (!this.#conditions.has(group)) this.#conditions.set(group, at);
    if (this.#ownOfLookBehind === Number.POSITIVE_INFINITY) return;
    if (this.#widths[group] === undefined)
      this.#text.fail('a group cannot be referred to before it ends', at);
    this.#checkLookBehind(group, at);
  }

  /** Reads what stands in a look-behind. */
  inLookBehind<T>(read: () => T): T {
    const before = this.#ownOfLookBehind;
    if (before === Number.POSITIVE_INFINITY) this.#ownOfLookBehind = this.#widths.length;
    const result = read();
    this.#ownOfLookBehind = before;
    return result;
  }

  /** At the end of the expression: every condition must have found its group. */
  checkConditions(): void {
    for (const [group, at] of this.#conditions)
      if (group > this.count) this.#text.fail(`there is no group ${group}`, at);
  }

  #use(at: number): void {
    if (++this.#used > mostGroups)
      this.#text.fail(`there are more than ${mostGroups} groups and references`, at);
  }

  #checkLookBehind(group: number, at: number): void {
    if (group >= this.#ownOfLookBehind)
      this.#text.fail('a look-behind cannot refer to a group of its own', at);
  }
}
