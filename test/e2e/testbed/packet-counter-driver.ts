import { createSocket } from 'node:dgram';
import { renameSync, writeFileSync } from 'node:fs';

// Counts the datagrams that come to a port, by the address they come from: PORT FILE. It runs in containers, too, where of
// this repository there is this file alone.
const [, , port = '', file = ''] = process.argv;
const counts = new Map<string, number>();
for (const type of ['udp4', 'udp6'] as const) {
  const socket = createSocket({ type, ipv6Only: type === 'udp6' });
  socket.on('message', (_, { address }) => counts.set(address, (counts.get(address) ?? 0) + 1));
  socket.bind(Number(port));
}
setInterval(() => {
  writeFileSync(`${file}.new`, JSON.stringify(Object.fromEntries(counts)));
  renameSync(`${file}.new`, file);
}, 50);
// In a container it is the first process, which no signal ends by itself.
process.once('SIGTERM', () => process.exit());
