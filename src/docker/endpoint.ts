import { statSync } from 'node:fs';

/** Where the API answers, in the words of dockerode; all of them, or DOCKER_HOST would fill in the rest. */
export interface Endpoint {
  readonly socketPath: string | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly protocol: 'http';
}

/** Of a socket's path, or of `tcp://host:port`. */
export function endpointOf(address: string): Endpoint {
  const url = address.startsWith('tcp://') ? new URL(address.replace('tcp:', 'http:')) : null;
  if (url === null) return { socketPath: address, host: undefined, port: undefined, protocol: 'http' };
  return { socketPath: undefined, host: url.hostname, port: Number(url.port || 80), protocol: 'http' };
}

/** Whether anything can be asked at this address: false where there is no socket. */
export function isEngineThere(address: string): boolean {
  return address.startsWith('tcp://') || statSync(address, { throwIfNoEntry: false })?.isSocket() === true;
}
