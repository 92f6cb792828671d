import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from './testbed/command.ts';
import { Daemon } from './testbed/daemon.ts';
import { cannotRun } from './testbed/requirements.ts';
import { openTestbed, type Testbed } from './testbed/testbed.ts';

const port = '5514';

/** How Docker's driver writes a message (Docker, "Syslog logging driver": syslog-format). */
const formats = ['', 'rfc3164', 'rfc5424', 'rfc5424micro'];

describe("containers with Docker's syslog driver", { timeout: 600_000, skip: cannotRun() }, () => {
  let testbed: Testbed;
  let bailiff: Daemon;
  before(async () => {
    testbed = await openTestbed();
    bailiff = new Daemon(testbed.workplace, testbed.network.host, {
      BAILIFF_ENFORCE: 'dry-run',
      BAILIFF_JAIL_SHOP_FILTER: 'nginx-http-auth',
      BAILIFF_JAIL_SHOP_SYSLOG: 'message:shop',
      BAILIFF_JAIL_LOGIN_FILTER: 'sshd',
      BAILIFF_JAIL_LOGIN_SYSLOG: 'sshd',
      BAILIFF_SYSLOG_LISTEN: `udp://127.0.0.1:${port}, tcp://127.0.0.1:${port}, unix:${testbed.workplace.path('log.sock')}`,
      BAILIFF_MAXRETRY: '2',
    });
    await bailiff.start();
    await bailiff.untilReading('syslog-listen:unix');
  });
  after(() => testbed?.close());

  const addresses = [`udp://127.0.0.1:${port}`, `tcp://127.0.0.1:${port}`, 'unix'];
  const cases = addresses.flatMap((address) => formats.map((format) => ({ address, format })));
  for (const [index, { address, format }] of cases.entries()) {
    it(`${format || 'by default'} over ${address}: its lines are judged as it wrote them`, async () => {
      const attacker = `198.51.100.${index + 1}`;
      const nginx = `2026/11/22 16:02:01 [error] 7#7: *2 user "a": password mismatch, client: ${attacker}, server: x`;
      const login = `Failed password for root from 203.0.113.${index + 1} port 1 ssh2`;
      for (const [tag, line] of [
        ['shop', nginx],
        ['sshd', login],
      ] as const) {
        await testbed.engine.docker(
          'run',
          '--rm',
          '--log-driver=syslog',
          `--log-opt=syslog-address=${address === 'unix' ? `unix://${testbed.workplace.path('log.sock')}` : address}`,
          `--log-opt=tag=${tag}`,
          ...(format === '' ? [] : [`--log-opt=syslog-format=${format}`]),
          'nginx:stable',
          'sh',
          '-c',
          'echo "$1"; echo "$1" >&2',
          'sh',
          line,
        );
      }
      const expected = [attacker, `203.0.113.${index + 1}`];
      await eventually('both are banned', async () => {
        const banned = await bailiff.bannedAddresses();
        return expected.every((each) => banned.includes(each));
      });
      assert.equal((await bailiff.status()).jails.find(({ name }) => name === 'shop')?.hits, 2 * (index + 1));
    });
  }
});
