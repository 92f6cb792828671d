import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHeaders } from './sets.ts';

test('headers are read by name; a set without timeouts or counters says so', () => {
  const listed = [
    'Name: bailiff4',
    'Type: hash:net',
    'Revision: 7',
    'Header: family inet hashsize 1024 maxelem 1048576 timeout 0 counters bucketsize 12 initval 0xabc',
    'Size in memory: 584',
    'References: 2',
    'Number of entries: 3',
    '',
    'Name: lan',
    'Type: list:set',
    'Header: size 8',
    'Number of entries: 0',
    '',
  ].join('\n');
  const headers = parseHeaders(listed);
  assert.deepEqual(headers.get('bailiff4'), {
    type: 'hash:net',
    family: 'inet',
    timeouts: true,
    counters: true,
    capacity: 1_048_576,
    entries: 3,
  });
  assert.deepEqual(headers.get('lan'), {
    type: 'list:set',
    family: '',
    timeouts: false,
    counters: false,
    capacity: 0,
    entries: 0,
  });
  assert.equal(parseHeaders('').size, 0);
});
