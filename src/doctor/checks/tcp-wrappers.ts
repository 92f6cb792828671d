import { join } from 'node:path';
import { readBounded } from '../../host/bounded-file.ts';
import { type Check, type Diagnosis, ok, problem, warning } from '../check.ts';
import { type Machine, statusOf } from '../machine.ts';

const largestFile = 1_048_576;
const largestProgram = 16_777_216;
/** OpenSSH's programs that may accept a connection, by distribution; since 9.8 another one does. */
const programs = [
  'usr/sbin/sshd',
  'usr/lib/openssh/sshd-session',
  'usr/libexec/openssh/sshd-session',
  'usr/lib/ssh/sshd-session',
];

/** Whether hosts.allow and hosts.deny mean anything to the host's sshd, and whether they say what one may think. */
export const tcpWrappers: Check = {
  name: 'tcp-wrappers',
  title: 'hosts.allow and hosts.deny',
  async examine(machine) {
    if (machine.hostRoot === null) return { notMade: "the host's files are not seen here (docs/doctor.md)" };
    const allow = rulesOf(machine.hostRoot, 'etc/hosts.allow');
    const deny = rulesOf(machine.hostRoot, 'etc/hosts.deny');
    const heeded = isHeeded(machine.hostRoot);
    if (heeded === null) return { notMade: "the host's sshd is not seen here" };
    return judge(machine, { allow, deny, heeded });
  },
};

interface Wrappers {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  readonly heeded: boolean;
}

function judge(machine: Machine, { allow, deny, heeded }: Wrappers): Diagnosis[] {
  const rules = allow.length + deny.length;
  if (!heeded) {
    const used = statusOf(machine)?.enforcement.backend === 'hosts-deny';
    if (used) {
      return [
        problem(
          "bans are written to hosts.deny, which the host's sshd does not heed: it is not linked with libwrap",
          'BAILIFF_ENFORCE=auto, with NET_ADMIN and iptables or nftables installed, and restart Bailiff',
        ),
      ];
    }
    if (rules === 0) return [ok('empty, and sshd would not heed them')];
    return [
      warning(
        `hosts.allow and hosts.deny hold ${rules} rules, and the host's sshd heeds none: it is not linked with libwrap`,
        'For sshd, say the same in sshd_config (AllowUsers *@192.0.2.0/24) or in the packet filter',
      ),
    ];
  }
  const everybody = allow.find((rule) =>
    /^(?:sshd|ALL)\s*(?:,[^:]*)?:\s*ALL\s*(?::\s*allow\s*)?$/i.test(rule),
  );
  if (everybody !== undefined) {
    return [
      warning(
        `hosts.allow lets everybody in ("${everybody}") before hosts.deny is asked`,
        `Remove that line from /etc/hosts.allow`,
      ),
    ];
  }
  return [ok(`sshd heeds them; ${allow.length} rules allow, ${deny.length} deny`)];
}

/** Lines that end in a backslash go on (hosts_access(5)). */
function rulesOf(root: string, path: string): string[] {
  const text = readBounded(join(root, path), largestFile)?.toString('utf8') ?? '';
  return text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** Whether one of sshd's programs is linked with libwrap; null where none is seen. */
function isHeeded(root: string): boolean | null {
  const found = programs.flatMap((path) => readBounded(join(root, path), largestProgram) ?? []);
  return found.length === 0 ? null : found.some((program) => program.includes('libwrap.so'));
}
