import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePort } from '../core/policy.ts';
import { Policies } from './policies.ts';

const ports = (text: string) => text.split(',').flatMap((each) => parsePort(each) ?? []);

test('the plain policy is always there, those of jails and bans once each', () => {
  const policies = new Policies({ jails: () => ['drop', 'reject'], bans: () => ['reject', 'drop 80/tcp'] });
  assert.deepEqual(
    policies.rules().map(({ policy }) => policy),
    ['drop', 'drop 80/tcp', 'reject'],
  );
});

test('a jail’s published ports are those of all its containers, as they come and go', () => {
  const policies = new Policies({ jails: () => ['drop published web'], bans: () => [] });
  const shut = () => policies.rules().find(({ policy }) => policy === 'drop published web')?.ports;
  assert.equal(shut(), null);
  assert.equal(policies.publishes('a', ['web', 'other'], ports('8080'), []), true);
  assert.equal(policies.publishes('a', ['web', 'other'], ports('8080'), []), false, 'no news');
  assert.equal(policies.publishes('b', ['web'], ports('8081,53/udp'), []), true);
  assert.equal(policies.publishes('c', ['other'], ports('25'), []), true);
  assert.deepEqual(shut(), ports('8080-8081,53/udp'));
  assert.equal(policies.publishes('a', [], [], []), true);
  assert.deepEqual(shut(), ports('8081,53/udp'));
  assert.equal(policies.publishes('b', ['web'], [], ports('443')), true);
  assert.equal(shut(), null, 'while none is known all ports are shut');
});

test('a jail of labels shuts the ports of its container, else those through which it is reached, else none', () => {
  const policies = new Policies({ jails: () => ['drop published vault@vault'], bans: () => [] });
  const shut = () => policies.rules().at(-1)?.ports;
  assert.equal(shut(), null, 'after a start, before the engine has told of it');
  policies.publishes('vault', ['vault@vault'], [], []);
  assert.deepEqual(shut(), []);
  policies.publishes('vault', ['vault@vault'], [], ports('443,80'));
  assert.deepEqual(shut(), ports('80,443'));
  policies.publishes('vault', ['vault@vault'], ports('8080'), []);
  assert.deepEqual(shut(), ports('8080'));
  policies.publishes('vault', [], [], []);
  assert.deepEqual(shut(), [], 'a container that is gone');
});
