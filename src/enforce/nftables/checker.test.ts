import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { nftSpeaker } from '../../../test/setup/nft-speaker.ts';
import { NftChecker } from './checker.ts';

describe('the checker of commands', () => {
  const standing: NftChecker[] = [];

  function start(answer: string, processSays = false) {
    const asked: string[] = [];
    const run = async (args: readonly string[]) => {
      asked.push(args.join(' '));
      return { ok: processSays, missing: false, output: '', complaint: '' };
    };
    const command = [process.execPath, '-e', nftSpeaker(answer), '--'] as const;
    const checker = new NftChecker({ run, command, silenceMs: 60_000 });
    standing.push(checker);
    return { checker, asked };
  }

  after(async () => {
    await Promise.all(standing.map((each) => each.close()));
  });

  test('asks the child, again and again', async () => {
    const { checker, asked } = start('undefined');
    for (let look = 0; look < 3; look += 1) assert.equal(await checker.allows(['a', 'b']), true);
    assert.deepEqual(asked, []);
  });

  test('what the child refuses, or dies of, a process is asked, which has the last word', async () => {
    for (const answer of [`console.error('Error: No such file or directory')`, 'process.exit(1)']) {
      for (const processSays of [true, false]) {
        const { checker, asked } = start(answer, processSays);
        assert.equal(await checker.allows(['a', 'b']), processSays);
        assert.deepEqual(asked, ['-c a; b']);
      }
    }
  });
});
