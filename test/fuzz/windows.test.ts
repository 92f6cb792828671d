/** The windows against Maps of arrays, which is what they were made of: the same after any operations. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalAddress, countedAddress } from '../../src/core/address.ts';
import { type AddressKey, formatKey, readKey } from '../../src/core/address-key.ts';
import { AddressTable } from '../../src/core/address-table.ts';
import { EntryPool } from '../../src/core/entry-pool.ts';
import type { Address } from '../../src/core/types.ts';
import { bucketCount, bucketOf, longestSkew, type WindowLimits, Windows } from '../../src/core/window.ts';
import { type Random, randomOf, seed } from './random.ts';

/** One of a range of addresses of every kind that is counted, each with a name. */
function addressOf(number: number): Address {
  const hex = (number * 0x9e37)
    .toString(16)
    .slice(-4)
    .replace(/^0+(?=.)/, '');
  const written = [
    `${10 + (number & 3)}.${number >> 16}.${(number >> 8) & 255}.${number & 255}`,
    `2001:db8:${(number >> 8).toString(16)}:${hex}::/64`,
    `2001:db8::${hex}:${number.toString(16)}`,
  ][number % 3];
  const address = canonicalAddress(written ?? '');
  assert.ok(address !== null);
  return address;
}

test(`texts of addresses, each read into a key and written again (seed ${seed})`, () => {
  const random = randomOf(seed);
  const key: AddressKey = { word0: 0, word1: 0, word2: 0, word3: 0, bits: 0 };
  const group = (): string => random.below(random.pick([1, 2, 0x1_0000])).toString(16);
  const groups = (count: number): string => Array.from({ length: count }, group).join(':');
  const byte = (): number => random.below(256);
  for (let round = 0; round < 30_000; round++) {
    const range = `${groups(8)}/${random.below(129)}`;
    const plain = `${byte()}.${byte()}.${byte()}.${byte()}`;
    for (const text of [plain, `${plain}/${random.below(33)}`, range, countedAddress(groups(8))]) {
      const address = canonicalAddress(text);
      assert.ok(address !== null, text);
      readKey(address, key);
      assert.equal(formatKey(key), address);
    }
  }
});

for (const range of [8, 300, 20_000]) {
  test(`tables that grow and shrink over ${range} addresses (seed ${seed})`, () => {
    const random = randomOf(seed + range);
    let pool = new EntryPool();
    let table = new AddressTable(pool);
    const model = new Map<Address, number[]>();
    for (let round = 0; round < 60_000; round++) {
      const address = addressOf(random.below(range));
      if (random.below(10) < (round % 20_000 < 12_000 ? 2 : 7)) {
        assert.equal(table.delete(address), model.delete(address));
      } else {
        const times = Array.from(
          { length: 1 + random.below(random.pick([2, 20])) },
          () => random.below(1e9) / 7,
        );
        table.change(address, (known) => {
          assert.deepEqual(known, model.get(address) ?? []);
          return times;
        });
        model.delete(address);
        model.set(address, times);
      }
      assert.equal(table.size, model.size);
      if (round % 5_000 !== 0) continue;
      assert.deepEqual([...table], [...model]);
      if (!pool.isSparse) continue;
      pool = new EntryPool();
      table = new AddressTable(pool, table);
    }
    for (const [address] of [...model]) {
      assert.equal([...table][0]?.[0], address, 'the oldest goes first');
      assert.equal(table.deleteOldest(), model.delete(address));
      if (model.size % 500 === 0) assert.deepEqual([...table], [...model]);
      if (range > 300) break;
    }
  });
}

/** What `Windows` promises, as plainly as it can be said. */
class Model {
  readonly buckets = Array.from({ length: bucketCount }, () => new Map<Address, number[]>());
  readonly #limits: WindowLimits;
  evicted = 0;

  constructor(limits: WindowLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.buckets.reduce((sum, bucket) => sum + bucket.size, 0);
  }

