import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressOf, connectionsIn, kernelHex } from './tcp-table.ts';

const heading =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
/** As Linux 6 writes them: listening, established, waiting to be accepted, in TIME_WAIT, to another port. */
const tcp4 = `${heading}   0: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 74738 1 00000000e1c7690e 100 0 0 10 0
   1: 0100007F:0016 077100CB:C654 01 00000000:00000000 02:000AFADA 00000000     0        0 75690 2 00000000ab66d704 20 4 31 18 -1
12345: 0100007F:0016 087100CB:C655 01 00000000:00000000 00:00000000 00000000     0        0 0 1 00000000ab66d704 20 4 31 18 -1
   3: 0100007F:0016 097100CB:C656 06 00000000:00000000 03:000010B7 00000000     0        0 0 3 000000004d0ac0c1
   4: 0100007F:0050 077100CB:C657 01 00000000:00000000 00:00000000 00000000  1001        0 75989 1 0000000058839179 20 0 0 11 -1
`;
const tcp6 = `${heading}   0: 0000000000000000FFFF00000100007F:0016 0000000000000000FFFF00000A7100CB:C600 01 00000000:00000000 00:00000000 00000000     0        0 80001 1 0000000058839179 20 0 0 11 -1
   1: B80D0120000000000000000001000000:0016 B80D0120000000000000000002000000:C601 01 00000000:00000000 00:00000000 00000000     0        0 80002 1 0000000058839179 20 0 0 11 -1
`;

test('established connections of a port, of both families, with the owner of their sockets', () => {
  const found = connectionsIn([tcp4, tcp6], new Set([22]), new Set());
  assert.deepEqual(
    found.map(({ remote, localPort, uid, inode }) => [addressOf(remote), localPort, uid, inode]),
    [
      ['203.0.113.7', 22, 0, '75690'],
      ['203.0.113.8', 22, 0, '0'],
      ['203.0.113.10', 22, 0, '80001'],
      ['2001:db8::2', 22, 0, '80002'],
    ],
  );
  assert.equal(new Set(found.map(({ key }) => key)).size, 4);
});

test('established connections from an address, whatever their port', () => {
  const wanted = new Set([kernelHex(Buffer.from([203, 0, 113, 7]))]);
  assert.deepEqual(
    connectionsIn([tcp4, tcp6], new Set(), wanted).map(({ localPort, uid }) => [localPort, uid]),
    [
      [22, 0],
      [80, 1001],
    ],
  );
});

test('an empty, cut or foreign table yields what can be read of it', () => {
  for (const text of ['', heading, 'no table\nat all\n::::\n', `${heading}   1: 0100`]) {
    assert.deepEqual(connectionsIn([text], new Set([22]), new Set()), []);
  }
  const cut = tcp4.slice(0, tcp4.indexOf('75690'));
  assert.deepEqual(
    connectionsIn([cut], new Set([22]), new Set()).map(({ inode }) => inode),
    ['0'],
  );
  assert.equal(addressOf('0100'), null);
  assert.equal(addressOf(''), null);
});
