import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Hook } from '../../src/enforce/backend.ts';
import { Remote } from './enforce-remote.ts';
import { assertGolden } from './golden.ts';
import { Namespace } from './namespace.ts';

/** Every combination of options that comes to other rules, and what a host has besides. */
const combinations: Record<string, { policies?: string[]; docker?: true; publish?: true }> = {
  plain: {},
  'beside-docker': { docker: true },
  ports: { policies: ['drop 80/tcp,443/tcp,1000-2000/udp'] },
  'more-ports-than-a-rule': {
    policies: [`drop ${Array.from({ length: 17 }, (_, index) => `${8000 + 10 * index}/tcp`).join(',')}`],
  },
  'published-known': { policies: ['drop published web'], publish: true },
  'published-unknown': { policies: ['drop published web'] },
  reject: { policies: ['reject'] },
  'reject-ports': { policies: ['reject 25/tcp,53/udp'] },
  'reject-published': { policies: ['reject published web'], publish: true },
  log: { policies: ['log'] },
  'log-ports': { policies: ['log 22/tcp'] },
  several: { policies: ['drop 80/tcp', 'reject 443/tcp', 'log', 'reject'], docker: true },
};

for (const variant of ['nft', 'legacy'] as const) {
  describe(`the rules as iptables-${variant} prints them`, () => {
    let host: Namespace;
    let bailiff: Remote;

    beforeEach(async () => {
      host = await Namespace.create();
      bailiff = new Remote(host);
    });

    afterEach(async () => {
      await bailiff.end();
      await host.remove();
    });

    for (const [name, { policies = [], docker, publish }] of Object.entries(combinations)) {
      test(name, async () => {
        // Its chain shows which variant Docker uses; empty, it goes unprinted below.
        await host.must(`iptables-${variant}`, '-w', '-N', 'DOCKER');
        if (docker) {
          for (const iptables of ['iptables', 'ip6tables']) {
            await host.must(`${iptables}-${variant}`, '-w', '-N', 'DOCKER-USER');
            await host.must(`${iptables}-${variant}`, '-w', '-A', 'DOCKER-USER', '-j', 'RETURN');
            await host.must(`${iptables}-${variant}`, '-w', '-A', 'FORWARD', '-j', 'DOCKER-USER');
          }
        }
        await bailiff.call('policies', policies);
        if (publish) {
          await bailiff.call('publish', 'web', [
            { protocol: 'tcp', first: 8080, last: 8080 },
            { protocol: 'udp', first: 8443, last: 8445 },
          ]);
        }
        const hooks = await bailiff.call<Hook[]>('install');
        assert.ok(hooks.every(({ ok }) => ok));
        assertGolden(`iptables-${variant}-${name}`, await saved(host, variant));
        assert.deepEqual(
          (await bailiff.call<Hook[]>('install')).filter(({ repaired }) => repaired !== undefined),
          [],
          'what was written is known again as right',
        );
      });
    }
  });
}

/** Sets, chains and rules without what differs from run to run. */
async function saved(host: Namespace, variant: string): Promise<string> {
  const parts: string[] = [];
  for (const program of [`iptables-${variant}-save`, `ip6tables-${variant}-save`]) {
    const lines = (await host.must(program)).split('\n').filter((line) => /^(\*|-A|:\S+ - )/.test(line));
    parts.push(`# ${program}`, ...lines.map((line) => line.replace(/ \[\d+:\d+\]$/, '')), '');
  }
  const sets = (await host.must('ipset', 'save')).split('\n').filter((line) => line.startsWith('create '));
  parts.push(
    '# ipset save',
    ...sets.map((line) => line.replace(/ (?:bucketsize|initval) \S+/g, '')).sort(),
    '',
  );
  return parts.join('\n');
}
