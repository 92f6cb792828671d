import { messageOf } from '../../core/errors.ts';
import type { Probe } from '../backend.ts';
import { describeLackOfRights, isLackOfRights } from '../command.ts';
import type { RunNft } from './command.ts';

/** For `nft -c`, which has the kernel check it and changes nothing. */
function trial(rule: string): string {
  return [
    'add table inet bailiff_probe',
    'add set inet bailiff_probe trial { typeof ip saddr; flags timeout; }',
    'add chain inet bailiff_probe trial { type filter hook prerouting priority -310; policy accept; }',
    `add rule inet bailiff_probe trial ip saddr @trial ${rule}`,
  ].join('\n');
}

/** Whether nftables can be used here: program, rights, kernel. Changes nothing; never throws. */
export async function probeNftables(
  run: RunNft,
  speaksIpv6: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<Probe> {
  try {
    const version = await run(['--version'], signal);
    if (version.missing) {
      return unusable('nft not installed; apt-get install nftables (or use the image, which has it)');
    }
    if (!version.ok) return unusable(`nft does not run (${version.complaint})`);
    const name = version.output.split('\n', 1)[0]?.trim() ?? '';
    const tried = await run(['-j', '-c', trial('drop')], signal);
    if (!tried.ok && isLackOfRights(tried.complaint)) {
      return { ...unusable(describeLackOfRights(tried.complaint)), denied: true };
    }
    if (!tried.ok) return unusable(explain(tried.complaint, name));
    const remark = (await speaksIpv6()) ? '' : ', no IPv6 on this machine';
    return { usable: true, detail: name + remark };
  } catch (error) {
    return unusable(`nft could not be probed: ${messageOf(error)}`);
  }
}

/**
 * Whether the kernel lets a chain reject packets before they are routed (since Linux 5.9). true also where
 * that cannot be found out: the rules themselves will tell.
 */
export async function canReject(run: RunNft): Promise<boolean> {
  const rejecting = await run(['-c', trial('reject with icmpx type port-unreachable')]);
  if (rejecting.ok) return true;
  return !(await run(['-c', trial('drop')])).ok;
}

function unusable(detail: string): Probe {
  return { usable: false, detail };
}

function explain(complaint: string, version: string): string {
  if (complaint.startsWith('syntax error')) {
    return `${version} is too old (${complaint}); it takes 0.9.4 or later`;
  }
  if (complaint.includes('JSON')) return `${version} cannot write JSON (${complaint}); use one that can`;
  return `the kernel has no nf_tables as it is needed (${complaint}); load the module nf_tables on the host`;
}
