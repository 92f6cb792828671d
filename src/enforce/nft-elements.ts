import { formatRange, parseRange, type Range } from '../core/address.ts';
import type { Address } from '../core/types.ts';
import type { Element } from './backend.ts';
import { fullBits, type NftSet } from './nft-sets.ts';

const opening = /^\tset (\S+) \{/;
const elementsStart = /^\t\telements = \{/;
/** One element, then words that may have a number or a quoted text each: `timeout 10m expires 9m58s500ms`, `comment "…"`. */
const element = /\s*([0-9a-f.:]+)((?: [a-z]+(?: (?:"[^"]*"|\d[^\s,}]*))?)*)\s*[,}]?/y;
const ours = /^ timeout \d\S* expires (\d\S*)$/;

/**
 * The elements of all sets, read from `nft list table`. `setOf` names the set of ours; others are passed over.
 * What carries more than a time, or none, has 0 seconds remaining: no ban of ours, so that reconcile writes
 * it anew or removes it.
 */
export function* parseElements(
  text: string,
  setOf: (name: string) => NftSet | null,
): Generator<Element, void> {
  let set: NftSet | null = null;
  let within = false;
  for (const line of lines(text)) {
    const opened = opening.exec(line);
    if (opened !== null) set = setOf(opened[1] ?? '');
    if (set === null) continue;
    const begins = elementsStart.exec(line);
    if (begins !== null) within = true;
    if (!within) continue;
    yield* elementsIn(begins === null ? line : line.slice(begins[0].length), set);
    within = !line.endsWith(' }');
  }
}

/** Line by line: to split megabytes at once would hold up everything else. */
function* lines(text: string): Generator<string, void> {
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf('\n', start);
    yield text.slice(start, end === -1 ? text.length : end);
    start = end === -1 ? text.length : end + 1;
  }
}

function* elementsIn(line: string, set: NftSet): Generator<Element, void> {
  element.lastIndex = 0;
  for (let match = element.exec(line); match !== null; match = element.exec(line)) {
    const at = element.lastIndex;
    const address = addressOf(match[1] ?? '', set);
    const expires = ours.exec(match[2] ?? '')?.[1];
    if (address !== null) {
      yield { address, policy: set.policy, remaining: expires === undefined ? 0 : secondsOf(expires) };
    }
    // Another reading may have begun while this one paused.
    element.lastIndex = at;
  }
}

/** null where no change can name it and no packet match it: a range with bits behind its prefix, a v4-mapped address. */
function addressOf(text: string, set: NftSet): Address | null {
  const single = parseRange(text);
  if (single === null || single.family !== set.family) return null;
  if (set.bits === fullBits(set.family)) return formatRange(single);
  const range = parseRange(`${text}/${set.bits}`);
  return range !== null && sameBytes(range, single) ? formatRange(range) : null;
}

function sameBytes(a: Range, b: Range): boolean {
  return a.bytes.every((byte, index) => byte === b.bytes[index]);
}

const unitSeconds: Readonly<Record<string, number>> = { d: 86_400, h: 3_600, m: 60, s: 1, ms: 0.001 };

/** `9m58s500ms` in whole seconds, rounded up. */
function secondsOf(span: string): number {
  let seconds = 0;
  for (const [, number, unit = ''] of span.matchAll(/(\d+)(ms|[dhms])/g)) {
    seconds += Number(number) * (unitSeconds[unit] ?? 0);
  }
  return Math.max(1, Math.ceil(seconds));
}
