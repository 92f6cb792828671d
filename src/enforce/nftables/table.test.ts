import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayHold, parseTable } from './table.ts';

const printed = `table inet bailiff { # handle 7
	comment "chain prerouting {"

	counter dropped4 { # handle 2
		packets 12 bytes 720
	}

	set ban4_32 { # handle 3
		typeof ip saddr
		flags timeout
	}

	map other { # handle 4
		type ipv4_addr : verdict
		flags timeout
	}

	chain took_ban4_32 { # handle 5
		add @took_ban4_32 { ip saddr counter } counter name "dropped4" drop # handle 12
		counter name "uncounted4" counter name "dropped4" drop # handle 13
	}

	chain prerouting { # handle 1
		type filter hook prerouting priority raw - 10; policy accept;
		ip saddr @ban4_32 goto took_ban4_32 # handle 8
		ip saddr & 255.255.255.0 == @log4_24_836ff184 limit rate 10/second log prefix "BAILIFF trial: " # handle 11
	}

	chain somebody { # handle 9
		ip saddr 192.0.2.1 drop # handle 10
	}
}
`;
const rules = [
  { chain: 'prerouting', set: 'ban4_32', text: '' },
  { chain: 'took_ban4_32', set: 'took_ban4_32', text: '' },
  { chain: 'took_ban4_32', set: null, text: '' },
  { chain: 'prerouting', set: 'log4_24_836ff184', text: '' },
];

test('a table is read: its sets, our chains, where their rules stand, the counters', () => {
  const table = parseTable(printed);
  assert.deepEqual([...table.sets], [['ban4_32', ['typeof ip saddr', 'flags timeout']]]);
  assert.deepEqual(
    [...table.chains],
    [
      [
        'took_ban4_32',
        [
          'add @took_ban4_32 { ip saddr counter } counter name "dropped4" drop',
          'counter name "uncounted4" counter name "dropped4" drop',
        ],
      ],
      [
        'prerouting',
        [
          'type filter hook prerouting priority raw - 10; policy accept;',
          'ip saddr @ban4_32 goto took_ban4_32',
          'ip saddr & 255.255.255.0 == @log4_24_836ff184 limit rate 10/second log prefix "BAILIFF trial: "',
        ],
      ],
    ],
  );
  assert.deepEqual(
    table.places.map(({ chain, handle }) => `${chain} ${handle}`),
    ['took_ban4_32 12', 'took_ban4_32 13', 'prerouting 8', 'prerouting 11'],
  );
  assert.deepEqual([...table.counters], [['dropped4', { packets: 12, bytes: 720 }]]);
  assert.equal(table.dormant, false);
  assert.equal(mayHold(table, rules), true);
});

test('other tables are passed over, whatever they hold, and without ours there is nothing', () => {
  const other = printed.replace('table inet bailiff', 'table inet others').replaceAll('ban4', 'their4');
  const longer = other.replace('table inet others', 'table inet bailiff2');
  assert.deepEqual(parseTable(other + printed + longer), parseTable(printed));
  const nothing = parseTable(other + longer);
  assert.deepEqual([nothing.sets.size, nothing.chains.size, nothing.places], [0, 0, []]);
  assert.deepEqual(parseTable(''), nothing);
});

test('a table that is asleep, a foreign rule, a missing one and another order are noticed', () => {
  const asleep = printed.replace('{ # handle 7', '{ # handle 7\n\tflags dormant');
  assert.equal(parseTable(asleep).dormant, true);
  assert.equal(mayHold(parseTable(asleep), rules), false);
  assert.equal(
    mayHold(parseTable(printed.replace(/\t\tip saddr @/, '\t\taccept # handle 12\n$&')), rules),
    false,
  );
  assert.equal(mayHold(parseTable(printed.replace(/\n.*@log4_24.*/, '')), rules), false);
  assert.equal(mayHold(parseTable(printed), rules.toReversed()), false);
  assert.equal(mayHold(parseTable(printed.replace('hook prerouting', 'hook input')), rules), false);
  for (const [from, to] of [
    [/\n.*"uncounted4" counter.*/, ''],
    ['{ ip saddr counter }', '$& accept # handle 14\n\t\taccept'],
    ['add @took_ban4_32', 'add @took_ban4_24'],
    ['chain took_ban4_32', 'chain took_ban4_31'],
    ['chain somebody', 'chain took_mine'],
  ] as const) {
    assert.equal(mayHold(parseTable(printed.replace(from, to)), rules), false, `${from}`);
  }
  assert.equal(mayHold(parseTable('table inet bailiff {\n}\n'), []), false);
});
