import { setTimeout } from 'node:timers/promises';
import { startDovecot } from '../../e2e/testbed/services/dovecot.ts';
import { startPostfix } from '../../e2e/testbed/services/postfix.ts';
import { type Day, people, type Scene, times } from '../day.ts';

/** Mail sent, delivered and read; one letter that cannot be delivered yet; reloads. */
export const mail: Scene = async (day) => {
  const dovecot = await startDovecot(day.machine, day.network, ['protocols = imap pop3']);
  await day.machine.untilListening(dovecot.process, 143);
  const postfix = await startPostfix(day.machine, day.network);
  await day.machine.untilListening(postfix.process, 25);
  await times(70, 4, (n) => send(day, n));
  await times(10, 2, (n) => fromTheMachine(day, n));
  await times(90, 4, (n) => read(day, n));
  await day.machine.run('kill', '-HUP', `${dovecot.process.pid}`);
  await day.machine.run('postfix', '-c', day.machine.path('postfix'), 'reload');
  await setTimeout(1_000);
  await times(20, 3, (n) => send(day, 70 + n));
  await times(20, 3, (n) => read(day, 90 + n));
  await postfix.process.stop();
  await dovecot.process.stop();
};

async function send(day: Day, n: number): Promise<void> {
  const sender = `${day.person(n)}@example.org`;
  const recipients = [day.person(n + 1), ...(n % 5 === 0 ? people : [])].map((name) => `${name}@example.org`);
  // Nothing answers there.
  if (n % 9 === 8) recipients.push('friend@elsewhere.example.net');
  const letter = day.machine.write(
    `letters-${n}`,
    `From: ${sender}\nTo: ${recipients.join(', ')}\nMessage-ID: <${n}.failed.login@${n % 2 ? 'phone' : 'desk'}.example.org>\nSubject: ${n}\n\n${'A line.\n'.repeat(n)}`,
  );
  const options = ['--user', `${day.person(n)}:${day.password}`, '--mail-from', sender];
  // Half of the clients choose how they log in, and half by a default.
  if (n % 2) options.push('--login-options', 'AUTH=PLAIN');
  const to = recipients.flatMap((recipient) => ['--mail-rcpt', recipient]);
  const url = `smtp://${day.urlHostFor(n)}/${n % 4 === 1 ? 'phone.example.org' : ''}`;
  await day.curl(n, [...options, ...to, '--upload-file', letter, url]);
}

/** As cron sends it. */
async function fromTheMachine(day: Day, n: number): Promise<void> {
  const sendmail = `sendmail -C ${day.machine.path('postfix')} -f root@example.org ${day.person(n)}@example.org`;
  await day.machine.run('sh', '-c', `printf 'Subject: Cron ${n}\\n\\nok\\n' | ${sendmail}`);
}

async function read(day: Day, n: number): Promise<void> {
  const user = ['--user', `${day.person(n)}:${day.password}`];
  const imap = `imap://${day.urlHostFor(n)}`;
  const ways = [
    [`${imap}/INBOX;MAILINDEX=1`],
    [`${imap}/`, '--request', 'LIST "" *'],
    [`${imap}/INBOX`, '--request', 'FETCH 1:* (FLAGS)'],
    [`${imap}/INBOX`, '--request', 'SEARCH UNSEEN'],
    [`${imap}/`, '--request', `CREATE "Archive ${n}"`],
    [`${imap}/INBOX`, '--request', 'STORE 1 +FLAGS (\\Seen)'],
    [`pop3://${day.urlHostFor(n)}/`],
    [`pop3://${day.urlHostFor(n)}/1`],
  ];
  await day.curl(n, [...user, ...(ways[n % ways.length] ?? [])]);
}
