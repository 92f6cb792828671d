import type { FuzzedDecoder } from './decoders/decoder.ts';
import { dockerMultiplexed, dockerRaw } from './decoders/docker.ts';
import { criLines, plainLines } from './decoders/file.ts';
import { filePieces } from './decoders/file-pieces.ts';
import { journal } from './decoders/journal.ts';
import { syslog } from './decoders/syslog.ts';

/** A decoder of a new source is one entry here. */
export const decoders: readonly FuzzedDecoder[] = [
  plainLines,
  dockerMultiplexed,
  dockerRaw,
  criLines,
  filePieces('utf-8'),
  filePieces('utf-16le'),
  journal,
  syslog,
];
