import { readOptions, SocketProxy } from './socket-proxy.ts';

// Stands in for the socket proxy of the compose files, with those of its options that they use.
await SocketProxy.startAt(readOptions(process.argv.slice(2)));
process.once('SIGTERM', () => process.exit());
