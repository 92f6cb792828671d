import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { nftSpeaker } from '../../../test/setup/nft-speaker.ts';
import { NftReader } from './reader.ts';

const sets = [{ name: 'ban4_32' }, { name: 'ban6_64' }];

describe('the reader of the table', () => {
  const standing: NftReader[] = [];

  function start(answer: string) {
    let processes = 0;
    const run = async () => {
      processes += 1;
      return { ok: false, missing: false, output: '', complaint: 'said by a process' };
    };
    const reader = new NftReader({
      run,
      command: [process.execPath, '-e', nftSpeaker(answer), '--'],
      silenceMs: 60_000,
    });
    standing.push(reader);
    return { reader, processes: () => processes };
  }

  after(async () => {
    await Promise.all(standing.map((each) => each.close()));
  });

  test('asks the child, again and again', async () => {
    const { reader, processes } = start(`console.log('{"nftables": [' + line + ']}')`);
    for (let look = 0; look < 3; look += 1) {
      const answer = await reader.read(sets);
      assert.equal(answer.ok, true);
      const documents = answer.output.split('\n').slice(0, 2);
      assert.deepEqual(documents, [
        '{"nftables": [list set inet bailiff ban4_32]}',
        '{"nftables": [list set inet bailiff ban6_64]}',
      ]);
    }
    const many = Array.from({ length: 17 }, (_, index) => ({ name: `ban4_${index + 1}` }));
    for (const others of [[], many]) {
      assert.match((await reader.read(others)).output, /^\{"nftables": \[list table inet bailiff\]\}/);
    }
    assert.equal(processes(), 0);
  });

  test('what the child complains of, or does not tell, a process is asked', async () => {
    for (const answer of [`console.error('Error: No such file or directory')`, 'undefined']) {
      const { reader, processes } = start(answer);
      assert.equal((await reader.read(sets)).complaint, 'said by a process');
      assert.equal(processes(), 1);
    }
  });

  test('a child that died is not asked for a while', async () => {
    const { reader, processes } = start('process.exit(1)');
    assert.equal((await reader.read(sets)).complaint, 'said by a process');
    assert.equal((await reader.read(sets)).complaint, 'said by a process');
    assert.equal(processes(), 2);
  });

  test('a large table is read by a process, until it is small again', async () => {
    const { reader, processes } = start(`console.log('{"nftables": [' + ' '.repeat(600_000) + ']}')`);
    assert.equal((await reader.read(sets)).output.length > 600_000, true);
    assert.equal((await reader.read(sets)).complaint, 'said by a process');
    assert.equal(processes(), 1);
    assert.equal((await reader.read(sets)).output.length > 600_000, true);
  });
});
