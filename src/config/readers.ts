import * as z from 'zod';
import { canonicalAddress, type RangePrefixes } from '../core/address.ts';
import { parseFormula } from '../core/ban-formula.ts';
import { expectedSelector, selectorProblem } from '../core/container-selector.ts';
import { parseBanTime, parseSpan } from '../core/duration.ts';
import { readIgnoreEntry } from '../core/ignore-entry.ts';
import { normalizePorts, type Ports, parsePort } from '../core/policy.ts';
import { parseSyslogSelector } from '../core/syslog-selector.ts';
import { type Encoding, encodings } from '../core/types.ts';
import { type JournalMatch, parseJournalMatch } from './journal-match.ts';
import { isJsonTemplate, templateFields, unknownField } from './notify-options.ts';

/**
 * The kinds of value that options take. Each reads the native YAML value and the same thing written
 * as text (the environment and labels know nothing else), and its issue's message is what was
 * expected; errors.ts adds where it stood and what was found.
 */
export type Reader<T> = z.ZodType<T>;

/** How a value may be written in YAML, as a JSON Schema says it: a piece of one, for editors. */
export const writtenForms = z.registry<WrittenForm>();
export type WrittenForm = { readonly [keyword: string]: unknown };

const textForm = { type: 'string' } as const;
const textOrNumber = { type: ['string', 'number'] } as const;
const listForm = { type: ['string', 'array'], items: textForm } as const;

/** Reports one refused value; `index` where it is an element of a list. */
type Refuse = (refused: { found: unknown; expected?: string; index?: number }) => void;

export function duration(): Reader<number> {
  return reader(
    'a duration from 1s to 100y, such as 600, 10m or 1h 30m',
    (value) => seconds(value, parseSpan),
    textOrNumber,
  );
}

/** null: for ever. */
export function banTime(): Reader<number | null> {
  return reader(
    'a duration from 1s to 100y, such as 10m or 1d, or permanent',
    (value) => seconds(value, parseBanTime),
    textOrNumber,
  );
}

/** Of the first ban, the second and so on. In a text each is one word: `1h30m`. */
export function banTimes(): Reader<readonly (number | null)[]> {
  return reader(
    'a list of ban times such as 10m 1h 1d permanent',
    (value, refuse) => {
      const elements: unknown = typeof value === 'number' ? [value] : elementsOf(value);
      if (!Array.isArray(elements)) return undefined;
      return elements.flatMap((found: unknown, index) => {
        const time = seconds(found, parseBanTime);
        if (time === undefined) refuse({ found, expected: 'a ban time such as 10m, or permanent', index });
        return time === undefined ? [] : [time];
      });
    },
    { type: ['string', 'number', 'array'], items: textOrNumber },
  );
}

function seconds<T extends number | null>(value: unknown, parse: (text: string) => T): T | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  try {
    return parse(String(value));
  } catch {
    return undefined;
  }
}

export function wholeNumber(least: number, most: number): Reader<number> {
  return reader(
    `a whole number from ${least} to ${most}`,
    (value) => {
      const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
      if (typeof number !== 'number' || !Number.isInteger(number)) return undefined;
      return number >= least && number <= most ? number : undefined;
    },
    { type: ['integer', 'string'], minimum: least, maximum: most, pattern: '^\\d{1,15}$' },
  );
}

const truths: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  '1': true,
  false: false,
  no: false,
  off: false,
  '0': false,
};

export function truth(): Reader<boolean> {
  return reader(
    'true or false',
    (value) => {
      const text = String(value).toLowerCase();
      return Object.hasOwn(truths, text) ? truths[text] : undefined;
    },
    { enum: [true, false, 1, 0, ...Object.keys(truths)] },
  );
}

export function oneOf<const Name extends string>(names: readonly Name[]): Reader<Name> {
  return reader(`one of ${names.join(', ')}`, (value) => names.find((name) => name === value), {
    enum: names,
  });
}

export function text(expected: string, pattern: RegExp): Reader<string> {
  return reader(expected, (value) => (typeof value === 'string' && pattern.test(value) ? value : undefined), {
    ...textForm,
    ...(pattern.flags === '' && { pattern: pattern.source }),
  });
}

/** sockaddr_un holds 108 bytes, the last of them NUL (unix(7)). */
export const longestSocketPath = 107;

