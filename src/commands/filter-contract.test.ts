import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findFilters, loadAllModes, shippedFilters } from '../config/filters.ts';
import { splitMode } from '../core/filter.ts';
import { compileFilter } from '../scan/filters/compile.ts';
import type { Filter } from '../scan/filters/filter.ts';
import { type Reading, Scan } from '../scan/scan.ts';
import { lintFilters } from './filter-lint.ts';

// What the filters that come with Bailiff keep to, alone and beside each other.

const files = await findFilters([shippedFilters]);
const definitions = await loadAllModes([shippedFilters]);
const filters = definitions.map(compileFilter);
/** Dates without a year are read by it, in seconds. */
const now = Date.parse('2026-11-23T00:00:00Z') / 1_000;

test('there are filters', () => {
  assert.ok(files.size >= 45);
  assert.ok(files.has('sshd'));
  assert.ok(files.has('nginx-http-auth'));
});

for (const [name, file] of files) {
  test(`${name}: the linter finds nothing`, async () => {
    const found: string[] = [];
    await lintFilters({ names: [file], folders: [], json: false, print: (line) => found.push(line) });
    assert.deepEqual(found, ['1 filter, nothing to find fault with']);
  });
}

for (const definition of definitions) {
  const { filter: own, mode } = splitMode(definition.name);
  const compiled = filters[definitions.indexOf(definition)];
  assert.ok(compiled !== undefined);
  const others = definitions.filter(
    (other) => splitMode(other.name).filter !== own && !mayOverlap(own, other.name),
  );

  test(`${definition.name}: a line is judged beside all other filters as alone, and no other one counts it`, () => {
    const all = new Scan(filters, { timeZone: 'UTC' });
    const alone = new Scan([compiled], { timeZone: 'UTC' });
    for (const { line } of definition.samples) {
      const together = judged(all, filters, line);
      assert.deepEqual(
        together.get(definition.name),
        judged(alone, [compiled], line).get(definition.name),
        line,
      );
      const counted = others.filter(({ name }) => together.get(name)?.kind === 'hit');
      assert.deepEqual(
        counted.map(({ name }) => name),
        [],
        `mode ${mode}: ${line}`,
      );
    }
  });
}

/** What syslog puts before the text; the journal and the syslog receiver give it without the date. */
const syslogDate = /^(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S+) (?=[\w.-]+ [^\s:]+: )/;

for (const [index, definition] of definitions.entries()) {
  const [[unit = ''] = []] = definition.about?.logs.journal ?? [];
  const filter = filters[index];
  const program = /=([\w-]+)/.exec(unit)?.[1] ?? '';
  test(`${definition.name}: lines of the journal and of the syslog receiver are those of syslog without their date`, () => {
    assert.ok(filter !== undefined);
    const scan = new Scan([filter], { timeZone: 'UTC' });
    const journal = { now, transport: now, undated: now, dateless: true };
    const inSyslog = definition.samples.filter(({ line }) => syslogDate.test(line));
    for (const { line } of inSyslog) {
      const inFile = judged(scan, [filter], line).get(definition.name);
      const found = judged(scan, [filter], line.replace(syslogDate, ''), journal).get(definition.name);
      assert.deepEqual(found && { ...found, time: 0 }, inFile && { ...inFile, time: 0 }, line);
    }
    if (unit === '' || inSyslog.some(({ yields }) => yields === 'hit')) return;
    // No sample has the form: the program's own lines must do with it before them.
    const hits = definition.samples.filter(({ line, yields }) => {
      const entry = `host ${program}[7]: ${line}`;
      return yields === 'hit' && judged(scan, [filter], entry, journal).has(definition.name);
    });
    assert.ok(hits.length > 0, `no hit is one behind "host ${program}[7]: "`);
  });
}

