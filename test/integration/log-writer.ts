import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';

/**
 * Writes numbered lines into a log as fast as a busy service, until it is told to stop: `LOG LINES_PER_MS`. Reopens
 * its log at SIGHUP, as services do after a rotation; says on its standard output how many lines it wrote.
 */
const [, , log = '', perMs = '20'] = process.argv;

let file = openSync(log, 'a');
let written = 0;
process.on('SIGHUP', () => {
  closeSync(file);
  file = openSync(log, 'a');
});
process.on('SIGTERM', () => {
  fsyncSync(file);
  clearInterval(writing);
  process.stdout.write(`${written}\n`);
});
const writing = setInterval(() => {
  const lines = Array.from({ length: Number(perMs) }, () => `bad ${++written} 203.0.113.7\n`);
  writeSync(file, lines.join(''));
}, 1);
process.stdout.write('ready\n');
