import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileFail2banFilter } from '../../config/fail2ban/compile.ts';
import type { Fail2banFilter } from '../../config/fail2ban/types.ts';
import { emptySession } from '../../core/fail2ban-filter.ts';
import { type Reading, Scan } from '../scan.ts';
import { compileFilter } from './compile.ts';
import type { Judgement } from './filter.ts';

const at = { file: 'filter.d/some.conf', line: 1 };
const sourced = (text: string) => ({ text, at });

function definitionOf(values: Partial<Record<keyof Fail2banFilter, unknown>>) {
  return compileFail2banFilter({
    name: 'some',
    file: at.file,
    given: new Map(),
    failRegex: [],
    ignoreRegex: [],
    prefRegex: null,
    datePattern: null,
    maxLines: null,
    useDns: null,
    journalMatch: [],
    options: new Map(),
    ...values,
  } as Fail2banFilter);
}

/** What each line gives that matches: kind, host, user, fields, time. */
function judged(definition: ReturnType<typeof definitionOf>, ...lines: string[]) {
  return judgedAt({ transport: null }, definition, lines);
}

function judgedAt(
  reading: Pick<Reading, 'transport' | 'dateless'>,
  definition: ReturnType<typeof definitionOf>,
  lines: readonly string[],
) {
  const found: (readonly [Judgement, number])[] = [];
  const scan = new Scan([compileFilter(definition)], { timeZone: 'UTC' });
  const now = Date.UTC(2026, 10, 27) / 1_000;
  const text = Buffer.from(lines.map((each) => `${each}\n`).join(''));
  scan.block(text, { now, ...reading, undated: now }, (_, judgement, time) => {
    found.push([judgement, time]);
  });
  return found;
}

test('what is no time is left in the line behind a fresh date, and is cut out else', () => {
  const definition = definitionOf({
    failRegex: [sourced('^ cut <HOST>$'), sourced('^2026-02-31 00:00:00 whole <HOST>$')],
    datePattern: sourced('^%Y-%m-%d %H:%M:%S'),
  });
  const tried = ['2026-02-31 00:00:00 cut 203.0.113.7', '2026-02-31 00:00:00 whole 203.0.113.8'];
  const hosts = (before: string) =>
    judged(definition, before, ...tried).map(([{ host }, time]) => [
      host,
      time - Date.UTC(2026, 10, 27) / 1_000,
    ]);
  assert.deepEqual(hosts('2026-11-26 23:00:00 x'), [['203.0.113.7', 0]]);
  assert.deepEqual(hosts('2026-11-26 23:59:50 x'), [['203.0.113.8', -10]]);
});

test('a line that is not judged gives its date also where something else than ASCII stands beside it', () => {
  const definition = definitionOf({ failRegex: [sourced('^failed from <HOST>$')] });
  const [[, time] = []] = judged(definition, '2026-11-26 23:59:50\u00a0x', 'failed from 203.0.113.7');
  assert.equal(time, Date.UTC(2026, 10, 26, 23, 59, 50) / 1_000);
});

test('lines whose session has an empty key have one in common', () => {
  const definition = definitionOf({
    prefRegex: sourced('^<F-MLFID>(?:\\[\\d+\\])?</F-MLFID> ?<F-CONTENT>.+</F-CONTENT>$'),
    failRegex: [sourced('^failed from <HOST>$')],
  });
  const sessions = judged(definition, 'failed from 203.0.113.7', '[7] failed from 203.0.113.7');
  assert.deepEqual(
    sessions.map(([{ session }]) => session),
    [emptySession, '[7]'],
  );
});

test('the prefix gives the text, and fields where the expression gives none', () => {
  const definition = definitionOf({
    prefRegex: sourced('^<F-MLFID>\\S+</F-MLFID> <F-USER>\\S+</F-USER>: <F-CONTENT>.+</F-CONTENT>$'),
    failRegex: [sourced('^failed from <HOST>$'), sourced('^<F-USER>\\S+</F-USER> failed from <HOST>$')],
  });
  const [first, second] = judged(
    definition,
    's1 root: failed from 203.0.113.7',
    's2 x: bob failed from ::ffff:192.0.2.1',
  );
  assert.deepEqual(
    [first?.[0], second?.[0]].map((each) => [each?.session, each?.user, each?.host]),
    [
      ['s1', 'root', '203.0.113.7'],
      ['s2', 'bob', '192.0.2.1'],
    ],
  );
});

test('what is ignored is no match', () => {
  const definition = definitionOf({
    failRegex: [sourced('^failed from <HOST>')],
    ignoreRegex: [sourced('by the monitor$')],
  });
  assert.deepEqual(
    judged(definition, 'failed from 203.0.113.7', 'failed from 203.0.113.8 by the monitor').map(
      ([{ kind }]) => kind,
    ),
    ['hit', 'ignored'],
  );
});

