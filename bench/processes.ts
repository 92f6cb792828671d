import { readdirSync, readFileSync } from 'node:fs';

/** proc(5): the kernel counts CPU time in ticks of a hundredth of a second. */
const ticksPerSecond = 100;

/** Seconds of CPU that a process, its living descendants and its ended children have used so far. */
export function cpuSeconds(pid: number): number {
  const stats = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? statOf(Number(name)) : []));
  let ticks = 0;
  const family = new Set([pid]);
  // Parents have been started before their children, but process ids wrap: go round until nobody new is found.
  for (let before = 0; before !== family.size; ) {
    before = family.size;
    for (const { pid: each, parent } of stats) if (family.has(parent)) family.add(each);
  }
  for (const stat of stats) if (family.has(stat.pid)) ticks += stat.ticks;
  return ticks / ticksPerSecond;
}

function statOf(pid: number): { pid: number; parent: number; ticks: number }[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    // utime, stime, cutime, cstime: fields 14 to 17 of proc(5), of which two and the state are cut off here.
    const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0);
    return [{ pid, parent: Number(fields[1]), ticks }];
  } catch {
    return [];
  }
}

/** Resident memory of one process, in MiB. */
export function residentMiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
}
