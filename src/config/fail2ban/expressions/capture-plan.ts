import { type NodeOf, type PythonNode, partsOf } from './nodes.ts';
import { expressionError } from './python-text.ts';
import type { PythonExpression } from './reader.ts';

/** What is to be done about groups, by their Python numbers. */
export interface CapturePlan {
  /** These are captured: they have names, or something refers to them. */
  readonly kept: ReadonlySet<number>;
  /**
   * JavaScript takes a reference to a group that took no part for one to an empty text. So of these, which may be empty
   * and may take no part, it must be noted by other means that they did.
   */
  readonly marked: ReadonlySet<number>;
  /** References and conditions whose group took part, whatever is matched. */
  readonly certain: ReadonlySet<PythonNode>;
  /** Conditions that stand before their group ends, which cannot hold. */
  readonly never: ReadonlySet<PythonNode>;
  /** Groups that something refers to. */
  readonly referred: ReadonlySet<number>;
  /**
   * Repetitions with groups that do not take part in every turn: Python keeps what they last held, and JavaScript
   * forgets it at each turn.
   */
  readonly remembered: ReadonlyMap<PythonNode, readonly number[]>;
}

/**
 * @throws BailiffError where groups in a repetition would not hold the same texts: Python takes a last turn that matches
 *   nothing, which JavaScript does not, and what an earlier turn held can be found again only in some repetitions
 */
export function planCaptures({ root, names }: PythonExpression): CapturePlan {
  return new Planner(root, new Set(names.values())).plan();
}

type Sure = ReadonlySet<number>;

class Planner {
  readonly #root: PythonNode;
  readonly #kept: Set<number>;
  readonly #widths = new Map<number, number>();
  readonly #closed = new Set<number>();
  readonly #certain = new Set<PythonNode>();
  readonly #never = new Set<PythonNode>();
  readonly #marked = new Set<number>();
  /** By the groups that they refer to. */
  readonly #references = new Map<number, PythonNode[]>();
  readonly #remembered = new Map<PythonNode, readonly number[]>();
  #repetitions = 0;

  constructor(root: PythonNode, named: ReadonlySet<number>) {
    this.#root = root;
    this.#kept = new Set(named);
    this.#collect(root);
    for (const group of this.#references.keys()) this.#kept.add(group);
  }

  plan(): CapturePlan {
    this.#walk(this.#root, new Set());
    return {
      kept: this.#kept,
      marked: this.#marked,
      certain: this.#certain,
      never: this.#never,
      referred: new Set(this.#references.keys()),
      remembered: this.#remembered,
    };
  }

  #collect(node: PythonNode): void {
    if (node.kind === 'reference' || node.kind === 'conditional')
      this.#references.set(node.group, [...(this.#references.get(node.group) ?? []), node]);
    if (node.kind === 'capture') this.#widths.set(node.group, node.inner.width.minimum);
    for (const part of partsOf(node)) this.#collect(part);
  }

  /** @param sure the groups that took part before; returns those that took part behind the node */
  #walk(node: PythonNode, sure: Sure): Sure {
    switch (node.kind) {
      case 'capture': {
        const inner = this.#walk(node.inner, sure);
        this.#closed.add(node.group);
        return including(inner, node.group);
      }
      case 'reference':
        this.#note(node, sure);
        return including(sure, node.group);
      case 'conditional':
        return this.#conditional(node, sure);
      case 'look': {
        const inner = this.#walk(node.inner, sure);
        return node.negative ? sure : inner;
      }
      case 'repeat':
        return this.#repeat(node, sure);
      case 'alternatives':
        return common(node.branches.map((branch) => this.#walk(branch, sure)));
      default: {
        let all = sure;
        for (const part of partsOf(node)) all = this.#walk(part, all);
        return all;
      }
    }
  }

  #note(node: NodeOf<'reference'> | NodeOf<'conditional'>, sure: Sure): void {
    if (sure.has(node.group)) this.#certain.add(node);
    else if (this.#widths.get(node.group) === 0) this.#marked.add(node.group);
  }

  #conditional(node: NodeOf<'conditional'>, sure: Sure): Sure {
    if (this.#closed.has(node.group)) {
      this.#note(node, sure);
    } else {
      if (this.#repetitions > 0)
        throw expressionError('a condition before its group cannot be translated in a repetition', node.at);
      this.#never.add(node);
    }
    const yes = this.#walk(node.yes, including(sure, node.group));
    return common([yes, this.#walk(node.no, sure)]);
  }

  #repeat(node: NodeOf<'repeat'>, sure: Sure): Sure {
    const { item, minimum, maximum } = node;
    if (maximum > 1) this.#repetitions++;
    const behind = this.#walk(item, sure);
    if (maximum > 1) {
      this.#repetitions--;
      this.#checkTurns(node, behind);
    }
    return minimum === 0 ? sure : behind;
  }

  /** @param behind the groups that took part when a turn is over */
  #checkTurns(node: NodeOf<'repeat'>, behind: Sure): void {
    const groups = [...capturesIn(node.item)].filter((group) => this.#kept.has(group));
    const unsure = groups.filter((group) => !behind.has(group));
    if ((groups.length > 0 && mayEndEmpty(node)) || (unsure.length > 0 && isCounted(node)))
      throw expressionError(
        'a group in this repetition would not hold what it does in Python',
        node.at,
        'Repeat with * or + what is never empty, or name no group in there.',
      );
    if (unsure.length === 0) return;
    // Which way was taken through the turns would depend on what the groups held.
    if (groups.some((group) => this.#references.get(group)?.some((each) => !this.#certain.has(each))))
      throw expressionError('what this repetition holds cannot be referred to elsewhere', node.at);
    for (const group of unsure) if (this.#widths.get(group) === 0) this.#marked.add(group);
    this.#remembered.set(node, unsure);
  }
}

/** Whether the number of turns matters. */
function isCounted({ minimum, maximum }: NodeOf<'repeat'>): boolean {
  return minimum > 1 || maximum !== Number.POSITIVE_INFINITY;
}

/** Whether there may be a turn that need not be and matches nothing. */
function mayEndEmpty({ item, minimum, maximum }: NodeOf<'repeat'>): boolean {
  return item.width.minimum === 0 && minimum !== maximum;
}

function* capturesIn(node: PythonNode): Generator<number> {
  if (node.kind === 'capture') yield node.group;
  for (const part of partsOf(node)) yield* capturesIn(part);
}

function including(sure: Sure, group: number): Sure {
  return sure.has(group) ? sure : new Set(sure).add(group);
}

function common([first, ...others]: readonly Sure[]): Sure {
  return others.reduce((both, other) => both.intersection(other), first ?? new Set<number>());
}
