import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bucketCount, bucketOf, Windows } from './window.ts';

const limits = { maxretry: 3, findtime: 600, maxTracked: 1_000 };

test('counts the attempts within findtime of the newest, the edge included', () => {
  const windows = new Windows(limits);
  assert.equal(windows.add('192.0.2.1', 1_000, 1), 1);
  assert.equal(windows.add('192.0.2.1', 1_600, 1), 2, 'exactly findtime apart');
  assert.equal(windows.add('192.0.2.1', 1_600.5, 1), 2, 'the first one has left');
});

test('addresses do not share a window', () => {
  const windows = new Windows(limits);
  windows.add('192.0.2.1', 1, 2);
  assert.equal(windows.add('192.0.2.2', 1, 1), 1);
});

test('late lines count where they belong', () => {
  const windows = new Windows(limits);
  windows.add('192.0.2.1', 2_000, 1);
  assert.equal(windows.add('192.0.2.1', 1_500, 1), 2);
  assert.equal(windows.add('192.0.2.1', 1_300, 1), 2, 'too old for the newest');
});

test('a window holds no more than maxretry times, however many attempts come', () => {
  const windows = new Windows(limits);
  assert.equal(windows.add('192.0.2.1', 1, 1_000_000), 3);
  assert.equal(windows.pack(bucketOf('192.0.2.1'), 1).times.length, 3);
});

test('memory is bounded: the stalest address of a bucket goes first', () => {
  const windows = new Windows({ ...limits, maxTracked: 500 });
  for (let index = 0; index < 5_000; index++) windows.add(`10.0.${index >> 8}.${index & 255}`, index, 1);
  assert.equal(windows.size, 500);
  assert.equal(windows.evicted, 4_500);
  assert.equal(windows.add('10.0.19.135', 5_000, 1), 2, 'the newest is still there');
});

test('what is packed comes back, without what is out of date', () => {
  const windows = new Windows(limits);
  for (let index = 0; index < 300; index++)
    windows.add(`198.51.${100 + (index >> 8)}.${index & 255}`, 1_000 + index, 2);
  windows.add('203.0.113.1', 100, 1);
  const copy = new Windows(limits);
  for (let bucket = 0; bucket < bucketCount; bucket++) copy.unpack(windows.pack(bucket, 900));
  assert.equal(windows.size, 300);
  assert.equal(copy.size, 300);
  assert.equal(copy.add('198.51.100.7', 1_007, 1), 3);
  assert.equal(copy.add('203.0.113.1', 1_500, 1), 1);
});

test('what others counted is taken over, within the limits', () => {
  const wide = new Windows({ maxretry: 100, findtime: 10_000, maxTracked: 1_000 });
  for (let index = 0; index < 50; index++) wide.add('192.0.2.1', 1_000 + index, 1);
  wide.add('2001:db8::/64', 1_000, 1);
  wide.add('2001:db8::/64', 1_700, 1);
  const windows = new Windows(limits);
  windows.takeOver(wide);
  assert.deepEqual([...windows.pack(bucketOf('192.0.2.1'), 0).times], [1_047, 1_048, 1_049]);
  assert.deepEqual([...windows.pack(bucketOf('2001:db8::/64'), 0).times], [1_700]);
  assert.equal(wide.size, 0);
  assert.equal(wide.add('192.0.2.1', 2_000, 1), 1, 'it begins anew');
});

test('after a flood the few that are left are counted as before', () => {
  const windows = new Windows({ ...limits, maxTracked: 10_000 });
  for (let index = 0; index < 10_000; index++) windows.add(`10.0.${index >> 8}.${index & 255}`, index, 1);
  for (let bucket = 0; bucket < bucketCount; bucket++) windows.pack(bucket, 9_900);
  assert.equal(windows.size, 100);
  assert.equal(windows.add('10.0.39.15', 10_000, 1), 2);
  assert.equal(windows.add('10.0.0.1', 10_000, 1), 1);
});

test('the bucket of an address never changes: it is stored', () => {
  assert.equal(bucketOf('203.0.113.7'), bucketOf('203.0.113.7'));
  assert.deepEqual(['203.0.113.7', '2001:db8::/64'].map(bucketOf), [224, 43]);
});
