import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import * as z from 'zod';
import { configurationSchema } from './json-schema.ts';
import { defaultsShape, globalShape, jailShape } from './schema.ts';

const schema = configurationSchema();
const read = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
const root = new URL('../../', import.meta.url);

/** Whether an editor with the schema is content with it. */
const accepts = (yaml: string): boolean => read.safeParse(parse(yaml)).success;

test('it accepts every example of the documentation', () => {
  const page = readFileSync(new URL('docs/configuration.md', root), 'utf8');
  const blocks = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => text);
  const files = blocks.filter((text) => !text.startsWith('services:'));
  assert.ok(files.length >= 7);
  for (const text of [...files, readFileSync(new URL('examples/bailiff.yaml', root), 'utf8')]) {
    assert.ok(accepts(text), text);
  }
});

test('it accepts what has several forms, in each of them', () => {
  for (const yaml of [
    'listen: off',
    'listen: 9798',
    'listen: false',
    'docker: yes',
    'defaults: {bantime: -1, findtime: 600, maxretry: "5", ports: 22, ignoreip: 192.0.2.1}',
    'defaults: {bantime: 1h, ports: [22, 80/tcp], ignoreip: [192.0.2.1, "file:/etc/mine"]}',
    'jails: {sshd: }',
    'defaults: {bantime.times: [10m, 3600, permanent]}',
    "jails: {near: {bans: '*', ranges: [24, /48]}, far: {bans: '*', ranges: 16}}",
    'jails: {web: {container: [web], bantime.multipliers: [1, 5], journal: [A=b, C=d]}}',
  ]) {
    assert.ok(accepts(yaml), yaml);
  }
});

test('it refuses unknown keys and values that cannot be', () => {
  for (const yaml of [
    'jail: {}',
    'defaults: {bantme: 1h}',
    'jails: {sshd: {maxretry: 0}}',
    'jails: {"a b": {}}',
    'enforce: perhaps',
    'state-dir: relative',
    'jails: {sshd: {logpath: {}}}',
  ]) {
    assert.ok(!accepts(yaml), yaml);
  }
});

test('it describes every option', () => {
  const text = JSON.stringify(schema);
  for (const key of Object.keys({ ...globalShape, ...defaultsShape, ...jailShape })) {
    assert.match(
      text,
      new RegExp(`"${key.replaceAll('.', '\\.')}":\\{[^{}]*(?:\\{[^{}]*\\}[^{}]*)*"description":`),
    );
  }
});
