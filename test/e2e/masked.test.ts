import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { request, shutOut } from './testbed/attacker.ts';
import { eventually } from './testbed/command.ts';
import { Daemon } from './testbed/daemon.ts';
import { cannotRun } from './testbed/requirements.ts';
import { openTestbed, type Testbed } from './testbed/testbed.ts';
import { Web, webPort } from './testbed/web.ts';

describe('an engine without IPv6, whose proxy hides IPv6 clients', {
  timeout: 600_000,
  skip: cannotRun(),
}, () => {
  let testbed: Testbed;
  let web: Web;
  let bailiff: Daemon;
  before(async () => {
    testbed = await openTestbed({ ipv6: false });
    web = await Web.start(testbed);
    bailiff = new Daemon(testbed.workplace, testbed.network.host, {});
    await bailiff.start();
  });
  after(() => testbed?.close());

  it('bans nobody, and status says that the source is masked and why', async () => {
    await bailiff.untilReading('docker:');
    for (let attempt = 1; attempt <= 8; attempt++) {
      assert.equal(
        await request(testbed.network, { from: 1, family: 6, port: webPort, user: 'member:guess' }),
        401,
      );
    }
    assert.match(await web.log(), /^172\.17\.0\.1 - member .* 401 /m);

    const warning = await eventually('status warns', async () => {
      return (
        (await bailiff.status()).sources.find(({ id }) => id.startsWith('docker:'))?.warning ?? undefined
      );
    });
    assert.match(warning, /masked/);
    assert.match(warning, /172\.17\.0\.1/);
    assert.match(warning, /proxy/);
    const [finding] = (await bailiff.status()).findings;
    assert.deepEqual(
      [finding?.id, finding?.jail, finding?.page],
      ['client-hidden', 'nginx-http-auth', 'docs/behind-a-proxy.md'],
    );
    assert.deepEqual(await bailiff.banned(), []);
    assert.equal(
      await request(testbed.network, { from: 1, family: 6, port: webPort, user: 'member:guess' }),
      401,
    );
  });

  it('still bans IPv4 clients, whom the log names', async () => {
    for (let attempt = 1; attempt <= 5; attempt++) {
      assert.equal(await request(testbed.network, { from: 2, port: webPort, user: 'member:guess' }), 401);
    }
    await eventually('the attacker is banned', async () => (await bailiff.banned()).length === 1);
    assert.equal(await request(testbed.network, { from: 2, port: webPort, patience: shutOut }), 'timeout');
  });
});