  add(address: Address, time: number, attempts: number): number {
    const { maxretry, findtime, maxTracked } = this.#limits;
    const start = bucketOf(address);
    const bucket = this.#bucket(start);
    const all = [...(bucket.get(address) ?? []), ...Array<number>(Math.min(attempts, maxretry)).fill(time)];
    const newest = Math.max(...all);
    const times = all
      .sort((a, b) => a - b)
      .slice(-maxretry)
      .filter((each) => each >= newest - findtime);
    bucket.delete(address);
    bucket.set(address, times);
    if (this.size > maxTracked) this.#evict(start);
    return times.length;
  }

  forget(address: Address): void {
    this.#bucket(bucketOf(address)).delete(address);
  }

  settle(now: number): boolean {
    const lists = this.buckets.flatMap((bucket) => [...bucket.values()]);
    const ahead = lists.filter((times) => times.some((time) => time > now + longestSkew));
    for (const times of ahead) {
      const settled = times.map((time) => (time > now + longestSkew ? now : time)).sort((a, b) => a - b);
      times.splice(0, times.length, ...settled);
    }
    return ahead.length > 0;
  }

  pack(index: number, oldest: number): [Address, number[]][] {
    const bucket = this.#bucket(index);
    for (const [address, times] of bucket) if ((times.at(-1) ?? 0) < oldest) bucket.delete(address);
    return [...bucket];
  }

  #bucket(index: number): Map<Address, number[]> {
    return this.buckets[index] ?? assert.fail();
  }

  #evict(start: number): void {
    this.evicted++;
    const around = Array.from({ length: bucketCount }, (_, step) =>
      this.#bucket((start + step) % bucketCount),
    );
    const paying = around.find((bucket, step) => bucket.size > (step === 0 ? 1 : 0));
    const [oldest] = paying?.keys() ?? [];
    if (oldest !== undefined) paying?.delete(oldest);
  }
}

function unpacked(windows: Windows, index: number, oldest: number): [Address, number[]][] {
  const { addresses, counts, times } = windows.pack(index, oldest);
  let end = 0;
  return addresses.map((address, at) => {
    const start = end;
    end += counts[at] ?? 0;
    return [address, [...times.subarray(start, end)]];
  });
}

function operate(windows: Windows, model: Model, now: number, range: number, random: Random): void {
  const address = addressOf(random.below(range));
  switch (random.below(40)) {
    case 0:
      windows.forget(address);
      model.forget(address);
      break;
    case 1: {
      const index = random.below(bucketCount);
      assert.deepEqual(unpacked(windows, index, now - 300), model.pack(index, now - 300));
      break;
    }
    case 2:
      if (random.below(50) === 0) assert.equal(windows.settle(now - 200), model.settle(now - 200));
      break;
    default: {
      const time = now - random.below(random.pick([10, 700])) + random.below(10) / 7;
      const attempts = 1 + random.below(random.pick([1, 1, 12]));
      assert.equal(windows.add(address, time, attempts), model.add(address, time, attempts));
    }
  }
  assert.equal(windows.size, model.size);
  assert.equal(windows.evicted, model.evicted);
}

for (const [range, maxTracked] of [
  [40, 20],
  [3_000, 1_000],
  [3_000, 100_000],
] as const) {
  test(`windows of ${range} addresses, of which ${maxTracked} may be held (seed ${seed})`, () => {
    const random = randomOf(seed + range + maxTracked);
    const limits = { maxretry: 1 + random.below(9), findtime: 300, maxTracked };
    const windows = new Windows(limits);
    const model = new Model(limits);
    for (let round = 0; round < 15_000; round++) operate(windows, model, round / 20, range, random);
    const copy = new Windows(limits);
    for (let index = 0; index < bucketCount; index++) {
      copy.unpack(windows.pack(index, 0));
      assert.deepEqual(unpacked(windows, index, 0), model.pack(index, 0));
      assert.deepEqual(unpacked(copy, index, 0), model.pack(index, 0), 'what was packed came back');
    }
  });
}