/** An absolute path, without wildcards. `longest` in bytes. */
export function path(longest = 4_095): Reader<string> {
  return reader(
    absolutePath,
    (value, refuse) => {
      if (typeof value !== 'string' || !isPath(value)) return undefined;
      if (Buffer.byteLength(value) <= longest) return value;
      refuse({ found: value, expected: `${absolutePath} of at most ${longest} bytes` });
      return undefined;
    },
    { ...textForm, pattern: '^/' },
  );
}

const absolutePath = 'an absolute path';

function isPath(value: string): boolean {
  return value.startsWith('/') && !value.includes('\0');
}

/** The Docker engine's socket as a path, or `tcp://HOST:PORT`. */
export function engine(): Reader<string> {
  return reader(
    "the absolute path of the engine's socket (at most 107 bytes), or tcp://HOST:PORT of a socket proxy",
    (value) => {
      if (typeof value !== 'string') return undefined;
      return engineAddress(value.startsWith('/') ? `unix://${value}` : value);
    },
  );
}

/** Reads `unix:///path` (as the path) and `tcp://host:port`; anything else is undefined. */
export function engineAddress(host: string): string | undefined {
  const path = /^unix:\/\/(\/.+)$/s.exec(host)?.[1];
  if (path !== undefined)
    return isPath(path) && Buffer.byteLength(path) <= longestSocketPath ? path : undefined;
  const port = /^tcp:\/\/(?:[\w.-]+|\[[\da-f:.]+\]):(\d{1,5})$/i.exec(host)?.[1];
  return port !== undefined && Number(port) > 0 && Number(port) <= 65_535 ? host : undefined;
}

export function paths(): Reader<readonly string[]> {
  return list('a list of log files', 'an absolute path, which may hold *, **, ? and [a-z]', 1, (element) =>
    isPath(element) ? element : undefined,
  );
}

/** Files inside containers: each of them is found at once, so no patterns; they are shown, so no control characters. */
export function containerPaths(): Reader<readonly string[]> {
  return list('a list of files in containers', containerPathForm, 1, containerPath);
}

/** As `containerPaths`, or `off` for none. */
export function insidePaths(): Reader<readonly string[]> {
  const expected = `${containerPathForm}, or off`;
  const known = list('a list of files in containers, or off', expected, 1, (element) =>
    element === 'off' ? element : containerPath(element),
  );
  return known.transform((elements) => elements.filter((element) => element !== 'off'));
}

const containerPathForm = "a file's absolute path, with wildcards (*, ?) in its name alone";

function containerPath(element: string): string | undefined {
  return isPath(element) && !/[[\]\p{Cc}]|[*?].*\/|\/$/u.test(element) ? element : undefined;
}

export const containerFileWays = ['mounts', 'proc', 'archive'] as const;
export type ContainerFileWay = (typeof containerFileWays)[number];

export function containerFiles(): Reader<readonly ContainerFileWay[]> {
  const known = list(
    'a list of ways, or off',
    `one of ${containerFileWays.join(', ')}, or off`,
    1,
    (element) => (element === 'off' ? element : containerFileWays.find((way) => way === element)),
  );
  return known.transform((elements) => containerFileWays.filter((way) => elements.includes(way)));
}

const encodingNames: ReadonlyMap<string, Encoding> = new Map([
  ...encodings.map((encoding) => [encoding, encoding] as const),
  ['auto', 'utf-8'],
  ['ascii', 'utf-8'],
  ['utf8', 'utf-8'],
  ['iso-8859-1', 'latin1'],
  ['cp1252', 'windows-1252'],
]);

export function encoding(): Reader<Encoding> {
  return reader(`auto or one of ${encodings.join(', ')}`, (value) => encodingOf(String(value)));
}

/** The encoding of a name, `auto` and aliases among them; undefined where it is not known. */
export function encodingOf(name: string): Encoding | undefined {
  return encodingNames.get(name.toLowerCase());
}

/** Selectors of containers: see core/container-selector.ts. */
export function containers(): Reader<readonly string[]> {
  return list('a list of containers', expectedSelector, 1, (element, refuse) => {
    const problem = selectorProblem(element);
    if (problem === null) return element;
    refuse(problem);
    return undefined;
  });
}

