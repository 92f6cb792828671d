/**
 * Looks for fingerprints, sixteen places at a time: the instructions for that are JavaScript's only through WebAssembly. A
 * fingerprint is three bytes, and belongs to one of eight groups. For each of the three there is a table by the byte's
 * low half and one by its high half: a bit for each group that has such a byte there. What all six tables have in common at
 * a place are the groups that may have a fingerprint there.
 */

export const fingerprintLength = 3;
export const groupCount = 8;

/** Of a table: one byte for each half of a byte. */
export const tableLength = 16;

const tablesLength = 2 * fingerprintLength * tableLength;
const pageSize = 65_536;
const pages = 2;

/** Bytes of text that fit; sixteen are read at a time, from any place in it. */
const textCapacity = pages * pageSize - tablesLength - tableLength - fingerprintLength;

/** The memory of a thread, which is searched by one at a time. */
export interface FingerprintKernel {
  readonly capacity: number;
  /** Copies the text, at most `capacity` bytes, and the six tables: low and high half of the first byte, of the second, of the third. */
  load(tables: Uint8Array, text: Uint8Array): void;
  /** The first place from `at` on where there may be a fingerprint; none is before `to` where it is not less. */
  find(at: number, to: number): number;
}

let kernel: FingerprintKernel | null | undefined;

/** Null: the processor has no such instructions, or there is no room for WebAssembly's memory. */
export function fingerprintKernel(): FingerprintKernel | null {
  if (kernel !== undefined) return kernel;
  try {
    kernel = newKernel();
  } catch {
    kernel = null;
  }
  return kernel;
}

/** What is used of it; the types of Node name its modules only. */
interface WebAssembly {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly find: FingerprintKernel['find'];
}

function newKernel(): FingerprintKernel {
  const { Module, Instance } = (globalThis as unknown as { WebAssembly: WebAssembly }).WebAssembly;
  const { memory, find } = new Instance(new Module(moduleBytes)).exports as Exports;
  const bytes = new Uint8Array(memory.buffer);
  return {
    capacity: textCapacity,
    load: (tables, text) => {
      bytes.set(tables);
      bytes.set(text, tablesLength);
    },
    find,
  };
}

/** Opcodes, by https://webassembly.github.io/spec/core/binary/instructions.html */
const block = [0x02, 0x40];
const loop = [0x03, 0x40];
const ifTrue = [0x04, 0x40];
const end = [0x0b];
const branch = (depth: number) => [0x0c, depth];
const branchIf = (depth: number) => [0x0d, depth];
const giveBack = [0x0f];
const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const tee = (local: number) => [0x22, local];
/** Below 64. */
const number = (value: number) => [0x41, value];
const notLess = [0x4f];
const trailingZeros = [0x68];
const add = [0x6a];
const load = (offset: number) => [0xfd, 0x00, 0, offset];
const swizzle = [0xfd, 0x0e];
const splat = (byte: number) => [...number(byte), 0xfd, 0x0f];
const differ = [0xfd, 0x24];
const and = [0xfd, 0x4e];
const topBits = [0xfd, 0x64];
const shiftRight = [0xfd, 0x6d];

const [at, to, bits, bytes, firstTable] = [0, 1, 2, 3, 4] as const;

/** The groups, at sixteen places, whose fingerprints have such a byte as stands so many behind. */
function groupsBy(offset: number): number[] {
  const table = firstTable + 2 * offset;
  const low = [
    ...get(table),
    ...get(at),
    ...load(tablesLength + offset),
    ...tee(bytes),
    ...splat(15),
    ...and,
  ];
  const high = [...get(table + 1), ...get(bytes), ...number(4), ...shiftRight];
  return [...low, ...swizzle, ...high, ...swizzle, ...and];
}

const findCode = [
  ...[0, 1, 2, 3, 4, 5].flatMap((table) => [
    ...number(0),
    ...load(table * tableLength),
    ...set(firstTable + table),
  ]),
  ...[...block, ...loop],
  ...[...get(at), ...get(to), ...notLess, ...branchIf(1)],
  ...[...groupsBy(0), ...groupsBy(1), ...and, ...groupsBy(2), ...and],
  ...[...splat(0), ...differ, ...topBits, ...tee(bits)],
  ...[...ifTrue, ...get(at), ...get(bits), ...trailingZeros, ...add, ...giveBack, ...end],
  ...[...get(at), ...number(16), ...add, ...set(at), ...branch(0)],
  ...[...end, ...end],
  ...[...get(to), ...end],
];

const moduleBytes = moduleOf(findCode);

/** A module of one memory and one function, `find(i32, i32): i32`. */
function moduleOf(code: readonly number[]): Uint8Array<ArrayBuffer> {
  const [i32, v128] = [0x7f, 0x7b];
  const name = (text: string) => [text.length, ...Buffer.from(text)];
  const sized = (content: readonly number[]) => [...leb(content.length), ...content];
  const section = (id: number, content: readonly number[]) => [id, ...sized(content)];
  const locals = [2, 1, i32, 1 + 2 * fingerprintLength, v128];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 2, i32, i32, 1, i32]),
    ...section(3, [1, 0]),
    ...section(5, [1, 1, pages, pages]),
    ...section(7, [2, ...name('memory'), 2, 0, ...name('find'), 0, 0]),
    ...section(10, [1, ...sized([...locals, ...code])]),
  ]);
}

/** Seven bits a byte, the lowest first. */
function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}
