import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SourceHealth } from './source-health.ts';

const mebibyte = 1024 * 1024;

function begin() {
  const wall = { seconds: 1_000_000, now: () => wall.seconds };
  const steady = { seconds: 500, now: () => steady.seconds };
  const health = new SourceHealth(wall, steady);
  health.opened();
  const pass = (seconds: number): void => {
    wall.seconds += seconds;
    steady.seconds += seconds;
  };
  const line = (lag = 0, bytes = 100): void => health.judged({ lines: 1, bytes, lag, oversize: 0 });
  /** A line each `pause` seconds, for so long. */
  const speak = (pause: number, seconds: number): void => {
    for (let passed = 0; passed < seconds; passed += pause) {
      pass(pause);
      line();
    }
  };
  return { health, wall, steady, pass, line, speak };
}

test('counts lines, errors and restarts; the last line and the last error have their time', () => {
  assert.equal(new SourceHealth({ now: () => 0 }, { now: () => 0 }).restarts, 0, 'what never began');
  const { health, wall, pass, line } = begin();
  assert.deepEqual([health.since, health.lastLine, health.lastError], [1_000_000, null, null]);
  pass(5);
  line();
  health.judged({ lines: 0, bytes: 0, lag: 0, oversize: 0 });
  health.failed('x'.repeat(1_000));
  health.opened();
  pass(5);
  line();
  assert.deepEqual([health.lines, health.errors, health.restarts], [2, 1, 1]);
  assert.equal(health.lastLine, wall.seconds);
  assert.deepEqual([health.lastError?.time, health.lastError?.message.length], [1_000_005, 300]);
});

test('silence is unusual after three times the usual longest pause, at least ten minutes', () => {
  const { health, pass, line, speak } = begin();
  speak(10, 7_200);
  pass(599);
  assert.equal(health.silent(), null);
  pass(2);
  assert.equal(health.silent(), 'silent for 10m 1s, and usually for no longer than 10s');
  line();
  assert.equal(health.silent(), null);
  pass(1_700);
  assert.equal(health.silent(), null, 'pauses of ten minutes are known by now');
  pass(110);
  assert.match(health.silent() ?? '', /^silent for 30m 10s, and usually for no longer than 10m 1s/);
});

test('little is said of a log that is hardly known, and nothing of one that never spoke', () => {
  const { health, pass, line, speak } = begin();
  pass(86_400);
  assert.equal(health.silent(), null);
  line();
  pass(86_400);
  assert.equal(health.silent(), null);
  const young = begin();
  young.speak(10, 1_800);
  young.pass(7_200);
  assert.equal(young.health.silent(), null, 'half an hour is no experience');
  speak(1, 10);
  assert.equal(health.silent(), null);
});

test('nights are learned, and one night of trouble does not make the next one usual', () => {
  const { health, pass, speak } = begin();
  const oneDay = (night: number): void => {
    speak(60, 86_400 - night);
    pass(night);
    speak(1, 1);
  };
  for (let count = 0; count < 5; count++) oneDay(8 * 3_600);
  speak(60, 40_000);
  pass(9 * 3_600);
  assert.equal(health.silent(), null, 'it is night');
  const busy = begin();
  for (let count = 0; count < 3; count++) busy.speak(60, 86_400);
  busy.pass(10 * 3_600);
  assert.notEqual(busy.health.silent(), null);
  for (let count = 0; count < 2; count++) busy.speak(60, 86_400);
  busy.pass(700);
  assert.notEqual(busy.health.silent(), null);
});

test('a suspend is no silence, and neither is a clock that was set', () => {
  const { health, wall, speak } = begin();
  speak(10, 7_200);
  wall.seconds += 8 * 3_600;
  assert.equal(health.silent(), null);
  wall.seconds -= 20 * 3_600;
  assert.equal(health.silent(), null);
});

test('far behind is said after half a minute, with what is judged meanwhile', () => {
  const { health, pass, line } = begin();
  line(120 * mebibyte);
  pass(20);
  assert.equal(health.behind(), null);
  for (let second = 0; second < 20; second++) {
    pass(1);
    line(120 * mebibyte, 40 * mebibyte);
  }
  assert.equal(health.behind(), '120 MiB behind for 40s: it judges 40 MiB/s');
  pass(120);
  assert.equal(health.behind(), '120 MiB behind for 2m 40s: nothing has been judged for 2m');
  line(mebibyte);
  assert.equal(health.behind(), null);
});

test('where lines say when they were written, what is judged long after is said, with what that means', () => {
  const { health, pass } = begin();
  const old = (age: number): void => health.judged({ lines: 1, bytes: 100, lag: 0, oversize: 0, age });
  assert.equal(health.lagSeconds, null, 'nothing tells');
  for (let second = 0; second <= 40; second++) {
    pass(1);
    old(300);
    assert.equal(health.behind() !== null, second >= 30, String(second));
  }
  assert.equal(health.lagSeconds, 300);
  assert.match(
    health.behind(600) ?? '',
    /^its lines are 5m old when they are read, for 40s: it judges 0.0 MiB\/s$/,
  );
  assert.match(health.behind(299) ?? '', /, and what is older than findtime bans nobody$/);
  old(59);
  assert.deepEqual([health.lagSeconds, health.behind()], [59, null]);
});

test('it is not behind once nothing more comes, but where what came is not judged yet', () => {
  const { health, pass } = begin();
  const old = (age: number): void => health.judged({ lines: 1, bytes: 100, lag: 0, oversize: 0, age });
  for (let minute = 0; minute < 5; minute++) {
    old(3_600);
    assert.deepEqual([health.lagSeconds, health.behind()], [3_600, null], 'a line a minute that came late');
    pass(60);
    assert.deepEqual([health.lagSeconds, health.lag], [0, 0]);
  }
  health.handedOver(5_000);
  old(3_600);
  pass(60);
  assert.deepEqual([health.lagSeconds, health.lag], [3_600, 4_900]);
  assert.match(
    health.behind() ?? '',
    /^its lines are 1h old when they are read, for 1m: nothing has been judged for 1m$/,
  );
  health.opened();
  assert.deepEqual(
    [health.lagSeconds, health.lag],
    [0, 0],
    'what is opened again begins from what was judged',
  );
});

test('lines that were too long to be judged whole are told of for a day', () => {
  const { health, pass, line } = begin();
  line();
  assert.equal(health.cut(), null);
  health.judged({ lines: 4, bytes: 400_000, lag: 0, oversize: 3 });
  pass(86_000);
  line();
  assert.match(health.cut() ?? '', /^3 lines were longer than is judged/);
  pass(500);
  assert.equal(health.cut(), null);
});

test('that a service logs to another stream than its filter judges is told of for a day', () => {
  const { health, pass, line } = begin();
  line();
  assert.equal(health.unheard(), null);
  health.judged({ lines: 1, bytes: 100, lag: 0, oversize: 0, unheard: 'vaultwarden' });
  pass(86_000);
  line();
  assert.match(health.unheard() ?? '', /^what vaultwarden looks for came on a stream/);
  pass(500);
  assert.equal(health.unheard(), null);
});
