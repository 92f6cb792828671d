import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandResult } from '../command.ts';
import type { RunNft } from './command.ts';
import { canReject, probeNftables } from './probe.ts';

const done = (output = ''): CommandResult => ({ ok: true, missing: false, output, complaint: '' });
const refused = (complaint: string): CommandResult => ({ ok: false, missing: false, output: '', complaint });

/** An nft that refuses trials which hold `word`. */
function nft(word: string, complaint: string): RunNft {
  return async (args) => {
    if (args[0] === '--version') return done('nftables v1.0.6 (Lester Gooch #5)\n');
    return args.join(' ').includes(word) ? refused(complaint) : done();
  };
}

const probe = (run: RunNft, ipv6 = true) =>
  probeNftables(run, async () => ipv6, new AbortController().signal);

test('where it works its version is told, and whether IPv6 is missing', async () => {
  assert.deepEqual(await probe(nft('nothing', '')), {
    usable: true,
    detail: 'nftables v1.0.6 (Lester Gooch #5)',
  });
  assert.match((await probe(nft('nothing', ''), false)).detail, /, no IPv6 on this machine$/);
});

test('where it does not, the reason and the remedy are', async () => {
  const missing = await probe(async () => ({ ...refused('not found'), missing: true }));
  assert.deepEqual([missing.usable, /apt-get install nftables/.test(missing.detail)], [false, true]);
  for (const [complaint, told] of [
    ['cache initialization failed: Operation not permitted', /no right .*NET_ADMIN/],
    ['syntax error, unexpected typeof', /too old/],
    ['JSON support not compiled-in.', /cannot write JSON/],
    ['Could not process rule: Operation not supported', /load the module nf_tables/],
  ] as const) {
    const { usable, detail } = await probe(nft('bailiff_probe', complaint));
    assert.equal(usable, false);
    assert.match(detail, told);
  }
  const thrown = await probe(() => Promise.reject(new Error('gone')));
  assert.deepEqual(thrown, { usable: false, detail: 'nft could not be probed: gone' });
});

test('a kernel that cannot reject is told from one that can do nothing', async () => {
  assert.equal(await canReject(nft('nothing', '')), true);
  assert.equal(await canReject(nft('reject', 'Operation not supported')), false);
  assert.equal(await canReject(nft('bailiff_probe', 'Operation not permitted')), true);
});
