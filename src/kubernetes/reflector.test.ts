import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { FakeKubernetes, nodeOf, podOf } from '../../test/setup/kubernetes-api.ts';
import { Api } from './api.ts';
import { type AnnotatedPod, annotatedPod, clusterNode } from './objects.ts';
import { Reflector } from './reflector.ts';

let server: FakeKubernetes;
let pods: Reflector<AnnotatedPod>;
let stop: AbortController;
let running: Promise<void>;
let problems: (string | null)[];
let wake: () => void;

beforeEach(async () => {
  server = await FakeKubernetes.start();
  problems = [];
  wake = () => undefined;
  stop = new AbortController();
  pods = reflector();
});
afterEach(async () => {
  stop.abort();
  await running;
  await server.goAway().catch(() => undefined);
});

function reflector(few = false): Reflector<AnnotatedPod> {
  const collection = {
    path: '/api/v1/pods',
    query: { fieldSelector: `spec.nodeName=${server.access.node}` },
    few,
    read: annotatedPod,
  };
  const state = (problem: string | null): void => {
    problems.push(problem);
    wake();
  };
  const pauses = { first: 5, longest: 20, watch: 300 };
  return new Reflector(new Api(server.access), collection, { changed: () => wake(), state }, pauses);
}

function run(): void {
  running = pods.run(stop.signal);
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds())
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
}

const known = (): string[] => [...pods.objects.values()].map(({ name }) => name).sort();
const know = (...names: string[]): Promise<void> => until(() => known().join() === names.sort().join());
const asked = { 'bailiff.jails': 'sshd' };
const lists = (): number => listed().length;
/** The queries of all lists. */
const listed = (): URLSearchParams[] =>
  server.asked
    .map((path) => new URL(path, server.access.server).searchParams)
    .filter((query) => !query.has('watch'));

test("this node's pods that have annotations for Bailiff are known, over several pages, and those that come and go", async () => {
  for (const name of ['a-1', 'b-1', 'c-1', 'd-1', 'e-1']) server.put('pods', podOf(name, asked));
  server.put('pods', podOf('elsewhere-1', asked, { node: 'node-2' }));
  server.put('pods', podOf('plain-1', {}));
  run();
  await know('a-1', 'b-1', 'c-1', 'd-1', 'e-1');
  server.remove('pods', 'uid-shop-b-1');
  server.put('pods', podOf('c-1', {}));
  server.put('pods', podOf('f-1', asked));
  server.put('pods', podOf('other-1', asked, { node: 'node-2' }));
  await know('a-1', 'd-1', 'e-1', 'f-1');
  assert.deepEqual(pods.objects.get('uid-shop-a-1'), {
    namespace: 'shop',
    name: 'a-1',
    workload: 'a',
    annotations: asked,
    containers: [{ name: 'main', image: 'sshd:1' }],
  });
});

test('after a cut the watch goes on where it was, and a bookmark is where it is', async () => {
  run();
  await until(() => problems.includes(null));
  server.put('pods', podOf('a-1', asked));
  await know('a-1');
  server.bookmark();
  server.cut();
  server.put('pods', podOf('b-1', asked));
  await know('a-1', 'b-1');
  assert.equal(lists(), 1, 'it was listed once');
});

test('what the server has forgotten is listed again, and what went meanwhile is known to be gone', async () => {
  server.put('pods', podOf('a-1', asked));
  server.put('pods', podOf('b-1', asked));
  run();
  await know('a-1', 'b-1');
  await server.goAway();
  server.remove('pods', 'uid-shop-a-1');
  server.put('pods', podOf('c-1', asked));
  server.compact();
  await server.comeBack();
  await know('b-1', 'c-1');
  assert.equal(problems.at(-1), null);
});

test('what one answer holds is listed out of the memory of the server, unless that is of a version it has forgotten', async () => {
  pods = reflector(true);
  for (const name of ['a-1', 'b-1', 'c-1']) server.put('pods', podOf(name, asked));
  run();
  await know('a-1', 'b-1', 'c-1');
  assert.deepEqual(
    listed().map((query) => [query.get('resourceVersion'), query.get('limit')]),
    [['0', null]],
  );
  await server.goAway();
  server.compact();
  await server.comeBack();
  await until(() => listed().some((query) => query.has('limit')));
  server.put('pods', podOf('d-1', asked));
  await know('a-1', 'b-1', 'c-1', 'd-1');
  assert.equal(listed().at(-1)?.get('resourceVersion'), null);
});

test('what would fit into one answer and comes in pages is read to the last of them', async () => {
  server.pagesAll = true;
  pods = reflector(true);
  for (const name of ['a-1', 'b-1', 'c-1']) server.put('pods', podOf(name, asked));
  run();
  await know('a-1', 'b-1', 'c-1');
  assert.equal(lists(), 2);
});

