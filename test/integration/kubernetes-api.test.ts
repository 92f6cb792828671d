import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ControlClient } from '../../src/control/client.ts';
import type { SourceStatus, Status } from '../../src/control/protocol.ts';
import { eventually } from '../e2e/testbed/command.ts';
import { type PodDirectories, PodLog } from '../e2e/testbed/pod-logs.ts';
import { DryDaemon } from '../setup/dry-daemon.ts';
import { folderOf } from '../setup/folder.ts';
import { FakeKubernetes, nodeOf, podOf } from '../setup/kubernetes-api.ts';

let server: FakeKubernetes;
let directories: PodDirectories;
let daemon: DryDaemon;
let client: ControlClient;

before(async () => {
  const folder = folderOf({});
  directories = { containers: join(folder, 'containers'), pods: join(folder, 'pods') };
  for (const directory of Object.values(directories)) mkdirSync(directory);
  server = await FakeKubernetes.start();
  server.put('nodes', nodeOf('node-1', '10.0.0.7', '10.244.1.0/24'));
  server.put('nodes', nodeOf('node-2', '10.0.0.8', '10.244.2.0/24'));
  daemon = new DryDaemon({
    BAILIFF_KUBERNETES_DIRECTORY: directories.containers,
    BAILIFF_KUBERNETES_NODE: 'node-1',
    BAILIFF_KUBERNETES_API: server.access.server,
    BAILIFF_KUBERNETES_SERVICE_ACCOUNT: server.access.serviceAccount,
    BAILIFF_LABEL_CONTAINERS: 'shop/*',
  });
  await daemon.start();
  client = new ControlClient(join(daemon.folder, 'bailiff.sock'));
});
after(async () => {
  await daemon?.stop();
  await server?.goAway().catch(() => undefined);
});

const status = (): Promise<Status> => client.status();
const source = async (id: string): Promise<SourceStatus | undefined> =>
  (await status()).sources.find((each) => each.id.startsWith(id));
const reads = (pod: string) =>
  eventually(`${pod} is read`, async () => (await source(`kubernetes:shop/${pod}/`))?.state === 'reading');
const isBanned = async (address: string): Promise<boolean> =>
  (await client.bans()).some((ban) => ban.address === address);

function fail(log: PodLog, address: string, times: number): void {
  for (let time = 1; time <= times; time++)
    log.entry('stderr', 'F', `Failed password for root from ${address} port 40000 ssh2`);
}

test('a pod asks for a jail by annotation, with its own limit, which its successors go on with', async () => {
  const annotations = { 'bailiff.jail.pods.filter': 'sshd', 'bailiff.jail.pods.maxretry': '4' };
  server.put('pods', podOf('ssh-a', annotations));
  const first = new PodLog(directories, 'shop/ssh-a/main');
  new PodLog(directories, 'shop/ssh-a/side');
  await reads('ssh-a');
  const jails = (await status()).jails.filter(({ name }) => name.includes('@'));
  assert.deepEqual(
    jails.map(({ name, maxretry }) => [name, maxretry]),
    [['pods@shop/ssh/main', 4]],
  );
  assert.equal(
    (await status()).sources.some(({ id }) => id.includes('/side@')),
    false,
  );
  fail(first, '198.51.100.1', 3);
  await eventually('they are counted', async () => (await source('kubernetes:shop/ssh-a'))?.lines === 3);
  server.put('pods', podOf('ssh-b', annotations));
  const second = new PodLog(directories, 'shop/ssh-b/main');
  await reads('ssh-b');
  server.remove('pods', 'uid-shop-ssh-a');
  first.remove();
  await eventually('it is gone', async () => (await source('kubernetes:shop/ssh-a')) === undefined);
  assert.equal(await isBanned('198.51.100.1'), false);
  fail(second, '198.51.100.1', 1);
  await eventually('it is banned', () => isBanned('198.51.100.1'));

  server.put('pods', podOf('ssh-b', { ...annotations, 'bailiff.jail.pods.maxretry': '2' }));
  await eventually('the limit is another', async () =>
    (await status()).jails.some(({ name, maxretry }) => name === 'pods@shop/ssh/main' && maxretry === 2),
  );
  fail(second, '198.51.100.2', 2);
  await eventually('it is banned', () => isBanned('198.51.100.2'));
  server.put('pods', podOf('ssh-b', { ...annotations, 'bailiff.enable': 'false' }));
  await eventually('it is read no more', async () => (await source('kubernetes:shop/ssh-b')) === undefined);
});

