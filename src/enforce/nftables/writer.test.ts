import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { CommandResult } from '../command.ts';
import type { ElementChange } from './changes.ts';
import { SetNames } from './sets.ts';
import { NftWriter } from './writer.ts';

/** Speaks as `nft -i` does: silent where it is content, complaints on stderr; it dies of 10.0.0.13 and refuses 10.0.0.99. */
const speaker = `
  const lines = require('node:readline').createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    if (line.startsWith('describe')) console.log('payload expression, datatype ipv4_addr (IPv4 address) (basetype integer), 32 bits');
    if (/10\\.0\\.0\\.99\\b/.test(line)) console.error('Error: Could not process rule: Invalid argument\\n' + line);
    if (/10\\.0\\.0\\.13\\b/.test(line)) process.exit(1);
  });
`;

const set = new SetNames(['drop']).of('drop', 4, 32);

describe('the writer of elements', () => {
  const standing: NftWriter[] = [];

  /** `refuse`: what the process says to a text, or '' where it takes it; `output`: what it prints. */
  function start(
    refuse: (text: string) => string = () => '',
    command = [process.execPath, '-e', speaker],
    output = '',
  ) {
    const processes: string[] = [];
    const run = async (args: readonly string[]): Promise<CommandResult> => {
      const text = args.join(' ');
      processes.push(text);
      const complaint = refuse(text);
      return { ok: complaint === '', missing: false, output, complaint };
    };
    const writer = new NftWriter({ run, command: command as [string, ...string[]], silenceMs: 60_000 });
    standing.push(writer);
    return { writer, processes };
  }

  after(async () => {
    await Promise.all(standing.map((each) => each.close()));
  });

  function changes(...numbers: readonly number[]): ElementChange[] {
    assert.ok(set !== null);
    return numbers.map((number) => ({
      set,
      key: `10.0.${number >> 8}.${number & 255}`,
      timeout: 60,
      fresh: false,
    }));
  }
  const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 100);

  test('few go through the child, many to a process', async () => {
    const { writer, processes } = start();
    await writer.send(changes(1, 2));
    assert.ok(writer.pid !== undefined && processes.length === 0);
    await writer.send(changes(...upTo(500)));
    assert.equal(processes.length, 1);
    assert.match(processes[0] ?? '', /^add element .*; delete element .*; add element .*timeout 60s \};$/);
    await writer.send([]);
    assert.equal(processes.length, 1);
  });

  test('what the child refuses is asked of a process before it counts as refused', async () => {
    const { writer, processes } = start();
    await writer.send(changes(99, 1));
    assert.equal(processes.length, 1);
  });

  test('what was counted of a few is deleted by the child, of many as it is read, and no refusal matters', async () => {
    const counted = '{"elem": {"val": "10.0.0.101", "expires": 9, "counter": {"packets": 1, "bytes": 1}}}';
    const { writer, processes } = start(() => '', undefined, counted);
    await writer.forget([]);
    await writer.forget(changes(1, 99));
    assert.ok(writer.pid !== undefined && processes.length === 0);
    await writer.forget(changes(...upTo(500)));
    assert.deepEqual(processes.splice(0), [
      '-j list set inet bailiff took_ban4_32',
      'delete element inet bailiff took_ban4_32 { 10.0.0.101 }',
    ]);
    await writer.forget(changes(13));
    assert.deepEqual(processes, ['-j list set inet bailiff took_ban4_32'], 'the child died of it');
  });

  test('one bad element among many takes no other with it', async () => {
    const taken = new Set<string>();
    const { writer } = start(
      (text) => {
        if (/10\.0\.1\.0\b/.test(text)) return 'Could not process rule: Invalid argument';
        for (const [address] of text.matchAll(/10\.\d+\.\d+\.\d+/g)) taken.add(address);
        return '';
      },
      ['false'],
    );
    await assert.rejects(writer.send(changes(...upTo(500))), {
      code: 'enforcement-failed',
      message: 'nft refused a change: Could not process rule: Invalid argument',
      where: 'ban4_32 10.0.1.0',
    });
    assert.equal(taken.size, 499);
  });

  test('a set that is not there is not asked for each element', async () => {
    const { writer, processes } = start(() => 'Could not process rule: No such file or directory');
    await assert.rejects(writer.send(changes(...upTo(500))), { code: 'enforcement-failed' });
    assert.equal(processes.length, 1);
  });

  test('where the child dies a process does its work, also next time, and nobody notices', async () => {
    const { writer, processes } = start();
    await writer.send(changes(1));
    await writer.send(changes(13));
    assert.equal(processes.length, 1);
    await writer.send(changes(1));
    assert.equal(processes.length, 2);
  });

  test('a child that died meanwhile is replaced', async () => {
    const { writer, processes } = start();
    await writer.send(changes(1));
    const first = writer.pid;
    assert.ok(first !== undefined);
    process.kill(first, 'SIGKILL');
    while (writer.pid !== undefined) await new Promise((resolve) => setTimeout(resolve, 1));
    await writer.send(changes(1));
    assert.notEqual(writer.pid, first);
    assert.equal(processes.length, 0);
  });

  test('a child that has served long is relieved', async () => {
    const { writer } = start();
    await writer.send(changes(1));
    const first = writer.pid;
    for (let served = 1; served < 2_000; served += 1) await writer.send(changes(1));
    assert.equal(writer.pid, first);
    await writer.send(changes(1));
    assert.notEqual(writer.pid, first);
  });
});
