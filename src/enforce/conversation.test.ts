import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Conversation } from './conversation.ts';

/** Answers `end` with a word of its own, repeats other lines, and complains of those that begin with `bad`. */
const speaker = `
  const lines = require('node:readline').createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    if (line === 'end') process.stdout.write('through with it\\n');
    else if (line === 'die') process.exit(3);
    else if (line.startsWith('bad')) process.stderr.write('no such ' + line + '\\n');
    else process.stdout.write(line.slice(0, 20) + '\\n');
  });
`;

describe('a conversation with a program', () => {
  const standing: Conversation[] = [];

  function begin(command: readonly [string, ...string[]], silenceMs = 60_000): Conversation {
    const speech = { name: 'speaker', marker: 'end', acknowledgement: /^through with it$/m, environment: {} };
    const conversation = new Conversation({ ...speech, command, silenceMs });
    standing.push(conversation);
    return conversation;
  }

  const spoken = (): Conversation => begin([process.execPath, '-e', speaker]);

  after(async () => {
    await Promise.all(standing.map((each) => each.end()));
  });

  test('each exchange has what was said in it, and no more', async () => {
    const conversation = spoken();
    assert.deepEqual(await conversation.exchange(['one', 'bad two']), {
      output: 'one\nthrough with it\n',
      complaints: 'no such bad two\n',
    });
    assert.deepEqual(await conversation.exchange(['three']), {
      output: 'three\nthrough with it\n',
      complaints: '',
    });
    assert.equal(conversation.exchanges, 2);
  });

  test('a complaint belongs to its own exchange, however much was said before it', async () => {
    const conversation = spoken();
    for (let round = 0; round < 300; round += 1) {
      const said = Array.from({ length: round % 7 }, () => 'one');
      const { complaints } = await conversation.exchange([...said, `bad ${round}`]);
      assert.equal(complaints, `no such bad ${round}\n`);
    }
  });

  test('lines that are more than any pipe holds go through', async () => {
    const { output } = await spoken().exchange([...Array(20_000).fill('x'.repeat(100)), 'last']);
    assert.ok(output.endsWith('last\nthrough with it\n'));
  });

  test('a program that dies fails the exchange, and says why', async () => {
    const conversation = spoken();
    await assert.rejects(conversation.exchange(['die']), {
      code: 'enforcement-failed',
      message: 'speaker died: exit code 3',
    });
    assert.equal(conversation.dead, true);
  });

  test('one that says nothing is killed', async () => {
    const mute = begin([process.execPath, '-e', 'process.stdin.resume()'], 20);
    await assert.rejects(mute.exchange(['one']), { message: /said nothing for 20 ms/ });
  });

  test('one that reads nothing does not hold a long exchange for ever', async () => {
    const deaf = begin(['sleep', '1000'], 20);
    await assert.rejects(deaf.exchange(Array(50_000).fill('x'.repeat(20))), { message: /said nothing/ });
  });

  test('one that is not there is named', async () => {
    await assert.rejects(begin(['bailiff-no-such-program']).exchange([]), {
      message: 'speaker died: bailiff-no-such-program is not installed',
    });
  });
});
