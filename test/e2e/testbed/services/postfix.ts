import { member } from '../machine.ts';
import { saslSocket } from './dovecot.ts';
import { curl, type StartService } from './service.ts';

/** As Debian's master.cf has them, but none changes its root: so all find the machine's /dev/log. */
const services = `
smtp inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`;

/** postfix, which takes mail of whoever logs in; dovecot judges the password. */
export const startPostfix: StartService = async (machine, network) => {
  const configuration = machine.makeDirectory('postfix');
  for (const name of ['postfix-spool', 'postfix-data']) machine.makeDirectory(name);
  await machine.run('chown', 'postfix', machine.path('postfix-data'));
  machine.write('postfix/master.cf', services);
  machine.write(
    'postfix/main.cf',
    `
compatibility_level = 3.6
queue_directory = ${machine.path('postfix-spool')}
data_directory = ${machine.path('postfix-data')}
myhostname = host.example.org
mydestination = example.org, host, localhost
mynetworks = 127.0.0.0/8
alias_maps =
home_mailbox = Maildir/
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = ${machine.path(saslSocket)}
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination
`,
  );
  const letter = machine.write('letter', `Subject: hello\nFrom: ${member.name}@example.org\n\nA letter.\n`);
  const address = `${member.name}@example.org`;
  const mail = ['--mail-from', address, '--mail-rcpt', address, '--upload-file', letter];
  return {
    jail: 'postfix',
    log: machine.log('mail.log'),
    process: machine.start('postfix', 'postfix', ['-c', configuration, 'start-fg']),
    login: (client, password) => curl(network, client, 'smtp://HOST/', `${member.name}:${password}`, mail),
  };
};
