/** Prints whom the product protects as peers of SSH sessions, in the network namespace it is started in, as JSON. */
import { SshPeers } from '../../src/app/ssh-peers.ts';

const peers = new SshPeers({ now: () => performance.now() / 1000 });
process.stdout.write(JSON.stringify(await peers.refresh()));
