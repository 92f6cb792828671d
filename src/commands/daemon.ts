import { ControlClient } from '../control/client.ts';

/** The daemon of this machine: its socket is BAILIFF_SOCKET's, else the default. */
export function daemon(): ControlClient {
  return new ControlClient(process.env['BAILIFF_SOCKET'] || '/run/bailiff/bailiff.sock');
}
