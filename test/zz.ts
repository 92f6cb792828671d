import { Allowlist } from '../src/core/allowlist.ts';
import { plainPolicy } from '../src/core/policy.ts';
import { Sessions } from '../src/core/session.ts';
import { systemClock } from '../src/core/types.ts';
import { Ledger } from '../src/ledger/ledger.ts';
import { Daemon } from './e2e/testbed/daemon.ts';
import { createNetwork } from './e2e/testbed/network.ts';
import { Workplace } from './e2e/testbed/workplace.ts';
import { cpuSeconds } from '../bench/processes.ts';
const w = await Workplace.open();
const { host } = await createNetwork(w);
const l = new Ledger({ path: w.makeDirectory('state') + '/bailiff.db', clock: systemClock, allowlist: new Allowlist(), sessions: new Sessions() });
for (let i = 0; i < 1000; i++) l.ban({ address: `10.0.${i >> 8}.${i & 255}`, jail: 'sshd', bantime: 7200, hits: 5, policy: plainPolicy });
l.commit(); l.close();
const d = new Daemon(w, host, { BAILIFF_ENFORCE: process.argv[2] ?? 'iptables' });
await d.start();
await new Promise(r => setTimeout(r, 10000));
const c = cpuSeconds(d.pid);
{ const { readdirSync, readFileSync } = await import('node:fs');
for (const t of readdirSync('/proc/'+d.pid+'/task')) { const x = readFileSync('/proc/'+d.pid+'/task/'+t+'/stat','utf8'); const f = x.slice(x.lastIndexOf(')')+2).split(' '); console.log(t, readFileSync('/proc/'+d.pid+'/task/'+t+'/comm','utf8').trim(), Number(f[11])+Number(f[12])); } console.log('--'); }
await new Promise(r => setTimeout(r, 40000));
const { readdirSync, readFileSync } = await import('node:fs');
for (const t of readdirSync('/proc/'+d.pid+'/task')) { const x = readFileSync('/proc/'+d.pid+'/task/'+t+'/stat','utf8'); const f = x.slice(x.lastIndexOf(')')+2).split(' '); console.log(t, readFileSync('/proc/'+d.pid+'/task/'+t+'/comm','utf8').trim(), Number(f[11])+Number(f[12])); }
console.log('cpu %', ((cpuSeconds(d.pid) - c) / 40 * 100).toFixed(2));
console.log(d.output().split('\n').filter(x => x.includes('PACE')).join('\n'));
await d.stop(); await w.close(); process.exit(0);
