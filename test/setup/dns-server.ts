import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

const types: Readonly<Record<number, string>> = { 1: 'A', 12: 'PTR', 28: 'AAAA' };

/** Records by type and name, such as `PTR 7.2.0.192.in-addr.arpa`; null: the server has trouble with it. */
export type Zone = Map<string, readonly string[] | null>;

/** A test, or all of a file. */
interface Ending {
  after(end: () => void): void;
}

/** A DNS server (RFC 1035) on loopback until the test is over. `asked` holds what it was asked. */
export async function dnsServer(t: Ending, zone: Zone): Promise<{ server: string; asked: string[] }> {
  const socket = createSocket('udp4');
  const asked: string[] = [];
  socket.on('message', (query, { port, address }) => {
    const { name, end } = nameAt(query, 12);
    const type = types[query.readUInt16BE(end)] ?? '';
    asked.push(`${type} ${name}`);
    const records = zone.get(`${type} ${name}`);
    socket.send(answer(query.subarray(0, end + 4), records, type), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.after(() => socket.close());
  return { server: `127.0.0.1:${(socket.address() as AddressInfo).port}`, asked };
}

function nameAt(query: Buffer, start: number): { name: string; end: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 };
}

/** NXDOMAIN where there are no records, SERVFAIL where they are null. */
function answer(query: Buffer, records: readonly string[] | null | undefined, type: string): Buffer {
  const header = Buffer.from(query);
  const code = records === undefined ? 3 : records === null ? 2 : 0;
  header.writeUInt16BE(0x8180 | code, 2);
  header.writeUInt16BE(records?.length ?? 0, 6);
  header.writeUInt16BE(0, 8);
  header.writeUInt16BE(0, 10);
  const typeBytes = query.subarray(query.length - 4);
  const rows = (records ?? []).map((record) => {
    const data = dataOf(record, type);
    const length = Buffer.from([data.length >> 8, data.length & 0xff]);
    return Buffer.concat([Buffer.from([0xc0, 12]), typeBytes, Buffer.from([0, 0, 0, 60]), length, data]);
  });
  return Buffer.concat([header, ...rows]);
}

function dataOf(record: string, type: string): Buffer {
  if (type === 'A') return Buffer.from(record.split('.').map(Number));
  if (type === 'AAAA') return Buffer.from(record.replaceAll(':', ''), 'hex');
  const labels = record.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}
