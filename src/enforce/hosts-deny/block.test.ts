import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseRange } from '../../core/address.ts';
import { beginMarker, composeHostsDeny, denyLine, endMarker, parseHostsDeny, withChanges } from './block.ts';

const begin = `${beginMarker}\n`;
const end = `${endMarker}\n`;

function lineOf(address: string): string {
  const range = parseRange(address);
  assert.ok(range !== null);
  return denyLine(range);
}

async function added(text: string, ...addresses: string[]): Promise<string> {
  const lines = addresses.map((address) => [address, lineOf(address)] as const);
  return composeHostsDeny(withChanges(await parseHostsDeny(text), [], lines, 1_000_000).hosts);
}

async function removed(text: string): Promise<string> {
  const { before, after } = await parseHostsDeny(text);
  return before + after;
}

describe('a line', () => {
  for (const [address, line] of [
    ['203.0.113.7', 'ALL: 203.0.113.7'],
    ['198.51.100.0/24', 'ALL: 198.51.100.0/255.255.255.0'],
    ['198.51.0.0/17', 'ALL: 198.51.0.0/255.255.128.0'],
    ['128.0.0.0/1', 'ALL: 128.0.0.0/128.0.0.0'],
    ['203.0.113.6/31', 'ALL: 203.0.113.6/255.255.255.254'],
    ['2001:db8:1:2::/64', 'ALL: [2001:db8:1:2::]/64'],
    ['2001:db8::7', 'ALL: [2001:db8::7]'],
  ] as const) {
    test(`${address} is written as ${line}, and read back`, async () => {
      assert.equal(lineOf(address), line);
      assert.deepEqual([...(await parseHostsDeny(`${begin}${line}\n${end}`)).entries.keys()], [address]);
    });
  }

  for (const line of [
    'ALL: 203.0.113.07',
    'ALL: 203.0.113.7 ',
    ' ALL: 203.0.113.7',
    'ALL:203.0.113.7',
    'ALL: 203.0.113.7 EXCEPT 203.0.113.8',
    'ALL: 203.0.113.0/24',
    'ALL: 203.0.113.7/255.255.255.0',
    'ALL: 203.0.113.0/255.0.255.0',
    'ALL: 203.0.113.7/255.255.255.255',
    'ALL: 0.0.0.0/0.0.0.0',
    'ALL: [::]/0',
    'ALL: [2001:DB8::7]',
    'ALL: [2001:db8:0::7]',
    'ALL: [::ffff:203.0.113.7]',
    'ALL: ALL',
    'sshd: 203.0.113.7',
    '# ALL: 203.0.113.7',
    '',
  ]) {
    test(`"${line}" is none of ours`, async () => {
      const { entries, after } = await parseHostsDeny(`${begin}${line}\n${end}`);
      assert.equal(entries.size, 0);
      assert.equal(after, `${line}\n`);
    });
  }
});

describe('a file without a block', () => {
  test('gets one at its end, in the order of coming', async () => {
    const made = await added('# mine\nsshd: 192.0.2.1\n', '203.0.113.7', '2001:db8:1:2::/64', '192.0.2.9');
    assert.equal(
      made,
      `# mine\nsshd: 192.0.2.1\n${begin}ALL: 203.0.113.7\nALL: [2001:db8:1:2::]/64\nALL: 192.0.2.9\n${end}`,
    );
    assert.equal(await removed(made), '# mine\nsshd: 192.0.2.1\n');
  });

  for (const text of [
    '# no line end',
    'sshd: 192.0.2.1 \\\n',
    '# one\r\nsshd: 192.0.2.1\r\n',
    '\xe9\xff\0\x80 bytes\n',
    '\n\n',
    '',
    `x${begin}`,
    `${beginMarker} and more\n`,
    `${endMarker}\nALL: 203.0.113.9\n`,
  ]) {
    test(`${JSON.stringify(text)} is the same after the block has come, changed and gone`, async () => {
      const made = await added(await added(text, '203.0.113.7'), '203.0.113.8');
      assert.match(made, /^ALL: 203\.0\.113\.8$/m);
      assert.ok(made.endsWith(text) || made.startsWith(text));
      assert.equal(await removed(made), text);
    });
  }

  test('what would swallow our first line keeps its place behind our block', async () => {
    assert.ok((await added('# no line end', '203.0.113.7')).startsWith(begin));
    assert.ok((await added('sshd: 192.0.2.1 \\\n', '203.0.113.7')).startsWith(begin));
    const moved = await added(`sshd: 192.0.2.1 \\\n${begin}ALL: 203.0.113.7\n${end}`, '203.0.113.8');
    assert.ok(moved.startsWith(begin) && moved.endsWith('sshd: 192.0.2.1 \\\n'));
  });
});

