import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { execa } from 'execa';

const driver = path.join(import.meta.dirname, 'mounted-file-driver.ts');
const probe = await execa('unshare', ['--mount', 'true'], { reject: false });
const skip = probe.failed ? 'no mount namespace can be made' : false;

describe('a file that is mounted alone', { skip, timeout: 60_000 }, () => {
  let folder = '';
  const at = (name: string): string => path.join(folder, name);

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'bailiff-mounted-'));
    writeFileSync(at('auth.log'), 'nothing of interest\n');
    writeFileSync(at('mounted.log'), '');
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  for (const [what, take, said] of [
    [
      'renamed',
      () => renameSync(at('auth.log'), at('auth.log.1')),
      /renamed or removed \(.*auth\.log\.1\).*mount its directory/,
    ],
    ['removed', () => unlinkSync(at('auth.log')), /mount its directory/],
  ] as const) {
    it(`that is ${what} outside is said to be so, with the remedy`, async () => {
      // Argument 0 is the name of the shell; nothing of the script comes from outside.
      const script = 'mount --make-rprivate / && mount --bind "$1" "$2" && exec "$3" "$4" "$2"';
      const args = [
        '--mount',
        'sh',
        '-euc',
        script,
        'sh',
        at('auth.log'),
        at('mounted.log'),
        process.execPath,
        driver,
      ];
      const child = execa('unshare', args, { reject: false });
      const states = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const next = async (): Promise<{ state: string; detail: string }> => {
        const { value, done } = await states.next();
        if (done === true) throw new Error((await child).stderr);
        return JSON.parse(value);
      };
      try {
        assert.equal((await next()).state, 'reading');
        appendFileSync(at('auth.log'), 'more\n');
        take();
        const { state, detail } = await next();
        assert.equal(state, 'waiting');
        assert.match(detail, said);
      } finally {
        child.kill();
        await child;
      }
    });
  }
});
