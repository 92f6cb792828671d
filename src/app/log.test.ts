import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sentence } from './log.ts';

test('a hit and a ban are one readable line each', () => {
  const hit = { msg: 'hit', jail: 'sshd', address: '203.0.113.7', count: 2, maxretry: 5, findtime: 600 };
  assert.equal(sentence(hit), 'sshd: 203.0.113.7 hit 2 of 5 within 10m');
  const ban = { msg: 'ban', jail: 'sshd', address: '203.0.113.7', hits: 5, duration: '10m' };
  assert.match(sentence({ ...ban, policy: 'log' }), /203\.0\.113\.7 WOULD BE BANNED \(a trial\) for 10m/);
  assert.match(sentence({ ...ban, policy: 'drop 80/tcp' }), /BANNED \(drop 80\/tcp\) for 10m/);
  assert.equal(sentence(ban), 'sshd: 203.0.113.7 BANNED for 10m, 5 hits');
  assert.equal(
    sentence({ msg: 'unban', jail: 'sshd', address: '203.0.113.7', reason: 'expired' }),
    'sshd: 203.0.113.7 let in again (expired)',
  );
});

test('text from logs and labels cannot move the cursor of a terminal', () => {
  const waits = (error: string) => sentence({ msg: 'source waits', error });
  assert.equal(waits('x\u001b[2Jy\r\u202e'), 'source waits  error=x\\x1b[2Jy\\x0d\\u{202e}');
  // A line that follows cannot be taken for a record.
  assert.equal(
    waits('x\n[12:00:00] INFO: all is well'),
    'source waits  error=x\n    [12:00:00] INFO: all is well',
  );
});