/** Matches of the journal; those of a list are alternatives. */
export function journalMatch(): Reader<JournalMatch> {
  const expected = 'FIELD=value terms such as _SYSTEMD_UNIT=ssh.service, with + between alternatives';
  return reader(
    expected,
    (value, refuse) => {
      const elements: unknown = typeof value === 'string' ? [value] : value;
      if (!Array.isArray(elements) || elements.length === 0) return undefined;
      return elements.flatMap((found: unknown, index) => {
        const match = typeof found === 'string' ? parseJournalMatch(found) : null;
        if (match === null) refuse({ found, expected, ...(typeof value === 'string' ? {} : { index }) });
        return match ?? [];
      });
    },
    listForm,
  );
}

const namePart = '[a-z0-9*?](?:[a-z0-9.*?-]{0,251}[a-z0-9*?])?';
const podContainer = new RegExp(`^${namePart}/${namePart}/${namePart}$`);

/** Containers of pods, with wildcards. */
export function kubernetesContainers(): Reader<readonly string[]> {
  return list(
    'a list of containers of pods',
    'NAMESPACE/POD/CONTAINER such as shop/web-*/nginx, in lower case',
    1,
    (element) => (podContainer.test(element) ? element : undefined),
  );
}

/** Selectors of syslog messages: see core/syslog-selector.ts. */
export function syslogPrograms(): Reader<readonly string[]> {
  return list(
    'a list of programs',
    "a program's name, PROGRAM@HOST, or either behind message:",
    1,
    (element) => (parseSyslogSelector(element) === null ? undefined : element),
  );
}

/** Where the syslog receiver listens. `text` is how it was written. */
export type SyslogListener = { readonly text: string } & (
  | { readonly protocol: 'udp' | 'tcp'; readonly host: string; readonly port: number }
  | { readonly protocol: 'unix'; readonly path: string }
);

export function syslogListeners(): Reader<readonly SyslogListener[]> {
  const expected = 'udp://127.0.0.1:5514, tcp://[::1]:5514 or unix:/run/bailiff/log.sock';
  const known = list('a list of listeners', `one such as ${expected}`, 0, (element) =>
    syslogListener(element) === null ? undefined : element,
  );
  return known.transform((elements) => elements.flatMap((element) => syslogListener(element) ?? []));
}

function syslogListener(text: string): SyslogListener | null {
  if (text.startsWith('unix:')) {
    const socket = text.slice('unix:'.length);
    return isPath(socket) && Buffer.byteLength(socket) <= longestSocketPath
      ? { text, protocol: 'unix', path: socket }
      : null;
  }
  const match = /^(udp|tcp):\/\/([\d.]+|\[[\da-f:.]+\]):(\d{1,5})$/i.exec(text);
  const [, protocol = '', written = '', port = ''] = match ?? [];
  const host = canonicalAddress(written.replace(/[[\]]/g, ''));
  if (host === null || Number(port) < 1 || Number(port) > 65_535) return null;
  return { text, protocol: protocol.toLowerCase() === 'udp' ? 'udp' : 'tcp', host, port: Number(port) };
}

/** Canonical addresses and ranges, each once. */
export function addresses(): Reader<readonly string[]> {
  return list('a list of addresses', 'an address or a range such as 192.0.2.0/24', 0, (element, refuse) => {
    const address = canonicalAddress(element);
    if (address !== null) return address;
    if (!/[a-z]/i.test(element) || /[:/]/.test(element)) return undefined;
    refuse('an address or a range (no host names)');
    return undefined;
  });
}

/** As `addresses`, with names of hosts, domains, files and programs (core/ignore-entry.ts). */
export function ignoreEntries(): Reader<readonly string[]> {
  const expected =
    'an address, a range such as 192.0.2.0/24, a host name, a domain such as .example.org, file:/PATH, hosts.allow:/PATH or command:/PATH';
  return list('a list of addresses, host names, domains, files and programs', expected, 0, (element) =>
    readIgnoreEntry(element),
  );
}

/** Formulas and factors of ban times: see core/ban-formula.ts. */
export function formula(): Reader<string> {
  return reader(
    'a formula such as ban.Time * (1 << ban.Count) * banFactor',
    (value) => {
      const text = typeof value === 'number' ? String(value) : value;
      if (typeof text !== 'string') return undefined;
      try {
        parseFormula(text);
        return text;
      } catch {
        return undefined;
      }
    },
    textOrNumber,
  );
}