/** As much of a client as servers written in Go take, of what such texts are made of; then what decides. */
const longLines: Readonly<Record<string, (long: string) => string>> = {
  'adguard-home': (long) =>
    `2026/11/22 16:02:01.722572 [error] POST dns.example.org /control/login?${long}: from ip 203.0.113.7: invalid username or password`,
  gitea: (long) =>
    `2026/11/22 16:02:01 routers/web/auth/auth.go:205:SignInPost() [I] Failed authentication attempt for admin${long.replaceAll(/./g, ' ')} from 203.0.113.7:41234: user does not exist [uid: 0, name: admin]`,
  grafana: (long) =>
    `logger=context userId=0 orgId=0 uname= t=2026-11-22T16:02:01.721231284Z level=info msg="Request Completed" method=GET path=/api/dashboards/uid/${long} status=401 remote_addr=203.0.113.7 time_ms=0 duration=0.4ms size=46 referer= handler=/api/dashboards/uid/:uid status_source=server errorReason=Unauthorized errorMessageID=password-auth.failed error="x"`,
  'http-4xx-flood': (long) => traefikLine(`GET /${long}`, 404),
  'http-login': (long) => traefikLine(`POST /login?${long}`, 401),
  'http-scanner': (long) => traefikLine(`GET /.env?${long}`, 404),
  navidrome: (long) =>
    `time="2026-11-22T16:02:01Z" level=warning msg="HTTP: POST http://music.example.org/auth/login?${long}" elapsedTime=1ms httpStatus=401 remoteAddr="203.0.113.7:54548" requestId=a responseSize=41`,
  'paperless-ngx': (long) =>
    `[2026-11-22 16:02:01,123] [INFO] [paperless.auth] Login failed for user \`admin${long}\` from IP \`203.0.113.7\`.`,
  'traefik-auth': (long) => traefikLine(`GET /?${long}`, 401),
  'uptime-kuma': (long) =>
    `2026-11-22T16:02:01Z [AUTH] WARN: Incorrect username or password for user admin${long}. IP=203.0.113.7`,
  wordpress: (long) => traefikLine(`POST /wp-login.php?${long}`, 200),
};

function traefikLine(request: string, status: number): string {
  return `203.0.113.7 - alice [22/Nov/2026:16:02:01 +0000] "${request} HTTP/1.1" ${status} 17 "-" "-" 1 "app@docker" "-" 0ms`;
}

test('nobody hides behind a MiB of path or name, whatever it is made of', () => {
  const long = definitions.filter((each) => each.kind === 'regex' && each.longLines === true);
  const names = new Set(long.map(({ name }) => splitMode(name).filter));
  assert.deepEqual([...names].sort(), Object.keys(longLines).sort());
  for (const [name, line] of Object.entries(longLines)) {
    const filter = filters[definitions.findIndex((each) => each.name === name)];
    assert.ok(filter !== undefined);
    const scan = new Scan([filter], { timeZone: 'UTC' });
    for (const part of ['x', '/', '/a-', '%41/', '-', '.', '/login/', '[x]']) {
      const text = line(part.repeat(Math.floor(1_040_000 / part.length)));
      const found = judged(scan, [filter], text).get(name);
      assert.deepEqual([found?.kind, found?.host], ['hit', '203.0.113.7'], `${name}: ${part}`);
      assert.ok((found?.user.length ?? 0) <= 65_536, 'what is kept of it is short');
    }
    assert.equal(scan.takeCounts().oversize, 0);
  }
});

/** Whether one of two filters says that the other may count its lines. */
function mayOverlap(name: string, other: string): boolean {
  const overlapsOf = (wanted: string) =>
    definitions.find((each) => each.name === wanted)?.about?.overlaps ?? [];
  const base = splitMode(other).filter;
  return overlapsOf(name).includes(base) || overlapsOf(base).includes(name);
}

/** What the filters of a scan say of a line, by their names; those that say nothing are not there. */
function judged(
  scan: Scan,
  scanned: readonly Filter[],
  line: string,
  reading: Reading = { now, transport: null, undated: now },
) {
  const found = new Map<
    string,
    { kind: string; host: string; user: string; session: string; time: number }
  >();
  scan.block(Buffer.from(`${line}\n`), reading, (filter, { kind, host, user, session }, time) => {
    found.set(scanned[filter]?.name ?? '', { kind, host, user, session, time });
  });
  return found;
}