describe('a block', () => {
  const block = `${begin}ALL: 203.0.113.7\nALL: 203.0.113.8\n${end}`;

  test('stays where it is, and so does what stands in it', async () => {
    const made = await added(`# above\n${block}# below`, '203.0.113.9', '203.0.113.7');
    assert.equal(made, `# above\n${block.replace(end, `ALL: 203.0.113.9\n${end}`)}# below`);
    assert.equal(await removed(made), '# above\n# below');
  });

  test('of an editor that ends lines with CR LF is still ours', async () => {
    const text = `# above\r\n${block.replaceAll('\n', '\r\n')}# below\r\n`;
    const parsed = await parseHostsDeny(text);
    assert.deepEqual([...parsed.entries.keys()], ['203.0.113.7', '203.0.113.8']);
    assert.equal(await removed(text), '# above\r\n# below\r\n');
    assert.equal(composeHostsDeny(parsed), `# above\r\n${block}# below\r\n`);
  });

  test('gives up lines that are not ours behind itself, and keeps each address once', async () => {
    const text = `${begin}ALL: 203.0.113.7\nsshd: ALL\nALL: 203.0.113.7\n# mine\n${end}# below\n`;
    assert.equal(
      composeHostsDeny(await parseHostsDeny(text)),
      `${begin}ALL: 203.0.113.7\n${end}sshd: ALL\n# mine\n# below\n`,
    );
  });

  test('that is there twice becomes one, at the first place', async () => {
    const other = block.replace('203.0.113.8', '203.0.113.9');
    const made = composeHostsDeny(await parseHostsDeny(`# above\n${block}# between\n${other}# below\n`));
    const line = 'ALL: 203.0.113.9\n';
    assert.equal(made, `# above\n${block.replace(end, line + end)}# between\n# below\n`);
  });

  test('without an end holds only the lines directly after its first', async () => {
    const text = `${begin}ALL: 203.0.113.7\nALL: 203.0.113.8\n\nALL: 203.0.113.9\n`;
    assert.deepEqual([...(await parseHostsDeny(text)).entries.keys()], ['203.0.113.7', '203.0.113.8']);
    assert.equal(await removed(text), '\nALL: 203.0.113.9\n');
  });

  test('without an end, before another one, takes nothing from between them', async () => {
    const text = `${begin}ALL: 203.0.113.7\nsshd: ALL\nALL: 203.0.113.9\n${block}`;
    assert.deepEqual([...(await parseHostsDeny(text)).entries.keys()], ['203.0.113.7', '203.0.113.8']);
    assert.equal(await removed(text), 'sshd: ALL\nALL: 203.0.113.9\n');
  });

  test('cut off at any byte loses nothing of others, and comes back whole', async () => {
    const whole = `sshd: ALL\n${block}`;
    for (let length = 'sshd: ALL\n'.length + begin.length; length < whole.length; length += 1) {
      const cut = whole.slice(0, length);
      const made = await added(cut, '203.0.113.7', '203.0.113.8');
      assert.equal(made, whole, `cut at ${length}`);
    }
  });

  test('whose last line of somebody has no end keeps it', async () => {
    for (const rest of ['sshd: 192.0.2.1', 'ALL: 203.0.113.9 EXCEPT LOCAL', 'ALL: .example.net', '# mine']) {
      assert.equal(await removed(`${begin}ALL: 203.0.113.7\n${rest}`), rest);
    }
  });
});

test('the markers mean nothing to libwrap, wherever they end up', async () => {
  for (const marker of [beginMarker, endMarker]) {
    assert.match(marker, /^# [^:]*$/);
    assert.doesNotMatch(marker, /\b(all|local|known|unknown|paranoid|except)\b/i);
  }
});

test('what makes the file too long stays out, and is counted', async () => {
  const room = begin.length + end.length + 2 * 'ALL: 203.0.113.7\n'.length;
  const lines = ['7', '8', '9'].map((last) => [`203.0.113.${last}`, `ALL: 203.0.113.${last}`] as const);
  const { hosts, excess } = withChanges(await parseHostsDeny(''), [], lines, room);
  assert.equal(excess, 1);
  assert.equal(composeHostsDeny(hosts).length, room);
});
