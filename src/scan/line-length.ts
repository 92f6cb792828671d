/** Bytes of a line that expressions judge; the rest of a longer one is skipped. */
export const lineCap = 64 * 1_024;

/**
 * Bytes that those of a filter judge whose service writes so much of a client before the address or the status: what a
 * server written in Go takes of headers (see below), as it was sent, with quotes around it.
 */
export const longestText = 2 * 1_024 * 1_024;

/**
 * Bytes of a line that is one JSON object, whose fields stand in any order, so that a part of it says nothing. Servers
 * written in Go take a MiB of a client's headers unless they are told otherwise (net/http, DefaultMaxHeaderBytes), and
 * JSON may take six characters for a byte.
 */
export const longestObject = 8 * 1_024 * 1_024;
