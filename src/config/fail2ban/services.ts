import { readFileSync } from 'node:fs';

/** Ports of services that jails name, where the machine's own list (services(5)) is missing, as in a container: IANA's. */
const usual: Readonly<Record<string, number>> = {
  ftp: 21,
  'ftp-data': 20,
  ftps: 990,
  'ftps-data': 989,
  ssh: 22,
  telnet: 23,
  smtp: 25,
  mail: 25,
  domain: 53,
  http: 80,
  www: 80,
  pop3: 110,
  'pop-3': 110,
  imap: 143,
  imap2: 143,
  ldap: 389,
  https: 443,
  smtps: 465,
  ssmtp: 465,
  submissions: 465,
  urd: 465,
  submission: 587,
  ldaps: 636,
  imaps: 993,
  pop3s: 995,
  'ms-sql-s': 1433,
  mysql: 3306,
  svn: 3690,
  sieve: 4190,
  sip: 5060,
  'sip-tls': 5061,
  'xmpp-client': 5222,
  postgresql: 5432,
  'http-alt': 8080,
  webcache: 8080,
  webmin: 10_000,
  mongodb: 27_017,
};

const longestList = 1024 * 1024;

/** Looks up the ports of services by name. What the machine says of them is read once. */
export class Services {
  readonly #file: string;
  #listed: ReadonlyMap<string, number> | null = null;

  constructor(file = '/etc/services') {
    this.#file = file;
  }

  /** null: nobody knows it. */
  port(service: string): number | null {
    this.#listed ??= readList(this.#file);
    const name = service.toLowerCase();
    return this.#listed.get(name) ?? (Object.hasOwn(usual, name) ? (usual[name] ?? null) : null);
  }
}

/** Whatever the protocol: no name has two numbers in practice. */
function readList(file: string): ReadonlyMap<string, number> {
  const ports = new Map<string, number>();
  try {
    for (const line of readFileSync(file, 'utf8').slice(0, longestList).split('\n')) {
      const [, name, port, aliases = ''] = /^(\S+)\s+(\d{1,5})\/\w+([^#]*)/.exec(line) ?? [];
      if (name === undefined || name.startsWith('#') || port === undefined) continue;
      for (const each of [name, ...aliases.split(/\s+/)]) {
        const key = each.toLowerCase();
        if (key !== '' && !ports.has(key)) ports.set(key, Number(port));
      }
    }
  } catch {
    // There is none, which is usual in a container.
  }
  return ports;
}
