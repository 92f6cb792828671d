import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { ControlClient } from '../../src/control/client.ts';
import { type CommandLine, type CommandOutcome, runCommandLines } from '../setup/command-lines.ts';
import { type Block, blocksOf, commandsInProse, pages } from '../setup/docs/blocks.ts';
import { bailiffArguments, type SimpleCommand, simpleCommands } from '../setup/docs/shell-lines.ts';
import { YamlExamples } from '../setup/docs/yaml.ts';
import { DryDaemon } from '../setup/dry-daemon.ts';
import { folderOf } from '../setup/folder.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

// Every block of the manual that can be run is run: see the kinds below. One that cannot is marked as such.
const blocks = pages().flatMap(blocksOf);
const runnable = blocks.filter(({ unrun }) => unrun === null);
const ofKind = (...kinds: readonly string[]) => runnable.filter(({ kind }) => kinds.includes(kind));
const at = ({ page, line }: Block) => `${page}:${line}`;

/** Blocks that are not run: other programs' configurations, and what only a kernel can print. */
const mostUnrun = 20;

test('a block that no test runs says why', (t) => {
  const others = blocks.filter((block) => block.unrun !== null);
  for (const block of others) t.diagnostic(`${at(block)} is not run: ${block.unrun}`);
  t.diagnostic(`${others.length} of ${blocks.length} blocks are not run`);
  assert.ok(others.length <= mostUnrun);
  const known = ofKind('yaml', 'json', 'sh', 'console', 'dotenv');
  assert.deepEqual(runnable.filter((block) => !known.includes(block)).map(at), []);
  for (const { file, text } of pages()) {
    assert.doesNotMatch(
      text,
      /^ {4}(?:\$ )?(?:bailiff|docker) /m,
      `${file} has a command in a block without a fence`,
    );
    const marks = text.split('\n').filter((line) => line.includes('<!-- not run'));
    assert.equal(
      marks.length,
      others.filter(({ page }) => page === file).length,
      `${file}: a marker marks nothing`,
    );
  }
});

