import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selectsPod } from '../core/pod-selector.ts';
import { parsePodLog } from './pod-log.ts';

const id = '0123456789abcdef'.repeat(4);

test('pod, namespace, container and id of a link of the kubelet', () => {
  assert.deepEqual(parsePodLog(`web-7d4f9c6b5-x2x2x_shop_nginx-${id}.log`), {
    namespace: 'shop',
    pod: 'web-7d4f9c6b5-x2x2x',
    container: 'nginx',
    containerId: id,
  });
  const dashes = parsePodLog(`coredns.a-b_kube-system_init-0-${id}-${id}.log`);
  assert.equal(dashes, null, 'a container whose name would be too long');
  assert.equal(parsePodLog(`etcd-node.example.org_kube-system_init-0-${id}.log`)?.container, 'init-0');
});

test('a name that the kubelet had to cut has a shorter id', () => {
  const pod = 'p'.repeat(120);
  const [namespace, container] = ['n'.repeat(40), 'c'.repeat(30)];
  const cut = `${pod}_${namespace}_${container}-${id}`.slice(0, 251);
  assert.deepEqual(parsePodLog(`${cut}.log`), {
    namespace,
    pod,
    container,
    containerId: id.slice(0, 251 - 120 - 40 - 30 - 3),
  });
  assert.equal(parsePodLog(`web_shop_nginx-${id.slice(0, 63)}.log`), null);
});

for (const name of [
  '',
  'web.log',
  `web_shop-${id}.log`,
  `web_shop_nginx-${id}`,
  `web_shop_nginx-${id}.log.gz`,
  `web_shop_nginx-${id.toUpperCase()}.log`,
  `Web_shop_nginx-${id}.log`,
  `web_shop_x_nginx-${id}.log`,
  `../web_shop_nginx-${id}.log`,
  `web_shop_ngi nx-${id}.log`,
  `-web_shop_nginx-${id}.log`,
  `web_shop.x_nginx-${id}.log`,
]) {
  test(`${JSON.stringify(name.replace(id, 'ID'))} is none`, () => assert.equal(parsePodLog(name), null));
}

test('a selector means namespace, pod and container', () => {
  const log = { namespace: 'shop', pod: 'web-7d4f-x', container: 'nginx', containerId: id };
  for (const [selector, expected] of [
    ['shop/web-*/nginx', true],
    ['*/*/*', true],
    ['shop/web-7d4f-?/ngin*', true],
    ['shop/web/nginx', false],
    ['shopping/web-*/nginx', false],
    ['shop/web-*/php', false],
  ] as const)
    assert.equal(selectsPod(selector, log), expected, selector);
});
