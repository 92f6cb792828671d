import { bytesOfWord, type Family, formatRange, parseRange, wordOf4, wordOfBytes } from './address.ts';
import type { Address } from './types.ts';

/**
 * An address or range in a form of fixed size: its 16 bytes as four signed words in the order of the text, IPv4 as
 * ::ffff:a.b.c.d (RFC 4291, section 2.5.5.2), and the length of its prefix within these 128 bits.
 */
export interface AddressKey {
  word0: number;
  word1: number;
  word2: number;
  word3: number;
  bits: number;
}

const mapped = 0xffff;
const network6 = '::/64';
const zero = 0x30;
const colon = 0x3a;
const letterA = 0x61;

/** Reads a canonical address into a key that is used over and over. @throws RangeError where the text is none */
export function readKey(address: Address, key: AddressKey): void {
  // Most attackers have one.
  const plain = wordOf4(address);
  if (plain !== null) setKey4(key, plain, 32);
  else if (!readNetwork6(address, key)) readRange(address, key);
}

export function familyOfKey({ word0, word1, word2 }: Readonly<AddressKey>): Family {
  return word0 === 0 && word1 === 0 && word2 === mapped ? 4 : 6;
}

/** The canonical text of a key. */
export function formatKey(key: Readonly<AddressKey>): Address {
  const { word0, word1, word2, word3, bits } = key;
  const family = familyOfKey(key);
  if (family === 4) return formatRange({ family, bytes: bytesOfWord(word3), bits: bits - 96 });
  return formatRange({ family, bytes: [word0, word1, word2, word3].flatMap(bytesOfWord), bits });
}

/**
 * A /64, which is what is counted of IPv6. The longest run of zeros is at its end, so it is always written as one to
 * four groups and `::/64`. @returns false where the text is anything else
 */
function readNetwork6(text: string, key: AddressKey): boolean {
  if (!text.endsWith(network6)) return false;
  let high = 0;
  let low = 0;
  let group = 0;
  let digits = 0;
  let groups = 0;
  // Up to and with the first colon of the end.
  for (let index = 0; index <= text.length - network6.length; index++) {
    const code = text.charCodeAt(index);
    if (code === colon && digits > 0) {
      const shift = groups % 2 === 0 ? 16 : 0;
      if (groups < 2) high |= group << shift;
      else low |= group << shift;
      groups++;
      group = 0;
      digits = 0;
    } else {
      const digit = hexadecimal(code);
      digits++;
      if (digit < 0 || digits > 4 || groups > 3) return false;
      group = (group << 4) | digit;
    }
  }
  key.word0 = high;
  key.word1 = low;
  key.word2 = 0;
  key.word3 = 0;
  key.bits = 64;
  return true;
}

/** The value of a digit in lower case; -1: it is none. */
function hexadecimal(code: number): number {
  if (code >= zero && code <= zero + 9) return code - zero;
  return code >= letterA && code <= letterA + 5 ? code - letterA + 10 : -1;
}

function readRange(text: string, key: AddressKey): void {
  const range = parseRange(text);
  if (range === null) throw new RangeError(`"${text.slice(0, 64)}" is no address`);
  const { family, bytes, bits } = range;
  if (family === 4) {
    setKey4(key, wordOfBytes(bytes, 0), bits);
    return;
  }
  key.word0 = wordOfBytes(bytes, 0);
  key.word1 = wordOfBytes(bytes, 4);
  key.word2 = wordOfBytes(bytes, 8);
  key.word3 = wordOfBytes(bytes, 12);
  key.bits = bits;
}

function setKey4(key: AddressKey, word: number, bits: number): void {
  key.word0 = 0;
  key.word1 = 0;
  key.word2 = mapped;
  key.word3 = word;
  key.bits = 96 + bits;
}
