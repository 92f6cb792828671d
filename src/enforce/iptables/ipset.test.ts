import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Ipset } from './ipset.ts';

/** Speaks as `ipset -` does: prompts without line ends, complaints on stderr, `version` answered. */
const speaker = `
  const lines = require('node:readline').createInterface({ input: process.stdin });
  process.stdout.write('ipset> ');
  lines.on('line', (line) => {
    if (line === 'version') process.stdout.write('ipset v7.17, protocol version: 7\\n');
    if (line.startsWith('bad')) process.stderr.write('ipset v7.17: no such ' + line + '\\n');
    if (line.startsWith('warn')) process.stderr.write('ipset v7.17: Warning: whatever\\n');
    if (line.startsWith('save')) process.stdout.write('add ' + line.slice(5) + '\\n');
    if (line === 'die') process.exit(3);
    process.stdout.write('ipset> ');
  });
`;

describe('the long-lived child', () => {
  const children: Ipset[] = [];
  const spoken = (silenceMs = 60_000): Ipset => {
    const ipset = new Ipset({ command: [process.execPath, '-e', speaker], silenceMs });
    children.push(ipset);
    return ipset;
  };

  after(async () => {
    await Promise.all(children.map((child) => child.close()));
  });

  test('answers a batch with what was printed in it, in order of sending', async () => {
    const ipset = spoken();
    const answers = await Promise.all(['one', 'two', 'three'].map((name) => ipset.send([`save ${name}`])));
    assert.deepEqual(
      answers.map((answer) => /^add (.*)$/m.exec(answer)?.[1]),
      ['one', 'two', 'three'],
    );
  });

  test('a complaint belongs to the batch it came in', async () => {
    const ipset = spoken();
    const batches = [['fine'], ['bad set', 'fine'], ['warn'], ['fine']].map((lines) => ipset.send(lines));
    const results = await Promise.allSettled(batches);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
    );
    await assert.rejects(batches[1] ?? Promise.resolve(), {
      code: 'enforcement-failed',
      message: /no such bad set/,
    });
  });

  test('a batch larger than any pipe goes through', async () => {
    const lines = Array.from({ length: 100_000 }, (_, index) => `add set 10.0.${index >> 8}.${index & 255}`);
    const answer = await spoken().send([...lines, 'save last']);
    assert.match(answer, /add last/);
  });

  test('a child that dies fails its batch, and the next one has another child', async () => {
    const ipset = spoken();
    await ipset.send([]);
    const first = ipset.pid;
    await assert.rejects(ipset.send(['die']), { code: 'enforcement-failed', message: /died: exit code 3/ });
    await ipset.send(['fine']);
    assert.notEqual(ipset.pid, first);
  });

  test('a child that says nothing is killed, and counts as dead', async () => {
    const mute = new Ipset({ command: [process.execPath, '-e', 'process.stdin.resume()'], silenceMs: 20 });
    children.push(mute);
    await assert.rejects(mute.send(['add']), { message: /said nothing for 20 ms/ });
  });

  test('a child that reads nothing does not hold a large batch for ever', async () => {
    const deaf = new Ipset({ command: ['sleep', '1000'], silenceMs: 20 });
    children.push(deaf);
    const lines = Array.from({ length: 50_000 }, (_, index) => `add set 10.0.0.${index}`);
    await assert.rejects(deaf.send(lines), { message: /said nothing/ });
  });

  test('a program that is not there is named', async () => {
    const absent = new Ipset({ command: ['bailiff-no-such-program'] });
    await assert.rejects(absent.send([]), { message: /bailiff-no-such-program is not installed/ });
    await absent.close();
  });

  test('closing waits for what was sent, and refuses what comes later', async () => {
    const ipset = spoken();
    const answer = ipset.send(['save me']);
    const closed = ipset.close();
    await assert.rejects(ipset.send(['late']), { message: /closed/ });
    await closed;
    await assert.doesNotReject(answer);
  });
});
