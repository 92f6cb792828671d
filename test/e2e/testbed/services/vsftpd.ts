import { member } from '../machine.ts';
import { curl, type StartService } from './service.ts';

/** vsftpd with the settings of Debian's vsftpd.conf. */
export const startVsftpd: StartService = async (machine, network, further = []) => {
  const log = machine.log('vsftpd.log');
  const configuration = machine.write(
    'vsftpd.conf',
    `
listen=NO
listen_ipv6=YES
background=NO
anonymous_enable=NO
local_enable=YES
dirmessage_enable=YES
use_localtime=YES
xferlog_enable=YES
vsftpd_log_file=${log}
connect_from_port_20=YES
secure_chroot_dir=/run/vsftpd/empty
pam_service_name=vsftpd
${further.join('\n')}
`,
  );
  return {
    jail: 'vsftpd',
    log,
    process: machine.start('vsftpd', 'vsftpd', [configuration]),
    login: (client, password) => curl(network, client, 'ftp://HOST/', `${member.name}:${password}`),
  };
};