test('what a page names is there', () => {
  const headings = new Map(pages().map(({ file, text }) => [file, anchorsOf(text)]));
  for (const { file, text } of pages()) {
    for (const [, target = '', anchor] of text.matchAll(/\]\(([^()#:]*)(?:#([^()]*))?\)/g)) {
      const linked = target === '' ? file : path.join(path.dirname(file), target);
      assert.ok(existsSync(path.join(root, linked)), `${file} links ${target}`);
      if (anchor !== undefined)
        assert.ok(headings.get(linked)?.has(anchor), `${file} links ${target}#${anchor}`);
    }
    for (const [, named = ''] of text.matchAll(/`((?:src|test|examples)\/[\w./-]+)`/g))
      assert.ok(existsSync(path.join(root, named)), `${file} names ${named}`);
  }
});

test('the manual leads to each of its pages', () => {
  const [index, ...others] = pages().filter(({ file }) => file.startsWith('docs/'));
  const missing = others.filter(({ file }) => !index?.text.includes(`](${path.basename(file)})`));
  assert.deepEqual(
    missing.map(({ file }) => file),
    [],
  );
});

/** Where links may lead in a page, as GitHub makes it of headings. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

const fail2ban = folderOf({
  'jail.conf': '[sshd]\nenabled = true\nfilter = sshd\nlogpath = /var/log/auth.log\n',
  'filter.d/sshd.conf':
    '[Definition]\nmode = normal\nfailregex = ^.*Failed password for .* from <HOST> port \\d+ ssh2$\n',
  'filter.d/postfix.conf':
    '[Definition]\nmode = normal\nfailregex = ^.*authentication failed.*\\[<HOST>\\]$\n',
});
const [filter = ''] = ofKind('yaml').flatMap(({ text }) => (text.startsWith('name: my-app\n') ? [text] : []));
const filters = folderOf({
  'my-app.yaml': `${filter}modes: [normal, aggressive]\n`,
  'my-filter.yaml': filter.replace('name: my-app', 'name: my-filter'),
  'my-nextcloud.yaml': filter.replace('name: my-app', 'name: my-nextcloud'),
});
const filterFile = (name: string) => path.join(filters, `${name}.yaml`);
const yaml = new YamlExamples(
  Object.fromEntries(['my-app', 'my-filter', 'my-nextcloud'].map((name) => [name, filterFile(name)])),
);
const withFixtures = (text: string) => text.replaceAll('/etc/fail2ban', fail2ban);

describe('examples that are read', () => {
  for (const block of ofKind('yaml')) {
    test(`${at(block)}: YAML`, async (t) => {
      t.diagnostic(await yaml.check(withFixtures(block.text)));
    });
  }

  for (const block of ofKind('json')) {
    test(`${at(block)}: JSON`, () => assert.equal(typeof JSON.parse(block.text), 'object'));
  }

  for (const block of ofKind('dotenv')) {
    test(`${at(block)}: variables`, async () => {
      const set = block.text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      const pairs = set.map((line) => /^(\w+)=(.*)$/.exec(line)?.slice(1) ?? assert.fail(line));
      const { origin } = await yaml.configuration({ environment: Object.fromEntries(pairs) });
      for (const [name = ''] of pairs) assert.ok(origin.includes(name), name);
    });
  }

  test('a shell takes what is for one', async () => {
    const folder = folderOf(
      Object.fromEntries(ofKind('sh').map((block, number) => [`${number}`, block.text])),
    );
    const each = 'for file in *; do sh -n "$file" || echo "$file"; done';
    const { all } = await execa('sh', ['-c', each], { cwd: folder, all: true });
    assert.equal(
      all,
      '',
      ofKind('sh')
        .map((block, number) => `${number}: ${at(block)}`)
        .join('\n'),
    );
  });

  test('variables and labels of commands mean something', async () => {
    for (const block of ofKind('sh')) {
      for (const { variables, words } of simpleCommands(withFixtures(block.text))) {
        const ours = Object.entries(variables).filter(([name]) => name.startsWith('BAILIFF_'));
        if (ours.length > 0) await yaml.configuration({ environment: Object.fromEntries(ours) });
        const labels = words.flatMap((word, place) =>
          words[place - 1] === '--label' ? [word.split('=')] : [],
        );
        if (labels.length > 0) await yaml.labels('some', 'nginx', Object.fromEntries(labels));
      }
    }
  });
});

const mandoc = await execa('mandoc', ['-Tlint', '/dev/null'], { reject: false });
const skip = mandoc.code === 'ENOENT' ? 'mandoc is not installed' : false;
test('formatters of manual pages find fault with none', { skip }, async () => {
  const pages = ['man/bailiff.8', 'man/bailiff.yaml.5'];
  const { all } = await execa('mandoc', ['-Tlint', '-Wwarning', ...pages], {
    cwd: root,
    all: true,
    reject: false,
  });
  assert.equal(all, '');
});

/** A command of the manual, where it stands, and what becomes of it. */
interface Tried extends CommandLine {
  readonly where: string;
  /** Whether it may be cut short, as text does. */
  readonly prose: boolean;
}

/** What does not end, or changes this machine. */
const notDone = /^(?:run|teardown|events --follow|top --json|ban .*--confirm)\b/;
/** What says the same the next time. */
const sameAgain = /^(?:check|completion|config|doctor|filter|version)\b/;
const nobody = [
  ['allow', '--remove', '203.0.113.7'],
  ['allow', '--remove', '198.51.100.0/24'],
  ['unban', '--all'],
];
/** What ends with 1 where there is something to say. */
const mayComplain = /^(?:doctor|status --check|import \/|unban|allow --remove)/;

describe('commands, with a daemon', () => {
  const daemon = new DryDaemon({
    BAILIFF_NOTIFY_OPS_TYPE: 'command',
    BAILIFF_NOTIFY_OPS_COMMAND: '/bin/true',
    BAILIFF_NOTIFY_MAIL_TYPE: 'command',
    BAILIFF_NOTIFY_MAIL_COMMAND: '/bin/true',
  });
  const { folder } = daemon;
  const log = path.join(folder, 'auth.log');
  const written = path.join(folder, 'bailiff.yaml');
  const client = new ControlClient(path.join(folder, 'bailiff.sock'));
  let made = 0;

  async function banned(): Promise<void> {
    while ((await client.bans()).length === 0) await sleep(20);
  }

  /** The files that an example names, as there are some here. */
  function withFiles(args: readonly string[]): string[] {
    return args.map((word, place) => {
      if (args[place - 1] === '--output') return path.join(folder, `made-${made++}`);
      if (word === '/var/lib/fail2ban/fail2ban.sqlite3') return path.join(folder, 'fail2ban.sqlite3');
      if (word === 'bans.json' || (word === '-' && args[0] === 'import'))
        return path.join(folder, 'bans.json');
      if (/^(?:-|.*\.log)$/.test(word)) return log;
      if (/bailiff\.yaml$/.test(word)) return written;
      const [, own] = /^\.\/(my-\w+)\.yaml$/.exec(word) ?? [];
      return own === undefined ? withFixtures(word) : filterFile(own);
    });
  }

  const tried: Tried[] = [];
  const seen = new Set<string>();
  function add(where: string, text: string, prose: boolean): void {
    for (const command of simpleCommands(text)) {
      const args = bailiffArguments(command);
      if (args === null) continue;
      const typed = args.join(' ');
      if (seen.has(typed) && sameAgain.test(typed)) continue;
      seen.add(typed);
      const act = !prose && !notDone.test(typed);
      tried.push({
        where: `${where}: bailiff ${args.join(' ')}`,
        args: act ? withFiles(args) : args,
        act,
        prose,
      });
    }
  }
  for (const page of new Set(ofKind('sh').map(({ page }) => page))) {
    // Each page begins with nobody banned or allowed.
    for (const args of nobody) tried.push({ where: page, args, act: true, prose: false });
    for (const block of ofKind('sh')) if (block.page === page) add(at(block), block.text, false);
  }
  // What an alert says to run next is typed as it stands there.
  const alerts = readFileSync(path.join(root, 'observability/alerts.yaml'), 'utf8');
  for (const [, next = ''] of alerts.matchAll(/ Run next: (.*)"$/gm))
    add(
      'an alert',
      next.replace('{{ $labels.jail }}', 'sshd').replace('{{ $labels.notifier }}', 'ops'),
      false,
    );
  for (const page of pages()) {
    const texts = new Set(commandsInProse(page));
    // In text `[JAIL]` is what may be left out, and `a|b` a choice.
    for (const text of texts) {
      const plain = text.replaceAll(/ \[(?:options|command)\]|[[\]]|\|\S+/g, '').replaceAll('\n', ' ');
      add(page.file, plain, true);
    }
  }
  // What is quiet stays so for the rest of the process.
  tried.sort((a, b) => Number(a.args.includes('--quiet')) - Number(b.args.includes('--quiet')));

  let outcomes: CommandOutcome[];
  before(async () => {
    writeFileSync(written, 'jails:\n  sshd:\n');
    const database = new DatabaseSync(path.join(folder, 'fail2ban.sqlite3'));
    database.exec(
      'CREATE TABLE bips(ip TEXT NOT NULL, jail TEXT NOT NULL, timeofban INTEGER NOT NULL, bantime INTEGER NOT NULL, bancount INTEGER NOT NULL default 1, data JSON, PRIMARY KEY(ip, jail))',
    );
    database.close();
    await daemon.start();
    daemon.fail('203.0.113.7', 5);
    await banned();
    const { stdout } = await daemon.commands.run(['export', 'bans']);
    writeFileSync(path.join(folder, 'bans.json'), stdout);
    outcomes = await runCommandLines(tried, { environment: daemon.commands.environment, cwd: folder });
  });
  after(() => daemon.stop());

  test('every command is one, and does what it says', (t) => {
    assert.ok(tried.length > 100);
    assert.ok(tried.filter(({ where, act }) => act && where.startsWith('an alert: ')).length > 10);
    t.diagnostic(`${tried.filter(({ act }) => act).length} are run, ${tried.length} read`);
    const wrong = tried.flatMap(({ where, args, act, prose }, number) => {
      const { exitCode, error, output } = outcomes[number] ?? assert.fail(where);
      if (exitCode === 0 || (act && exitCode === 1 && mayComplain.test(args.join(' ')))) return [];
      if (prose && /^commander\.(?:missingArgument|help)/.test(error)) return [];
      return [`${where}: ${exitCode} ${output}`];
    });
    assert.deepEqual(wrong, []);
  });

  for (const block of ofKind('console')) {
    test(`${at(block)}: prints what it is said to`, async () => {
      await client.disallow('203.0.113.7');
      await client.unban({ all: true });
      daemon.fail('203.0.113.7', 5);
      await banned();
      const session = transcript(block);
      const lines = session.map(([command]) => {
        const args = bailiffArguments(command) ?? assert.fail(`${at(block)}: ${command.words.join(' ')}`);
        return { args, act: true };
      });
      const printed = await runCommandLines(lines, { environment: daemon.commands.environment, cwd: folder });
      for (const [number, [, expected]] of session.entries()) {
        const { output = '' } = printed[number] ?? {};
        // The daemon of this test shuts nobody out, so that the kernel counts nothing.
        const seen = new Set(output.replaceAll(' would be dropped', ' are dropped').split('\n').map(shape));
        const held = expected.filter((line) => !line.endsWith("since it stands in the kernel's set"));
        for (const line of held) assert.ok(seen.has(shape(line)), `${line}\nis not in\n${output}`);
      }
    });
  }
});

/** Of a session the commands, each with the lines that it prints; without those that are shortened (`…`). */
function transcript({ text }: Block): (readonly [SimpleCommand, string[]])[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [typed = '', ...printed] = part.trimEnd().split('\n');
      const [command] = simpleCommands(typed);
      if (command === undefined) throw new Error(typed);
      return [command, printed.filter((line) => line.trim() !== '' && !line.includes('…'))] as const;
    });
}

/** A line without what differs each time: times, how long something takes, numbers, and widths of columns. */
function shape(line: string): string {
  return line
    .replaceAll(/\b\d+(?:ms|[smhdw])\b(?: \d+[smhdw]\b)*/g, 'D')
    .replaceAll(/\d+/g, '0')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
