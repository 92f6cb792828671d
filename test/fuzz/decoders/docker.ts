import { DockerFrames } from '../../../src/scan/docker-frames.ts';
import type { Random } from '../random.ts';
import type { FuzzedDecoder } from './decoder.ts';

/** A message is dropped where it was judged: the engine may go back as far as it likes. */
const everything = (): number => 0;

export const dockerMultiplexed: FuzzedDecoder = {
  name: 'docker-multiplexed',
  make: (cursor) => new DockerFrames('docker-multiplexed', cursor),
  encode: encodeFrames,
  refusal: /^the log stream holds no valid frame$/,
  resumesAt: everything,
};

export const dockerRaw: FuzzedDecoder = {
  name: 'docker-raw',
  make: (cursor) => new DockerFrames('docker-raw', cursor),
  encode: (lines, random) => Buffer.concat(messages(lines, random).map(({ payload }) => payload)),
  refusal: null,
  resumesAt: everything,
};

interface Message {
  readonly stream: number;
  readonly payload: Buffer;
}

/**
 * Docker's messages: long lines in parts of 16 KiB, some of both streams at one time, some earlier than the one
 * before. Only the parts of a line share a time in one stream: each message is stamped by itself, to the nanosecond.
 * As the driver local of 20.10 has them, some long lines have no newline at their end.
 */
function messages(lines: readonly string[], random: Random, driver?: 'as local'): Message[] {
  let ms = Date.parse('2026-11-22T16:02:01Z');
  const stamped = new Map<string, number>();
  return lines.flatMap((line) => {
    ms += random.below(4) * 250 - (random.below(20) === 0 ? 500 : 0);
    const stream = 1 + random.below(2);
    const before = stamped.get(`${stream} ${ms}`) ?? 0;
    stamped.set(`${stream} ${ms}`, before + 1);
    const timestamp = `${new Date(ms).toISOString().slice(0, -1)}${456_789 + before}Z`;
    const text = `${line}\n`;
    const parts: Message[] = [];
    for (let at = 0; at < text.length; at += 16_384) {
      const payload = Buffer.from(`${timestamp} ${text.slice(at, at + 16_384)}`, 'latin1');
      parts.push({ stream, payload });
    }
    const last = parts.at(-1);
    if (driver !== undefined && parts.length > 1 && last !== undefined && random.below(2) === 0)
      parts[parts.length - 1] = { ...last, payload: last.payload.subarray(0, -1) };
    return parts;
  });
}

function encodeFrames(lines: readonly string[], random: Random): Buffer {
  return Buffer.concat(
    messages(lines, random, 'as local').flatMap(({ stream, payload }) => {
      const header = Buffer.alloc(8);
      header[0] = stream;
      header.writeUInt32BE(payload.length, 4);
      return [header, payload];
    }),
  );
}