test('a line is found by its literals wherever its date stood', () => {
  for (const [expression, line] of [
    ['^<> Login failed from <HOST>$', '<2026-11-27 10:00:00> Login failed from 203.0.113.7'],
    ['^7,,Login failed from <HOST>$', '7,2026-11-27 10:00:00,Login failed from 203.0.113.7'],
    ['^\\|\\|Login failed from <HOST>$', '|2026-11-27 10:00:00|Login failed from 203.0.113.7'],
  ] as const) {
    const [[judgement] = []] = judged(definitionOf({ failRegex: [sourced(expression)] }), line);
    assert.equal(judgement?.host, '203.0.113.7', line);
  }
});

test('with words for dates at the beginning of the line, too, lines are found by their literals', () => {
  for (const [pattern, expression, line] of [
    [
      '{^LN-BEG}TAI64N\n{^LN-BEG}',
      '^ Login failed',
      '@400000004f8505711c0c5c2c Login failed from 203.0.113.7',
    ],
    ['{^LN-BEG}TAI64N\n{^LN-BEG}', '^<> Login failed', '<2026-11-27 10:00:00> Login failed from 203.0.113.7'],
    ['{^LN-BEG}EPOCH', '^\\[\\]: Login failed', '[1764237600.123]: Login failed from 203.0.113.7'],
    ['{^ln-beg}lepoch', '^--: Login failed', '--1764237600123: Login failed from 203.0.113.7'],
  ] as const) {
    const definition = definitionOf({
      failRegex: [sourced(`${expression} from <HOST>$`)],
      datePattern: sourced(pattern),
    });
    assert.ok(compileFilter(definition).literals?.[0]?.includes('Login failed from'), pattern);
    const [[judgement] = []] = judged(definition, line);
    assert.equal(judgement?.host, '203.0.113.7', line);
  }
});

test('a date of the owner’s may have stood anywhere: every line is judged', () => {
  for (const pattern of ['EPOCH', 'TAI64N', '{^LN-BEG}x%Y', '{DEFAULT} %Y', '{^LN-BEG}TAI64N %Y'])
    assert.equal(
      compileFilter(
        definitionOf({ failRegex: [sourced('^Login failed <HOST>')], datePattern: sourced(pattern) }),
      ).literals,
      null,
      pattern,
    );
});

test('where the journal gives the time, nothing is taken for a date', () => {
  const definition = definitionOf({
    failRegex: [sourced('^invalid user <F-USER>\\S+</F-USER> from <HOST>$')],
    datePattern: sourced('EPOCH'),
  });
  const line = 'invalid user 1700000000 from 203.0.113.7';
  assert.deepEqual(
    judgedAt({ transport: 1_764_000_000, dateless: true }, definition, [line]).map(([{ user }, time]) => [
      user,
      time,
    ]),
    [['1700000000', 1_764_000_000]],
  );
});

test("in a container's log the date that a line has of its own is cut out, and the engine's time counts", () => {
  const definition = definitionOf({ failRegex: [sourced('^ failed from <HOST>$')] });
  const lines = ['2026-11-26 10:00:00 failed from 203.0.113.7', ' failed from 203.0.113.8'];
  assert.deepEqual(
    judgedAt({ transport: 1_764_000_000 }, definition, lines).map(([{ host }, time]) => [host, time]),
    [
      ['203.0.113.7', 1_764_000_000],
      ['203.0.113.8', 1_764_000_000],
    ],
  );
});

test('its own dates are cut out and count', () => {
  const definition = definitionOf({
    failRegex: [sourced('^\\[\\] failed from <HOST>$')],
    datePattern: sourced('^\\[%d;%m;%Y %H:%M\\]'),
  });
  const [[, time] = []] = judged(definition, '[05;11;2026 16:02] failed from 203.0.113.7');
  assert.equal(time, undefined, 'the brackets belong to the date');
  const whole = {
    ...definition,
    expressions: definitionOf({ failRegex: [sourced('^ failed from <HOST>$')] }).expressions,
  };
  const [[, second] = []] = judged(whole, '[05;11;2026 16:02] failed from 203.0.113.7');
  assert.equal(second, Date.UTC(2026, 10, 5, 16, 2) / 1_000);
});

test('kinds of lines, ids, names, and fields of the owner’s', () => {
  const definition = definitionOf({
    failRegex: [
      sourced('^<F-NOFAIL>closing</F-NOFAIL> <F-MLFID>\\S+</F-MLFID><F-MLFFORGET> bye</F-MLFFORGET>$'),
      sourced('^id <F-ID>\\S+</F-ID> at <F-PORT/> and <F-COLOUR>\\w+</F-COLOUR>$'),
      sourced('^name <HOST>$'),
    ],
  });
  const found = judged(definition, 'closing 7 bye', 'id abc at 22 and red', 'name evil.example');
  assert.deepEqual(
    found.map(([{ kind, host, fields }]) => [kind, host, fields]),
    [
      ['lastNofail', '', ''],
      ['hit', 'abc', '{"fid":"abc","fport":"22","colour":"red"}'],
      ['hit', 'evil.example', ''],
    ],
  );
});

