import { type CharacterSet, everything, overlap, setOf } from './charset.ts';
import { type PatternNode, parsePattern } from './pattern.ts';

/** A repetition of more turns than this counts as one without an end. */
const mostTurns = 12;
/** Of an expression with more places nothing is said. */
const mostPlaces = 2_000;

/**
 * Whether an expression may take a time that doubles with every character: where a repetition can read one text in
 * two ways, and so twice as many with each turn. The places of the expression's characters are the states of an
 * automaton (Glushkov, 1961); it blows up where two different walks that read the same text both lead from a place
 * back to it (Weber and Seidl, 1991). What a look-around or an anchor forbids is not considered.
 */
export function blowsUp(source: string, ignoreCase = false): boolean {
  const { root } = parsePattern(source);
  return [root, ...lookArounds(root)].some((node) => {
    const places = new Places(node, ignoreCase);
    return places.count <= mostPlaces && isAmbiguous(places);
  });
}

function lookArounds(node: PatternNode): PatternNode[] {
  switch (node.kind) {
    case 'empty':
      return node.inner === undefined ? [] : [node.inner, ...lookArounds(node.inner)];
    case 'sequence':
      return node.items.flatMap(lookArounds);
    case 'alternatives':
      return node.branches.flatMap(lookArounds);
    case 'repeated':
      return lookArounds(node.item);
    default:
      return [];
  }
}

/** Where a part of the expression can begin and end, and whether it can be nothing. */
interface Part {
  readonly first: readonly number[];
  readonly last: readonly number[];
  readonly empty: boolean;
}

const nothing: Part = { first: [], last: [], empty: true };

/** The places of an expression's characters, and which can follow which. */
class Places {
  readonly sets: CharacterSet[] = [];
  /** By place: the places that can follow it, and in how many ways (one, or more). */
  readonly next: Map<number, number>[] = [];
  readonly #ignoreCase: boolean;

  constructor(root: PatternNode, ignoreCase: boolean) {
    this.#ignoreCase = ignoreCase;
    this.#part(root);
  }

  get count(): number {
    return this.sets.length;
  }

  #part(node: PatternNode): Part {
    if (this.count > mostPlaces) return nothing;
    switch (node.kind) {
      case 'empty':
        return nothing;
      case 'sequence':
        return node.items
          .map((item) => () => this.#part(item))
          .reduce((before, next) => this.#joined(before, next()), nothing);
      case 'alternatives':
        return eitherOf(node.branches.map((branch) => this.#part(branch)));
      case 'repeated':
        return this.#repeated(node.item, node.minimum, node.maximum);
      default:
        return this.#place(setOf(node, this.#ignoreCase) ?? everything);
    }
  }

  #place(set: CharacterSet): Part {
    const place = this.sets.push(set) - 1;
    this.next.push(new Map());
    return { first: [place], last: [place], empty: false };
  }

  #joined(before: Part, after: Part): Part {
    this.#connect(before.last, after.first);
    return {
      first: before.empty ? [...before.first, ...after.first] : before.first,
      last: after.empty ? [...before.last, ...after.last] : after.last,
      empty: before.empty && after.empty,
    };
  }

  #repeated(item: PatternNode, minimum: number, maximum: number): Part {
    if (maximum > mostTurns) {
      const part = this.#part(item);
      this.#connect(part.last, part.first);
      return { ...part, empty: part.empty || minimum === 0 };
    }
    let all = nothing;
    for (let turn = 0; turn < maximum; turn++) {
      const part = this.#part(item);
      all = this.#joined(all, turn < minimum ? part : { ...part, empty: true });
    }
    return all;
  }

  #connect(from: readonly number[], to: readonly number[]): void {
    for (const place of from) {
      const next = this.next[place];
      for (const each of to) next?.set(each, (next.get(each) ?? 0) + 1);
    }
  }
}

function eitherOf(parts: readonly Part[]): Part {
  return {
    first: parts.flatMap(({ first }) => first),
    last: parts.flatMap(({ last }) => last),
    empty: parts.some(({ empty }) => empty),
  };
}

function isAmbiguous({ sets, next, count }: Places): boolean {
  const loops = cyclesOf(count, (place) => [...(next[place]?.keys() ?? [])]);
  const withinLoop = (place: number): [number, number][] =>
    [...(next[place] ?? [])].filter(([to]) => loops[to] === loops[place]);
  for (let place = 0; place < count; place++) if (withinLoop(place).some(([, ways]) => ways > 1)) return true;
  // Pairs of places of one loop, of which two walks can be at.
  const pairsAfter = (pair: number): number[] => {
    const [a, b] = [Math.floor(pair / count), pair % count];
    return withinLoop(a).flatMap(([toA]) =>
      withinLoop(b)
        .filter(([toB]) => overlap(sets[toA] ?? everything, sets[toB] ?? everything))
        .map(([toB]) => toA * count + toB),
    );
  };
  const same = Array.from({ length: count }, (_, place) => place * count + place);
  const pairs = reachable(same, pairsAfter);
  const index = new Map(pairs.map((pair, at) => [pair, at]));
  const pairLoops = cyclesOf(pairs.length, (at) =>
    pairsAfter(pairs[at] ?? 0).map((pair) => index.get(pair) ?? 0),
  );
  const apart = new Set(
    pairs.flatMap((pair, at) => (Math.floor(pair / count) === pair % count ? [] : [pairLoops[at]])),
  );
  return pairs.some((pair, at) => Math.floor(pair / count) === pair % count && apart.has(pairLoops[at]));
}

function reachable(from: readonly number[], next: (node: number) => readonly number[]): number[] {
  const seen = new Set(from);
  // Those that are added meanwhile are visited too.
  for (const node of seen) for (const each of next(node)) seen.add(each);
  return [...seen];
}

/** By node: the number of its strongly connected component (Tarjan, 1972; with a stack of its own, since these are deep). */
function cyclesOf(count: number, next: (node: number) => readonly number[]): readonly number[] {
  const order: number[] = new Array(count).fill(-1);
  const low: number[] = new Array(count).fill(0);
  const component: number[] = new Array(count).fill(-1);
  const open: number[] = [];
  let [visited, components] = [0, 0];
  for (let root = 0; root < count; root++) {
    if (order[root] !== -1) continue;
    const path: { node: number; rest: number[] }[] = [];
    const enter = (node: number): void => {
      order[node] = low[node] = visited++;
      open.push(node);
      path.push({ node, rest: [...next(node)] });
    };
    enter(root);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const { node, rest } = top;
      const to = rest.pop();
      if (to !== undefined) {
        if (order[to] === -1) enter(to);
        else if (component[to] === -1) low[node] = Math.min(low[node] ?? 0, order[to] ?? 0);
        continue;
      }
      path.pop();
      const parent = path.at(-1)?.node;
      if (parent !== undefined) low[parent] = Math.min(low[parent] ?? 0, low[node] ?? 0);
      if (low[node] !== order[node]) continue;
      let member: number | undefined;
      do {
        member = open.pop();
        if (member !== undefined) component[member] = components;
      } while (member !== node && member !== undefined);
      components++;
    }
  }
  return component;
}
