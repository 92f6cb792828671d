import assert from 'node:assert/strict';
import { cpSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { eventually, inside, run } from './testbed/command.ts';
import { repository } from './testbed/image-recipes.ts';
import { createNetwork } from './testbed/network.ts';
import { cannotRun } from './testbed/requirements.ts';
import { type Running, Workplace } from './testbed/workplace.ts';

describe('a fresh clone, as the README says', { timeout: 300_000, skip: cannotRun() }, () => {
  let workplace: Workplace;
  let host: string;
  let clone: string;
  let env: Record<string, string>;
  before(async () => {
    workplace = await Workplace.open();
    ({ host } = await createNetwork(workplace));
    clone = workplace.makeDirectory('clone');
    // What a clone of this tree holds once it is committed.
    const files = await run('git', [
      '-C',
      repository,
      'ls-files',
      '-z',
      '--cached',
      '--others',
      '--exclude-standard',
    ]);
    for (const file of files.split('\0').filter(Boolean)) cpSync(join(repository, file), join(clone, file));
    env = {
      // The Node of this machine, whichever it is, not the one that runs the tests.
      PATH: (process.env['PATH'] ?? '')
        .split(':')
        .filter((part) => part !== dirname(process.execPath))
        .join(':'),
      BAILIFF_STATE_DIR: workplace.makeDirectory('state'),
      BAILIFF_SOCKET: join(workplace.makeDirectory('run'), 'bailiff.sock'),
    };
    // The namespace has no way to a registry: the packages come before.
    await run('sh', [join(clone, 'scripts/dependencies')], { env });
  });
  after(() => workplace?.close());

  it('finds both commands in the README', () => {
    const readme = readFileSync(join(clone, 'README.md'), 'utf8');
    for (const command of ['npm start', 'npm test', 'docker compose up -d']) {
      assert.ok(readme.includes(command), command);
    }
  });

  it('npm start says what it watches, how it enforces and where the metrics are', async () => {
    const daemon: Running = workplace.start('npm-start', 'npm', ['start'], {
      namespace: host,
      env,
      cwd: clone,
    });
    const output = await eventually(
      'npm start is up',
      () => {
        if (!daemon.isAlive()) throw new Error(daemon.output());
        return daemon.output().includes('/metrics') && daemon.output();
      },
      60,
    );
    assert.match(output, /sshd/);
    assert.match(output, /auth\.log/);
    assert.match(output, /iptables/);
    assert.match(output, /http:\/\/127\.0\.0\.1:9798\/metrics/);
    const metrics = await run(
      ...inside(host, 'curl', ['--silent', '--fail', 'http://127.0.0.1:9798/metrics']),
    );
    assert.match(metrics, /^bailiff_build_info\{/m);
  });
});
