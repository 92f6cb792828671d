import type { Probe } from '../../enforce/backend.ts';
import { type Check, type Diagnosis, ok, problem, warning } from '../check.ts';

/** Whether the programs and the kernel's modules for a packet filter are there and may be used. */
export const packetFilter: Check = {
  name: 'packet-filter',
  title: 'Packet filter',
  async examine(machine) {
    const wish = machine.settings?.enforce ?? 'auto';
    const probes = Object.entries(await machine.probes());
    const works = probes.some(([, { usable }]) => usable);
    return probes.map(([name, probe]) => {
      const needed = wish === name || (wish === 'auto' && !works);
      return judge(name, probe, needed);
    });
  },
};

function judge(name: string, { usable, detail, lacks }: Probe, needed: boolean): Diagnosis {
  if (usable && lacks !== undefined) return warning(`${name}: ${lacks}`, ...remediesFor(lacks));
  if (usable) return ok(`${name}: ${detail}`);
  if (needed) return problem(`${name} cannot be used: ${detail}`, ...remediesFor(detail));
  return ok(`${name} cannot be used, and need not be: ${detail}`);
}

/** As a command, where what a probe says asks for one. */
function remediesFor(detail: string): string[] {
  const modules = /load the modules? ([\w, ]+) on the host/.exec(detail)?.[1]?.split(/, | and /);
  if (modules !== undefined) {
    const names = modules.join(' ');
    return [
      `On the host: modprobe -a ${names}; for each boot: printf '%s\\n' ${names} > /etc/modules-load.d/bailiff.conf`,
    ];
  }
  const install = /apt-get install [\w -]*\w/.exec(detail)?.[0];
  if (install !== undefined) return [install];
  return /ip6tables/.test(detail) ? ['On the host: modprobe -a ip6_tables ip6table_filter ip6table_raw'] : [];
}
