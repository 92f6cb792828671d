import { readFile } from 'node:fs/promises';
import { messageOf } from '../../core/errors.ts';
import type { Probe } from '../backend.ts';
import { type CommandResult, describeLackOfRights, isLackOfRights, runCommand } from '../command.ts';
import { hasIpv6 } from '../edge.ts';

/** Bits of CapEff in /proc/self/status (capabilities(7)). */
const netRaw = 13n;

const install = 'apt-get install iptables ipset (or use the image, which has them)';

/** Whether ipset and iptables can be used here: programs, rights, kernel. Reads only; never throws. */
export async function probeIptables(
  signal: AbortSignal,
  speaksIpv6: () => Promise<boolean> = hasIpv6,
): Promise<Probe> {
  try {
    const [sets, ...programs] = await Promise.all([
      runCommand('ipset', ['list', '-n'], { signal }),
      runCommand('iptables', ['-V'], { signal }),
      runCommand('ipset', ['-v'], { signal }),
      runCommand('stdbuf', ['--version'], { signal }),
    ]);
    const missing = ['iptables', 'ipset', 'stdbuf'].filter((_, index) => programs[index]?.missing === true);
    if (missing.length > 0) return unusable(`${missing.join(' and ')} not installed; ${remedyFor(missing)}`);
    if (!sets.ok) return refusedBy(sets, explainSets(sets));
    const legacy = !programs[0].output.includes('nf_tables');
    const legacyProblem = legacy ? await probeLegacy() : null;
    if (legacyProblem !== null) return { ...unusable(legacyProblem), denied: true };
    const ipv6 = await speaksIpv6();
    const [rules, lacks] = await Promise.all([
      legacy ? null : runCommand('iptables-nft-save', [], { signal }),
      ipv6 ? lacksIp6tables(legacy, signal) : null,
    ]);
    if (rules?.ok === false) return refusedBy(rules, explainRules(rules));
    const detail = `${firstLine(programs[0])}, ${firstLine(programs[1])}${ipv6 ? '' : ', no IPv6 on this machine'}`;
    return { usable: true, detail, ...(lacks === null ? {} : { lacks }) };
  } catch (error) {
    return unusable(`iptables could not be probed: ${messageOf(error)}`);
  }
}

/** Legacy tables are not read to find out: that would load them. */
async function lacksIp6tables(legacy: boolean, signal: AbortSignal): Promise<string | null> {
  const [program, ...args] = legacy ? ['ip6tables', '-V'] : ['ip6tables-nft-save', '-t', 'filter'];
  const answer = await runCommand(program ?? '', args, { signal });
  if (answer.ok) return null;
  const why = answer.missing ? 'is not installed' : `does not work (${answer.complaint})`;
  return `IPv6 cannot be enforced: ${program} ${why}`;
}

function unusable(detail: string): Probe {
  return { usable: false, detail };
}

function remedyFor(missing: readonly string[]): string {
  return missing.length === 1 && missing[0] === 'stdbuf' ? 'install coreutils' : install;
}

function refusedBy({ complaint }: CommandResult, otherwise: string): Probe {
  if (!isLackOfRights(complaint)) return unusable(otherwise);
  return { ...unusable(describeLackOfRights(complaint)), denied: true };
}

function explainSets({ complaint }: CommandResult): string {
  return `the kernel has no ip_set (${complaint}); load the modules ip_set, ip_set_hash_net and xt_set on the host`;
}

function explainRules({ missing, complaint }: CommandResult): string {
  if (missing) return `iptables-nft-save not installed; ${install}`;
  return `iptables cannot read its rules (${complaint}); load the module nf_tables on the host`;
}

/** The legacy programs are not run to find out: they load the kernel's tables. They work on a raw socket. */
async function probeLegacy(): Promise<string | null> {
  const status = await readFile('/proc/self/status', 'utf8');
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  if ((effective >> netRaw) & 1n) return null;
  return 'no right to use iptables-legacy; run with the capability NET_RAW as well as NET_ADMIN';
}

function firstLine(result: CommandResult): string {
  return result.output.split('\n', 1)[0]?.trim() ?? '';
}
