/** Who logs in over SSH, whence and with what; `patience` in seconds. */
export interface SshLogin {
  readonly from: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly patience: number;
}

/** The command line of one login with one password that does nothing else. */
export function sshCommand(login: SshLogin): [string, string[]] {
  const { from, host, port, user, password, patience } = login;
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR'];
  options.push('PreferredAuthentications=password', 'PubkeyAuthentication=no', 'NumberOfPasswordPrompts=1');
  options.push(`ConnectTimeout=${patience}`);
  const ssh = ['ssh', '-F', 'none', '-b', from, '-p', `${port}`, ...options.flatMap((each) => ['-o', each])];
  return ['sshpass', ['-p', password, ...ssh, `${user}@${host}`, 'true']];
}
