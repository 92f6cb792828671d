/** A syslog message as it was received, on its way to the scanner's thread. */
export interface SyslogRecord {
  /** Seconds since the epoch. */
  readonly receivedAt: number;
  /** The sender's address, or the name of this host's own. At most 255 ASCII characters. */
  readonly sender: string;
  /** Without its framing. */
  readonly message: Uint8Array;
}

/** The time, the message's length, the sender's length; then sender and message. */
const headLength = 8 + 4 + 1;

export function packedLength({ sender, message }: SyslogRecord): number {
  return headLength + sender.length + message.length;
}

/** Writes the record at a place that has room for it, and returns the place behind it. */
export function packSyslogRecord(record: SyslogRecord, into: Uint8Array, at: number): number {
  const { receivedAt, sender, message } = record;
  const view = new DataView(into.buffer, into.byteOffset + at, headLength);
  view.setFloat64(0, receivedAt);
  view.setUint32(8, message.length);
  view.setUint8(12, sender.length);
  let end = at + headLength;
  for (let index = 0; index < sender.length; index++) into[end++] = sender.charCodeAt(index);
  into.set(message, end);
  return end + message.length;
}

/** The records that were packed one behind the other. Their messages are parts of `bytes`. */
export function* readSyslogRecords(bytes: Uint8Array): Generator<SyslogRecord, void, undefined> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; ) {
    const receivedAt = view.getFloat64(at);
    const length = view.getUint32(at + 8);
    const senderEnd = at + headLength + view.getUint8(at + 12);
    const sender = String.fromCharCode(...bytes.subarray(at + headLength, senderEnd));
    yield { receivedAt, sender, message: bytes.subarray(senderEnd, senderEnd + length) };
    at = senderEnd + length;
  }
}
