/**
 * Which characters Python takes for the same where case is ignored: those that are the same in lower case, and
 * lower-case ones that are the same in upper case (`re._compiler`, `_EXTRA_CASES`). So `i` is also U+0130 and U+0131,
 * which JavaScript does not think, and `s` is U+017F, `k` is U+212A. In ASCII mode it is the letters of ASCII alone.
 */
export function caseVariants(code: number, ascii: boolean): readonly number[] {
  if (ascii) return asciiVariants(code);
  if (code < 0x80) return [...asciiVariants(code), ...(foreign[code | 0x20] ?? [])];
  const variants = cased().get(code);
  return variants === undefined ? [code] : variants;
}

/** The variants outside a range of characters inside it. */
export function variantsOfRange(from: number, to: number, ascii: boolean): readonly number[] {
  const among = ascii || to < 0x80 ? asciiLetters : cased().keys();
  const outside = new Set<number>();
  for (const code of among) {
    if (code < from || code > to) continue;
    for (const variant of caseVariants(code, ascii)) if (variant < from || variant > to) outside.add(variant);
  }
  return [...outside];
}

const asciiLetters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'].map((letter) =>
  letter.charCodeAt(0),
);

/** What lies outside ASCII, by lower-case letters. */
const foreign: Readonly<Record<number, readonly number[]>> = {
  105: [0x130, 0x131],
  107: [0x212a],
  115: [0x17f],
};

function asciiVariants(code: number): readonly number[] {
  const other = code ^ 0x20;
  return /[a-z]/i.test(String.fromCodePoint(code)) && code < 0x80 ? [code, other] : [code];
}

let table: ReadonlyMap<number, readonly number[]> | undefined;

/** All characters that have variants; made when an expression first asks for others than ASCII's. */
function cased(): ReadonlyMap<number, readonly number[]> {
  table ??= makeTable();
  return table;
}

/** No character beyond has another case. */
const lastCased = 0x1ffff;

function makeTable(): Map<number, number[]> {
  const sets = new Map<string, number[]>();
  for (let code = 0; code <= lastCased; code++) {
    const character = String.fromCodePoint(code);
    const lower = simpleLower(character);
    const upper = lower.toUpperCase();
    if (character === lower && character === upper) continue;
    // What is the same in lower case is so in upper case too.
    const set = sets.get(upper);
    if (set === undefined) sets.set(upper, [code]);
    else set.push(code);
  }
  const all = new Map<number, number[]>();
  for (const set of sets.values()) if (set.length > 1) for (const code of set) all.set(code, set);
  return all;
}

/** U+0130 has two characters in lower case; Python takes the first. */
function simpleLower(character: string): string {
  return String.fromCodePoint(character.toLowerCase().codePointAt(0) ?? 0);
}
