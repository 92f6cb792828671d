import { startVsftpd } from '../../e2e/testbed/services/vsftpd.ts';
import { type Scene, times } from '../day.ts';

/** Files fetched, stored, renamed and deleted. */
export const ftp: Scene = async (day) => {
  const { process } = await startVsftpd(day.machine, day.network, ['write_enable=YES']);
  await day.machine.untilListening(process, 21);
  await times(40, 4, async (n) => {
    const base = `ftp://${day.urlHostFor(n)}`;
    const file = day.machine.write(`upload-${n}`, 'x'.repeat(100 * n));
    const user = ['--user', `${day.person(n)}:${day.password}`];
    const stored = `${base}/backup-${n}/access%20denied%20${n}.txt`;
    const steps = [
      ['--ftp-create-dirs', '--upload-file', file, stored],
      [stored, '--output', '/dev/null'],
      [`${base}/`, '--quote', `-RNFR backup-${n}`, '--quote', `-RNTO kept-${n}`],
      [`${base}/`, '--quote', `-DELE kept-${n}/access denied ${n}.txt`, '--quote', `-RMD kept-${n}`],
    ];
    for (const step of steps.slice(0, 2 + (n % 3))) await day.curl(n, [...user, ...step]);
  });
  await process.stop();
};
