import { type Scene, times } from '../day.ts';

/** A zone's server with its log of queries. */
export const named: Scene = async (day) => {
  const folder = day.machine.makeDirectory('named');
  const log = day.machine.log('named.log');
  await day.machine.run('sh', '-c', `: >${log}; chown bind ${log} ${folder}`);
  day.machine.write(
    'named/zone',
    '$TTL 300\n@ SOA host root 1 3600 600 86400 300\n NS host\nhost A 192.0.2.1\nwww A 192.0.2.1\nmail MX 10 host\n',
  );
  const configuration = day.machine.write(
    'named.conf',
    `options { directory "${folder}"; listen-on { any; }; listen-on-v6 { any; }; recursion no; pid-file none; session-keyfile "${folder}/session.key"; dnssec-validation no; };
controls {};
logging { channel file { file "${log}"; print-time iso8601-utc; print-category yes; print-severity yes; severity info; }; category default { file; }; category queries { file; }; };
zone "example.org" { type primary; file "${folder}/zone"; };
`,
  );
  const server = await day.daemon(53, 'named', '-f', '-u', 'bind', '-c', configuration);
  const questions = [
    'www.example.org A',
    'host.example.org AAAA',
    'example.org MX',
    'mail.example.org MX',
    'denied.example.org A',
    'example.org SOA',
    'example.org TXT',
  ];
  await times(140, 4, async (n) => {
    const question = (questions[n % questions.length] ?? '').split(' ');
    const [code, output] = await day.visit(n, 'dig', [
      `@${day.hostFor(n)}`,
      ...question,
      ...(n % 5 ? [] : ['+tcp']),
    ]);
    if (code !== 0) throw new Error(output);
  });
  await server.stop();
};