/** Numbers from 0, such as `1 5 30 60`. */
export function multipliers(): Reader<readonly number[]> {
  return reader(
    'a list of numbers such as 1 5 30 60',
    (value, refuse) => {
      const elements: unknown = typeof value === 'number' ? [value] : elementsOf(value);
      if (!Array.isArray(elements)) return undefined;
      return elements.flatMap((found: unknown, index) => {
        const number = /^\d{1,9}(?:\.\d{1,9})?$/.test(String(found)) ? Number(found) : null;
        if (number === null) refuse({ found, expected: 'a number from 0', index });
        return number ?? [];
      });
    },
    { type: ['string', 'number', 'array'], items: textOrNumber },
  );
}

/** Names of jails, with wildcards. */
export function jailNames(): Reader<readonly string[]> {
  return list('a list of jails', "a jail's name, in which * stands for any characters", 1, (element) =>
    /^[A-Za-z0-9*?][A-Za-z0-9.*?_@-]{0,63}$/.test(element) ? element : undefined,
  );
}

/** Ranges wider than these would shut out whole providers, and narrower ones are hardly any. */
const prefixLengths = { 4: [16, 31], 6: [32, 63] } as const;

/** Prefix lengths, of which the family is told by the number: `/24 /48`. */
export function rangePrefixes(): Reader<RangePrefixes> {
  return reader(
    'a list of prefix lengths such as /24 /48',
    (value, refuse) => {
      const elements: unknown = typeof value === 'number' ? [value] : elementsOf(value);
      if (!Array.isArray(elements) || elements.length === 0) return undefined;
      const prefixes: { 4: number | null; 6: number | null } = { 4: null, 6: null };
      for (const [index, found] of (elements as unknown[]).entries()) {
        const bits = Number(/^\/?(\d{1,2})$/.exec(String(found))?.[1] ?? Number.NaN);
        const family = ([4, 6] as const).find((each) => isWithin(bits, prefixLengths[each]));
        if (family === undefined || prefixes[family] !== null)
          refuse({ found, expected: 'one length from /16 to /31 (IPv4), one from /32 to /63 (IPv6)', index });
        else prefixes[family] = bits;
      }
      return prefixes;
    },
    { type: ['string', 'number', 'array'], items: textOrNumber },
  );
}

function isWithin(bits: number, [least, most]: readonly [number, number]): boolean {
  return bits >= least && bits <= most;
}

/** Some of these names; `*` is all of them, `none` not one. */
export function someOf<Name extends string>(names: readonly Name[]): Reader<readonly Name[]> {
  const expected = `*, none, or some of ${names.join(', ')}`;
  const known = ['*', 'none', ...names];
  return list(expected, expected, 1, (element) => known.find((name) => name === element)).transform(
    (chosen) =>
      chosen.includes('*') ? names : chosen.flatMap((each) => names.find((name) => name === each) ?? []),
  );
}

