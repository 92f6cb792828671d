import { SocketProxy } from './socket-proxy.ts';

// Stands in for the socket proxy of examples/socket-proxy, in the host's namespace: SOCKET PORT SECTION…, of which the
// sections (`containers`, `events`) are what it lets through.
const [socket = '', port = '', ...sections] = process.argv.slice(2);
await SocketProxy.start(socket, new RegExp(`^/(?!(?:${sections.join('|')})(?:/|$))`), Number(port));