test('while the server is away, what was known stands, and it is said', async () => {
  server.put('pods', podOf('a-1', asked));
  run();
  await know('a-1');
  await server.goAway();
  await until(() => problems.some((problem) => problem?.includes('ECONNREFUSED')));
  assert.deepEqual(known(), ['a-1']);
  assert.match(problems.findLast((problem) => problem !== null) ?? '', /^the Kubernetes API: /);
  await server.comeBack();
  await until(() => problems.at(-1) === null);
});

test('a token that was replaced is taken at the next request; one that is refused is said, with what to do', async () => {
  run();
  await until(() => problems.includes(null));
  server.rotate('second');
  server.cut();
  server.put('pods', podOf('a-1', asked));
  await know('a-1');
  server.expect('third');
  server.cut();
  await until(() => problems.some((problem) => problem?.includes('401')));
  assert.match(problems.findLast((problem) => problem !== null) ?? '', /401: Unauthorized.*rbac\.create/);
  server.rotate('third');
  await until(() => problems.at(-1) === null);
});

test('what is not allowed is said in the words of the server', async () => {
  server.refused.add('list pods');
  run();
  await until(() => problems.length > 0);
  assert.match(problems[0] ?? '', /403: pods is forbidden: cannot list resource "pods"/);
  server.refused.delete('list pods');
  await until(() => problems.at(-1) === null);
});

test('where the watch cannot go on for a reason of its own, all is listed again', async () => {
  server.put('pods', podOf('a-1', asked));
  run();
  await know('a-1');
  server.refused.add('watch pods');
  server.cut();
  await until(() => lists() > 2);
  server.refused.delete('watch pods');
  server.put('pods', podOf('b-1', asked));
  await know('a-1', 'b-1');
});

test('another server than the one that the account knows is not believed', async () => {
  const other = await FakeKubernetes.start();
  pods = new Reflector(
    new Api({ ...server.access, server: other.access.server }),
    { path: '/api/v1/pods', query: {}, few: true, read: annotatedPod },
    { changed: () => wake(), state: (problem) => problems.push(problem) && wake() },
    { first: 5, longest: 20, watch: 300 },
  );
  run();
  await until(() => problems.length > 0);
  assert.match(problems[0] ?? '', /self-signed certificate/);
  assert.deepEqual(other.asked, []);
  await other.goAway();
});

test('a pod says by annotation which of its containers is meant; else it is the first, or what kubectl shows', () => {
  const images = { proxy: 'envoy:1', app: 'nginx:1', side: 'x:1' };
  const meant = (annotations: Readonly<Record<string, string>>): (string | undefined)[] =>
    (annotatedPod(podOf('a-1', { ...asked, ...annotations }, { images }))?.containers ?? []).map(
      ({ name }) => name,
    );
  assert.deepEqual(meant({}), ['proxy']);
  assert.deepEqual(meant({ 'kubectl.kubernetes.io/default-container': 'app' }), ['app']);
  assert.deepEqual(meant({ 'bailiff.container': 'app, side' }), ['app', 'side']);
  assert.deepEqual(meant({ 'bailiff.container': 'nowhere' }), []);
});

test('what made a pod gives its name, as far as it is known', () => {
  const pod = podOf('web-7d4f9-x2x2x', asked);
  const owned = (owner: unknown) =>
    annotatedPod({ ...pod, metadata: { ...pod.metadata, ownerReferences: owner } })?.workload;
  assert.equal(owned([{ kind: 'ReplicaSet', name: 'web-7d4f9', controller: true }]), 'web');
  assert.equal(owned([{ kind: 'StatefulSet', name: 'db', controller: true }]), 'db');
  assert.equal(owned([{ kind: 'DaemonSet', name: 'log', controller: false }]), 'web-7d4f9-x2x2x');
  for (const none of [
    undefined,
    5,
    [null],
    [{ kind: 'Node', name: 'node-1', controller: true }],
    [{ controller: true }],
  ])
    assert.equal(owned(none), 'web-7d4f9-x2x2x');
});

test('a node is its addresses and the networks of its pods; what is none of these is passed over', () => {
  assert.deepEqual(clusterNode(nodeOf('node-1', '10.0.0.7', '10.244.1.0/24')), {
    name: 'node-1',
    addresses: ['10.0.0.7'],
    networks: ['10.244.1.0/24'],
  });
  const hostile = {
    metadata: { name: 'node-2' },
    spec: { podCIDRs: ['0.0.0.0/0', 7, 'x', 'fd00:1::/64'] },
    status: {
      addresses: [
        { address: '0.0.0.0/0' },
        { address: 'node-2' },
        null,
        { address: '010.0.0.1' },
        { address: 'fd00::7' },
      ],
    },
  };
  assert.deepEqual(clusterNode(hostile), {
    name: 'node-2',
    addresses: ['fd00::7'],
    networks: ['fd00:1::/64'],
  });
  for (const none of [null, {}, { metadata: { name: 'A b' } }, []]) assert.equal(clusterNode(none), null);
  for (const none of [null, {}, { metadata: { name: 'a', namespace: 'b', annotations: 7 } }])
    assert.equal(annotatedPod(none), null);
});