test('an expression over several lines, each log for itself', () => {
  const definition = definitionOf({
    failRegex: [sourced('^begin <F-USER>\\w+</F-USER>$<SKIPLINES>^end <HOST>$')],
    maxLines: 5,
  });
  const lines = ['begin bob', 'other', 'end 203.0.113.7', 'end 203.0.113.8'];
  const users = () => judged(definition, ...lines).map(([{ user, host }]) => `${user} ${host}`);
  assert.deepEqual(users(), ['bob 203.0.113.7']);
  assert.deepEqual(users(), ['bob 203.0.113.7']);
});

/**
 * Lines that look random and are the same in every run: whole connections or halves, with the date in changing places, and
 * another one before it that a client wrote.
 */
function mixedLines(count: number): string[] {
  let state = 20_261_128;
  const below = (limit: number) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % limit;
  };
  const date = (at: number) =>
    new Date(Date.UTC(2026, 10, 26, 0, 0, at)).toISOString().slice(0, 19).replace('T', ' ');
  return Array.from({ length: count }, (_, index) => {
    const told = below(3) === 0 ? `begin u${below(9)}` : `end 203.0.113.${1 + below(200)}`;
    const user = below(2) === 0 ? 'somebody or another' : date(below(9_000));
    const forms = [
      `${date(index)} app: ${told}`,
      `app user=${user} at ${date(index)} ${told}`,
      `app [26/Nov/2026:00:${10 + below(50)}:00 +0000] ${told}`,
      told,
    ];
    return forms[Math.floor(index / 7) % forms.length] ?? '';
  });
}

/** What is said of the lines where the scan is made anew behind each of them, or never. */
function saidOf(
  definition: ReturnType<typeof definitionOf>,
  lines: readonly string[],
  anew: 'never' | 'learned' | 'blank',
) {
  const compiled = compileFilter(definition);
  const now = Date.UTC(2026, 10, 27) / 1_000;
  const reading = { now, transport: null, undated: now, backlog: true };
  const said: unknown[] = [];
  let scan = new Scan([compiled], { timeZone: 'UTC' });
  for (const line of lines) {
    scan.block(Buffer.from(`${line}\n`), reading, (_, { host, user }, time) => said.push([host, user, time]));
    if (anew === 'never') continue;
    const { learned, lastDate } = scan;
    scan = new Scan([compiled], { timeZone: 'UTC', learned: anew === 'learned' ? learned : null });
    // As the place in the file holds it.
    scan.lastDate = lastDate;
  }
  return said;
}

for (const [what, failRegex, maxLines] of [
  ['dates', '203[.]0[.]<F-ID>\\S+</F-ID>$', null],
  ['lines', 'begin <F-USER>\\w+</F-USER>$<SKIPLINES>end <HOST>$', 4],
] as const)
  test(`killed between any two lines, it goes on with the ${what} that it had learned`, () => {
    const definition = definitionOf({ failRegex: [sourced(failRegex)], maxLines });
    const lines = mixedLines(600);
    const whole = saidOf(definition, lines, 'never');
    assert.ok(whole.length > 30, String(whole.length));
    assert.deepEqual(saidOf(definition, lines, 'learned'), whole);
    // One that forgets does not say the same: the comparison sees it.
    assert.notDeepEqual(saidOf(definition, lines, 'blank'), whole);
  });

test('what was learned for other date patterns, or is none of ours, counts for nothing', () => {
  const filterOf = (pattern: string) =>
    compileFilter(definitionOf({ failRegex: [sourced('failed <HOST>$')], datePattern: sourced(pattern) }));
  const now = Date.UTC(2026, 10, 27) / 1_000;
  const learnedBy = (pattern: string, learned: string | null) => {
    const scan = new Scan([filterOf(pattern)], { timeZone: 'UTC', learned });
    return {
      before: scan.learned,
      after: () => {
        scan.block(
          Buffer.from('2026-11-26 10:00 failed 203.0.113.7\n'),
          { now, transport: null, undated: now },
          () => {},
        );
        return scan.learned;
      },
    };
  };
  const known = learnedBy('%Y-%m-%d %H:%M', null).after();
  assert.equal(learnedBy('%Y-%m-%d %H:%M', known).before, known);
  for (const other of [
    '',
    '{',
    'null',
    '{"filters":{"some":{"dates":[1],"lines":{}}}}',
    known.replace('"last":0', '"last":"0"'),
    known.replace(/"templates":\[\[.*?\]\]/, '"templates":[null]'),
  ])
    assert.equal(learnedBy('%Y-%m-%d %H:%M', other).before, '', other);
  assert.equal(learnedBy('%Y-%m-%d', known).before, '');
});

test('an expression that is not valid is told with file and line', () => {
  assert.throws(
    () => definitionOf({ failRegex: [{ text: '^(<HOST>', at: { file: 'filter.d/some.conf', line: 9 } }] }),
    {
      code: 'fail2ban-invalid',
      where: 'filter.d/some.conf:9',
    },
  );
});
