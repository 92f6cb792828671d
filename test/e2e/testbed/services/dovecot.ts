import { member } from '../machine.ts';
import { curl, type StartService } from './service.ts';

/** Where other daemons of the machine have dovecot judge passwords, below the machine's folder. */
export const saslSocket = 'sasl/auth';

/** dovecot's IMAP for the machine's accounts, over PAM and logged by syslog as Debian has it. */
export const startDovecot: StartService = async (machine, network, further = []) => {
  machine.makeDirectory('sasl');
  const configuration = machine.write(
    'dovecot.conf',
    `
protocols = imap
ssl = no
disable_plaintext_auth = no
mail_location = maildir:~/Maildir
passdb {
  driver = pam
}
userdb {
  driver = passwd
}
service auth {
  unix_listener ${machine.path(saslSocket)} {
    mode = 0666
  }
}
# No further delay for an address that failed before (doc.dovecot.org, "Authentication penalty").
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
${further.join('\n')}
`,
  );
  return {
    jail: 'dovecot',
    log: machine.log('mail.log'),
    process: machine.start('dovecot', 'dovecot', ['-F', '-c', configuration]),
    login: (client, password) => curl(network, client, 'imap://HOST/INBOX', `${member.name}:${password}`),
  };
};