test('what annotations may not do is told, as of labels', async () => {
  server.put(
    'pods',
    podOf('bad-a', { 'bailiff.jails': 'nosuch', 'bailiff.jail.sshd.ignoreip': '0.0.0.0/0' }),
  );
  server.put('pods', podOf('bad-b', { 'bailiff.jails': 'sshd' }, { namespace: 'blog' }));
  const told = await eventually('it is told', async () => {
    const { labels } = await status();
    return labels.length === 2 && labels;
  });
  assert.deepEqual(told.flatMap(({ errors }) => errors.map(({ where }) => where)).sort(), [
    'container "blog/bad/main"',
    'container "shop/bad/main", label "bailiff.jail.sshd.ignoreip"',
    'container "shop/bad/main", label "bailiff.jails"',
  ]);
  server.remove('pods', 'uid-shop-bad-a');
  server.remove('pods', 'uid-blog-bad-b');
  await eventually('it is told no more', async () => (await status()).labels.length === 0);
});

test('nodes and their pods are never banned, and a log that names them is told of', async () => {
  server.put('pods', podOf('web-a', { 'bailiff.jails': 'sshd' }));
  const log = new PodLog(directories, 'shop/web-a/main');
  await reads('web-a');
  fail(log, '10.0.0.8', 5);
  fail(log, '10.244.2.9', 5);
  const finding = await eventually('it is found', async () => {
    const { findings } = await status();
    return findings.find(({ source: id }) => id.startsWith('kubernetes:shop/web-a'));
  });
  assert.match(finding.text, /the log names 10\.\S+, (?:node|the pods of node) .*node-2/);
  assert.equal(finding.page, 'docs/kubernetes.md');
  assert.match(
    finding.remedies.find(({ behind }) => behind === 'Kubernetes')?.remedy ?? '',
    /externalTrafficPolicy: Local/,
  );
  await assert.rejects(client.ban({ address: '10.0.0.7' }), /node node-1 of the cluster/);
  await assert.rejects(
    client.ban({ address: '10.0.0.9' }).then(() => client.ban({ address: '10.244.1.1' })),
    /the pods of node node-1/,
  );
  server.put('nodes', nodeOf('node-3', '10.0.0.9', '10.244.3.0/24'));
  await eventually('whoever becomes a node is let in', async () => !(await isBanned('10.0.0.9')));
});

test('while the API is away bans go on, it is told, and it is asked again', async () => {
  server.put('pods', podOf('ssh-z', { 'bailiff.jails': 'sshd' }));
  const log = new PodLog(directories, 'shop/ssh-z/main');
  await reads('ssh-z');
  await server.goAway();
  await eventually('it is told', async () => {
    const { warnings } = await status();
    return warnings.some((text) =>
      /^kubernetes-api is not read: the Kubernetes API: .*what was known last stands/.test(text),
    );
  });
  fail(log, '198.51.100.9', 3);
  await eventually('it is banned', () => isBanned('198.51.100.9'));
  server.put('pods', podOf('late-a', { 'bailiff.jails': 'sshd' }));
  server.compact();
  await server.comeBack();
  new PodLog(directories, 'shop/late-a/main');
  await reads('late-a');
  assert.match((await source('kubernetes-api'))?.detail ?? '', /^pods with annotations: \d+; nodes: 3$/);
});