/** An address for mail, or the name of an account; none that a program could take for an option. */
export const mailAddressForm =
  /^[^\s<>"(),:;@[\]\\\p{C}-][^\s<>"(),:;@[\]\\\p{C}]{0,63}(?:@[^\s<>"(),:;@\\\p{C}]{1,253})?$/u;

export function mailAddresses(): Reader<readonly string[]> {
  return list('a list of mail addresses', 'a mail address such as ops@example.org', 1, (element) =>
    mailAddressForm.test(element) ? element : undefined,
  );
}

/** An address for requests, without a user. */
export function webAddress(): Reader<string> {
  const expected = 'an http:// or https:// address without a user in it';
  return reader(expected, (value) => {
    const url = typeof value === 'string' ? URL.parse(value) : null;
    if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '') return undefined;
    return url.username === '' && url.password === '' && url.hash === '' ? url.href : undefined;
  });
}

/** Text with `{{FIELD}}` for values. */
export function template(): Reader<string> {
  const fields = templateFields.map((field) => `{{${field}}}`).join(', ');
  return reader(
    `text in which ${fields} stand for values; where it begins like JSON it must be JSON`,
    (value) => {
      if (typeof value !== 'string' || value === '' || unknownField(value) !== null) return undefined;
      return isJsonTemplate(value) && !isJson(sampleOf(value)) ? undefined : value;
    },
  );
}

/** Only a number is JSON without quotes around it. */
function sampleOf(value: string): string {
  return value.replaceAll('{{count}}', '0').replaceAll(/\{\{\w+\}\}/g, 'x');
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A program by its path, and its arguments: a list, or text with spaces between them. */
export function programCall(): Reader<readonly [string, ...string[]]> {
  const fields = templateFields.map((field) => `{{${field}}}`).join(', ');
  const expected = `a program's absolute path and its arguments, in which ${fields} stand for values`;
  return reader(expected, (value) => {
    const words: unknown = typeof value === 'string' ? value.split(/\s+/).filter(Boolean) : value;
    if (!Array.isArray(words) || !words.every((word) => typeof word === 'string')) return undefined;
    const [program, ...args] = words;
    if (program === undefined || !isPath(program) || program.includes('{{')) return undefined;
    if (args.some((arg) => arg.includes('\0') || unknownField(arg) !== null)) return undefined;
    return [program, ...args];
  });
}

/** `all`, `published`, or ports: `80`, `443/tcp`, `1000-2000/udp`. */
export function ports(): Reader<Ports> {
  return reader(
    'all, published, or a list of ports such as 80/tcp, 443/tcp, 1000-2000/udp',
    (value, refuse) => {
      if (value === 'all' || value === 'published') return value;
      // YAML reads a bare port as a number.
      const elements: unknown = typeof value === 'number' ? [value] : elementsOf(value);
      if (!Array.isArray(elements) || elements.length === 0) return undefined;
      return normalizePorts(
        elements.flatMap((found: unknown, index) => {
          const range = parsePort(String(found).trim());
          if (range === null) refuse({ found, expected: 'a port such as 80/tcp or 1000-2000/udp', index });
          return range ?? [];
        }),
      );
    },
    { type: ['string', 'integer', 'array'], items: { type: ['string', 'integer'] } },
  );
}

/** Where to listen; null: nowhere. A bare port is one of this machine only. */
export function listener(): Reader<{ readonly host: string; readonly port: number } | null> {
  return reader(
    'ADDRESS:PORT such as 127.0.0.1:9798, a port, or off',
    (value) => {
      if (value === '' || value === 'off' || value === false) return null;
      const match = /^(?:(localhost|[\d.]+|\[[\da-f:.]+\]):)?(\d{1,5})$/i.exec(String(value));
      if (match === null || Number(match[2]) > 65_535) return undefined;
      const host = (match[1] ?? '127.0.0.1').replace(/[[\]]/g, '');
      if (host !== 'localhost' && canonicalAddress(host) === null) return undefined;
      return { host, port: Number(match[2]) };
    },
    { anyOf: [{ type: ['string', 'integer'] }, { const: false }] },
  );
}

/** A list, or text with its elements set apart by spaces or commas. */
function list(
  expectedList: string,
  expected: string,
  least: number,
  read: (element: string, refuse: (expected: string) => void) => string | undefined,
): Reader<readonly string[]> {
  return reader(
    expectedList,
    (value, refuse) => {
      const elements = elementsOf(value);
      if (!Array.isArray(elements) || elements.length < least) return undefined;
      return [...new Set(elements.flatMap((element: unknown, index) => readElement(element, index, refuse)))];
    },
    listForm,
  );

  function readElement(element: unknown, index: number, refuse: Refuse): string[] {
    let because = expected;
    const result =
      typeof element === 'string'
        ? read(element.trim(), (reason) => {
            because = reason;
          })
        : undefined;
    if (result !== undefined) return [result];
    refuse({ found: element, expected: because, index });
    return [];
  }
}

function elementsOf(value: unknown): unknown {
  return typeof value === 'string' ? value.split(/[\s,]+/).filter(Boolean) : value;
}

/** `form`: what of it an editor can know; it may allow more, and never less. */
function reader<T>(
  expected: string,
  read: (value: unknown, refuse: Refuse) => T | undefined,
  form: WrittenForm = textForm,
): Reader<T> {
  const known = z.unknown().transform((value, context): T => {
    let refused = false;
    const result = read(typeof value === 'string' ? value.trim() : value, (refusal) => {
      refused = true;
      report(refusal);
    });
    if (result === undefined && !refused) report({ found: value });
    return result === undefined ? z.NEVER : result;

    function report(refusal: { found: unknown; expected?: string; index?: number }): void {
      context.issues.push({
        code: 'custom',
        message: refusal.expected ?? expected,
        path: refusal.index === undefined ? [] : [refusal.index],
        input: value,
        params: { found: refusal.found },
      });
    }
  });
  return known.register(writtenForms, form);
}
