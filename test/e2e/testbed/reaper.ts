/**
 * Outlives the test that starts it (in a session of its own, so that no Ctrl-C reaches it) and takes
 * the named workplace away when that test is gone: its standard input ends however the test ended,
 * by SIGKILL too.
 */
import { clear } from './leftovers.ts';

const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error('usage: reaper.ts DIRECTORY');
process.stdin.resume();
process.stdin.once('end', () => void clear(directory));
