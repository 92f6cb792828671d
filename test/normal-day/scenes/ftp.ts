import { startVsftpd } from '../../e2e/testbed/services/vsftpd.ts';
import { type Scene, times } from '../day.ts';

/** Files fetched, stored, renamed and deleted. */
export const ftp: Scene = async (day) => {
  const { process } = await startVsftpd(day.machine, day.network, ['write_enable=YES']);
  await day.machine.untilListening(process, 21);
  await times(40, 4, async (n) => {
    const base = `ftp://${day.hostFor(n)}`;
    const file = day.machine.write(`upload-${n}`, 'x'.repeat(100 * n));
    const user = ['--silent', '--noproxy', '*', '--user', `${day.person(n)}:${day.password}`];
    const steps = [
      ['--ftp-create-dirs', '--upload-file', file, `${base}/backup-${n}/access denied ${n}.txt`],
      [`${base}/backup-${n}/access%20denied%20${n}.txt`, '--output', '/dev/null'],
      [`${base}/`, '--quote', `-RNFR backup-${n}`, '--quote', `-RNTO kept-${n}`],
      [`${base}/`, '--quote', `-DELE kept-${n}/access denied ${n}.txt`, '--quote', `-RMD kept-${n}`],
    ];
    for (const step of steps.slice(0, 2 + (n % 3))) {
      const [code, output] = await day.visit(n, 'curl', [
        ...user,
        ...step.map((word) => word.replace(/ (?=.*\.txt$)/g, word.startsWith('ftp') ? '%20' : ' ')),
      ]);
      if (code !== 0) throw new Error(`curl exited with ${code}: ${output}`);
    }
  });
  await process.stop();
};
