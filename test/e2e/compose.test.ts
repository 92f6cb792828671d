import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { request } from './testbed/attacker.ts';
import { AuthLog } from './testbed/auth-log.ts';
import { eventually, run } from './testbed/command.ts';
import { ComposedBailiff } from './testbed/composed.ts';
import { Firewall } from './testbed/firewall.ts';
import { alertmanagerPort, Monitoring, prometheusPort } from './testbed/monitoring.ts';
import { Packets, type Way } from './testbed/packets.ts';
import { cannotRun } from './testbed/requirements.ts';
import { openTestbed, type Testbed } from './testbed/testbed.ts';

const bans = 1_000;
const needed = cannotRun(['prometheus', 'prometheus-alertmanager']);

describe('compose.yaml, from the first start to the removal', { timeout: 300_000, skip: needed }, () => {
  let testbed: Testbed;
  let monitoring: Monitoring;
  let packets: Packets;
  let bailiff: ComposedBailiff;
  let log: AuthLog;
  const environment = { BAILIFF_BANTIME: '1h', COMPOSE_PROFILES: 'monitoring' };

  before(async () => {
    testbed = await openTestbed();
    monitoring = new Monitoring(testbed);
    const [beside, listening] = await Promise.all([monitoring.prepare(), Packets.listen(testbed)]);
    packets = listening;
    log = new AuthLog(join(testbed.workplace.makeDirectory('log'), 'auth.log'));
    bailiff = new ComposedBailiff(testbed, 'compose.yaml', beside);
    await bailiff.up(environment);
    await monitoring.untilScraped();
  });
  after(() => testbed?.close());

  const untilBanned = (count: number) =>
    eventually(`${count} are banned`, async () => (await bailiff.banned()).length === count);

  it('the first scrape after a ban has it, and rules, alerts and exemplars are as they are shipped', async () => {
    const address = testbed.network.attacker(1);
    log.fail(...Array.from({ length: 5 }, () => address));
    await untilBanned(1);
    const known = Date.now() / 1_000;
    const series = 'bailiff_active_bans{jail="sshd"}';
    const samples = await eventually('there is a scrape after it', async () => {
      const all = await monitoring.samples(series);
      return all.some(([at]) => at > known) && all;
    });
    assert.equal(samples.find(([at]) => at > known)?.[1], 1);
    assert.ok(samples.some(([, value]) => value === 0));

    const query = 'query_exemplars?query=bailiff_read_to_kernel_seconds_bucket&start=0&end=9999999999';
    const exemplar = await eventually('its exemplar is there', async () => {
      const [found] =
        await monitoring.prometheus<{ exemplars: { labels: Record<string, string> }[] }[]>(query);
      return found?.exemplars[0];
    });
    assert.equal(exemplar.labels['address'], address);
    const { groups } = await monitoring.prometheus<{ groups: { rules: { health: string }[] }[] }>('rules');
    assert.ok(groups.flatMap(({ rules }) => rules).length > 20);
    await eventually('Prometheus has found Alertmanager', async () => {
      const { activeAlertmanagers } = await monitoring.prometheus<{ activeAlertmanagers: { url: string }[] }>(
        'alertmanagers',
      );
      return activeAlertmanagers.some(({ url }) => url.includes(`127.0.0.1:${alertmanagerPort}`));
    });
    const ready = `http://127.0.0.1:${alertmanagerPort}/-/ready`;
    await eventually('Alertmanager is ready', async () => /OK/.test(await monitoring.get(ready)));
    for (const port of [prometheusPort, alertmanagerPort, 9798])
      assert.equal(
        await request(testbed.network, { from: 2, port }),
        'refused',
        `${port} is for this host alone`,
      );
  });

  const attackers = (from: number): string[] => [
    ...[from, from + 1, from + 2].map((each) => testbed.network.attacker(each)),
    testbed.network.attacker(from, 6),
  ];
  const arrives = ({ host, container }: Way): boolean => host > 0 && container > 0;

  it(`${bans} bans hold while a new image takes the place of Bailiff: not one packet passes`, async (t) => {
    const guilty = attackers(10);
    const neighbours = [testbed.network.attacker(20), testbed.network.attacker(20, 6)];
    const others = Array.from(
      { length: bans - guilty.length - 1 },
      (_, index) => `198.51.${100 + (index >> 8)}.${index & 255}`,
    );
    log.fail(...[...guilty, ...others].flatMap((address) => Array.from({ length: 5 }, () => address)));
    await untilBanned(bans);
    await packets.send([...guilty, ...neighbours]);
    await eventually('those beside them get through', () =>
      neighbours.every((each) => arrives(packets.of(each))),
    );

    const before = new Map([...guilty, ...neighbours].map((each) => [each, packets.of(each)]));
    const old = await bailiff.container();
    // As a pull brings it: another image under the same name.
    const release = testbed.workplace.makeDirectory('release');
    await run('sh', ['-c', 'printf "FROM bailiff\\nLABEL release=next\\n" >Dockerfile'], { cwd: release });
    await testbed.engine.docker('build', '--quiet', '--tag', 'bailiff', release);
    await bailiff.up(environment);
    const container = await bailiff.container();
    assert.notEqual(container, old);
    const format = '{{index .Config.Labels "release"}}';
    assert.equal(await testbed.engine.docker('inspect', '--format', format, container), 'next');
    await untilBanned(bans);

    const gained = (address: string, key: keyof Way) =>
      packets.of(address)[key] - (before.get(address)?.[key] ?? 0);
    for (const each of neighbours) {
      await eventually(
        'more of it comes',
        () => gained(each, 'host') > 100 && gained(each, 'container') > 100,
      );
    }
    const sent = 2 * guilty.reduce((sum, each) => sum + gained(each, 'sent'), 0);
    t.diagnostic(`${sent} datagrams of banned addresses during the replacement`);
    for (const each of guilty) {
      assert.ok(gained(each, 'sent') > 100, `${each} went on`);
      const { host, container } = packets.of(each);
      assert.deepEqual({ host, container }, { host: 0, container: 0 }, each);
    }
  });

  it('`teardown` and `down` leave no rule, set, container or volume, and let everybody in', async () => {
    const firewall = new Firewall(testbed.network.host);
    assert.match(await firewall.do('ipset', 'save'), /bailiff4/);
    await bailiff.tool('bailiff', 'teardown');
    await bailiff.down();
    assert.deepEqual(await firewall.whoShowsOurs(), []);
    const left = await testbed.engine.docker('ps', '--all', '--format', '{{.Names}}');
    assert.equal(left, 'listener');
    for (const kind of ['volume', 'network'])
      assert.doesNotMatch(await testbed.engine.docker(kind, 'ls', '--format', '{{.Name}}'), /bailiff/, kind);
    assert.ok(!existsSync(testbed.workplace.path('run/bailiff/bailiff.sock')));
    // That their packets were kept out was the rules' doing.
    for (const each of attackers(10))
      await eventually(`${each} gets through`, () => arrives(packets.of(each)));
  });
});
