import { createSocket } from 'node:dgram';
import { renameSync, writeFileSync } from 'node:fs';

// Sends datagrams without a pause from each address to both ports: FILE, for how many went to each port, and
// `{from: to}` and `[port, port]` as JSON.
const [, , file = '', addresses = '', ports = ''] = process.argv;
const sent: Record<string, number> = {};
for (const [from, to] of Object.entries(JSON.parse(addresses) as Record<string, string>)) {
  const socket = createSocket(from.includes(':') ? 'udp6' : 'udp4');
  sent[from] = 0;
  socket.bind({ address: from }, () => {
    setInterval(() => {
      for (const port of JSON.parse(ports) as number[]) socket.send('knock', port, to);
      sent[from] = (sent[from] ?? 0) + 1;
    }, 4);
  });
}
setInterval(() => {
  writeFileSync(`${file}.new`, JSON.stringify(sent));
  renameSync(`${file}.new`, file);
}, 50);
