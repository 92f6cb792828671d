/** Writes lines of nginx's error log at a steady rate, a hundredth of them failures, until it is ended: `LOG LINES_PER_S`. */
import { openSync, truncateSync, writeSync } from 'node:fs';
import { randomOf } from '../test/fuzz/random.ts';
import { logKinds } from './logs.ts';

const [, , log = '', perSecond = '100000'] = process.argv;
const stepMs = 10;
/** The file is begun anew, as `copytruncate` does: it must not fill the disk. */
const mostBytes = 500_000_000;

const kind = logKinds.find(({ filter }) => filter === 'nginx-http-auth');
if (kind === undefined) throw new Error('there are no lines of nginx');
const random = randomOf(20_261_127);
const file = openSync(log, 'a');
const started = performance.now();
let written = 0;
let bytes = 0;

setInterval(() => {
  const due = Math.floor(((performance.now() - started) / 1_000) * Number(perSecond)) - written;
  let text = '';
  const now = new Date();
  for (let line = 0; line < due; line++) {
    const makers = random.below(100) === 0 ? kind.failures : kind.others;
    text += `${kind.line(now, random.pick(makers)(random, `198.51.${random.below(100)}.${1 + random.below(250)}`))}\n`;
  }
  bytes += writeSync(file, text);
  written += due;
  if (bytes < mostBytes) return;
  truncateSync(log);
  bytes = 0;
}, stepMs);
