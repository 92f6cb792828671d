import { type Day, people, type Scene, times } from '../day.ts';

/** A share read by people, with the audit of authentications in both its forms. */
export const samba: Scene = async (day) => {
  const folder = day.machine.makeDirectory('samba');
  const places = [
    'private dir',
    'lock directory',
    'state directory',
    'cache directory',
    'pid directory',
    'ncalrpc dir',
  ];
  const configuration = day.machine.write(
    'smb.conf',
    `[global]
workgroup = OFFICE
netbios name = HOST
${places.map((place) => `${place} = ${folder}`).join('\n')}
log file = ${day.machine.log('samba.log')}
log level = 1 auth_audit:3 auth_json_audit:3
max log size = 0
map to guest = never
disable netbios = yes
load printers = no
[public]
path = ${folder}
read only = yes
`,
  );
  for (const person of people) await addPerson(day, configuration, person);
  const server = await day.daemon(445, 'smbd', '--foreground', '-s', configuration);
  await times(24, 3, async (n) => {
    const login = ['--user', `${n % 2 ? 'OFFICE\\' : ''}${day.person(n)}%${day.password}`];
    const target = [
      `--netbiosname=desk-${n}`,
      '//HOST/public',
      `--ip-address=${day.hostFor(n)}`,
      '--command=ls',
    ];
    const [code, output] = await day.visit(n, 'smbclient', ['--configfile=/dev/null', ...login, ...target]);
    if (code !== 0) throw new Error(output);
  });
  await server.stop();
};

async function addPerson(day: Day, configuration: string, person: string): Promise<void> {
  const password = `printf '%s\\n%s\\n' ${day.password} ${day.password}`;
  await day.machine.run('sh', '-c', `${password} | smbpasswd -c ${configuration} -s -a ${person}`);
}
