import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selectorProblem, selects } from './container-selector.ts';

const container = (name: string, image = '', labels: Record<string, string> = {}) => ({
  name,
  image,
  labels,
});
const composed = (project: string, service: string) =>
  container(`${project}-${service}-1`, 'nginx', {
    'com.docker.compose.project': project,
    'com.docker.compose.service': service,
  });

test('by name, whole or with wildcards', () => {
  for (const [selector, yes, no] of [
    ['web', ['web'], ['web-1', 'Web', 'xweb', '']],
    ['web-*', ['web-', 'web-1', 'web-a-b'], ['web', 'aweb-1']],
    ['*-web-?', ['shop-web-1'], ['shop-web-10', '-web-']],
    ['*', ['web', 'a.b'], []],
    ['a*b*c', ['abc', 'aXbXbXc'], ['abcd', 'ab']],
  ] as const) {
    for (const name of yes) assert.ok(selects(selector, container(name)), `${selector} means ${name}`);
    for (const name of no) assert.ok(!selects(selector, container(name)), `${selector} is not ${name}`);
  }
});

test('by image: the repository with or without registry, tag and digest', () => {
  const digest = `sha256:${'0'.repeat(64)}`;
  for (const [selector, yes, no] of [
    [
      'image:nginx',
      [
        'nginx',
        'nginx:1.27',
        `nginx@${digest}`,
        `nginx:1.27@${digest}`,
        'docker.io/library/nginx',
        'library/nginx',
      ],
      ['evil/nginx', 'nginx-evil', 'quay.io/library/nginx', '', digest],
    ],
    ['image:docker.io/library/nginx', ['nginx:stable'], ['x/nginx']],
    ['image:nginx:1.27', ['nginx:1.27', `nginx:1.27@${digest}`], ['nginx', 'nginx:1.28']],
    ['image:nginx:1.*', ['nginx:1.27'], ['nginx:2.1']],
    ['image:ghcr.io/foo/*', ['ghcr.io/foo/bar:1', 'ghcr.io/foo/a/b'], ['ghcr.io/foobar/x', 'foo/bar']],
    ['image:localhost:5000/shop', ['localhost:5000/shop', 'localhost:5000/shop:3'], ['localhost:5001/shop']],
    [`image:nginx@${digest}`, [`nginx@${digest}`], ['nginx']],
  ] as const) {
    for (const image of yes)
      assert.ok(selects(selector, container('x', image)), `${selector} means ${image}`);
    for (const image of no)
      assert.ok(!selects(selector, container('x', image)), `${selector} is not ${image}`);
  }
});

test('by compose project and service, by Swarm service, by label', () => {
  assert.ok(selects('compose:shop', composed('shop', 'web')));
  assert.ok(selects('compose:shop/web', composed('shop', 'web')));
  assert.ok(selects('compose:*/web', composed('shop', 'web')));
  assert.ok(!selects('compose:shop/web', composed('shop', 'database')));
  assert.ok(!selects('compose:shop', composed('shop2', 'web')));
  assert.ok(!selects('compose:*', container('web')));
  const task = container('blog_web.1.x7', 'nginx', { 'com.docker.swarm.service.name': 'blog_web' });
  assert.ok(selects('service:blog_web', task));
  assert.ok(selects('service:blog_*', task));
  assert.ok(!selects('service:web', task));
  const labelled = container('web', '', { role: 'proxy', empty: '' });
  for (const selector of ['label:role', 'label:role=proxy', 'label:empty', 'label:empty=']) {
    assert.ok(selects(selector, labelled), selector);
  }
  for (const selector of [
    'label:role=',
    'label:role=proxy2',
    'label:other',
    'label:toString',
    'toString:x',
  ]) {
    assert.ok(!selects(selector, labelled), selector);
  }
});

test('what is no selector is refused with what was expected', () => {
  for (const selector of [
    'web',
    'web-*',
    '*',
    'image:nginx:1.27',
    'image:ghcr.io/foo/*',
    'compose:shop/web',
    'service:a_b',
    'label:a=b c',
  ]) {
    assert.equal(selectorProblem(selector), null, selector);
  }
  for (const [selector, expected] of [
    ['', /name/],
    ['../web', /name/],
    ['we b', /name/],
    ['pod:web', /label:…/],
    ['constructor:web', /name/],
    ['label:', /label:KEY/],
    ['label:=x', /label:KEY/],
    ['image:', /image:REPOSITORY/],
    ['image:a b', /image:REPOSITORY/],
    ['compose:', /compose:PROJECT/],
    ['compose:a/b/c', /compose:PROJECT/],
    ['service:', /Swarm/],
  ] as const) {
    assert.match(selectorProblem(selector) ?? '', expected, selector);
  }
});

test('a pattern of many wildcards takes no time to speak of', () => {
  assert.equal(selects('*a'.repeat(120), container(`${'a'.repeat(5_000)}b`)), false);
});
