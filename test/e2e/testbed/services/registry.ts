import { startApache2 } from './apache2.ts';
import { startDovecot } from './dovecot.ts';
import { startMariadb } from './mariadb.ts';
import { startNginx } from './nginx.ts';
import { startPostfix } from './postfix.ts';
import type { StartService } from './service.ts';
import { startSshd } from './sshd.ts';
import { startVsftpd } from './vsftpd.ts';

/** What they and their clients are, as commands. */
export const programs = [
  'apache2',
  'dovecot',
  'mariadb',
  'mariadb-install-db',
  'mariadbd',
  'nginx',
  'openssl',
  'postfix',
  'setpriv',
  'vsftpd',
];

/** Every real service there is a test of. postfix asks dovecot whether a password is right. */
export const services: Readonly<Record<string, StartService>> = {
  apache2: startApache2,
  dovecot: startDovecot,
  mariadb: startMariadb,
  nginx: startNginx,
  postfix: startPostfix,
  sshd: startSshd,
  vsftpd: startVsftpd,
};
