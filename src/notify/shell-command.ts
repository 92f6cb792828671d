import { canonicalAddress } from '../core/address.ts';

/** A command for the shell, and the values that it names as variables. */
export interface ShellCommand {
  readonly text: string;
  readonly values: Readonly<Record<string, string>>;
}

/** The value of a tag. A number or a word is our own, and an address is read once more; a string may be anything. */
export type TagValue = string | number | { readonly address: string } | { readonly word: string };

/**
 * Characters of one value: at most three bytes each, and an argument or variable of a process can be 128 KiB
 * (MAX_ARG_STRLEN, execve(2)).
 */
const longestValue = 40_000;

const anyTag = /<([^ <>]+)>/g;
const plainWord = /^[\w.-]*$/;
const fieldTag = /^F-([A-Z0-9_-]+)$/;
/** Characters that a tag stands for, whatever the ban. */
const characters: Readonly<Record<string, string>> = { br: '\n', sp: ' ' };

/** What stands for a tag, or null where nothing does. May have to be looked up. */
export type Lookup = (tag: string) => TagValue | null | Promise<TagValue | null>;

/**
 * Puts the values of tags into a command. Whatever somebody else may have written reaches the shell as a variable,
 * named as fail2ban names it: no text of a log becomes part of a command. Only numbers, addresses and our own words,
 * which mean nothing to a shell, are written out, so that they can also stand within single quotes. Tags that nothing
 * stands for stay, but those of groups of an expression (`<F-…>`) become empty.
 */
export async function shellCommand(template: string, lookup: Lookup): Promise<ShellCommand> {
  const values: Record<string, string> = {};
  const texts = new Map<string, string>();
  for (const [whole, tag = ''] of template.matchAll(anyTag)) {
    if (texts.has(tag)) continue;
    const value = characters[tag] ?? (await lookup(tag));
    texts.set(tag, written(tag, whole, value));
  }
  return { text: template.replaceAll(anyTag, (whole, tag: string) => texts.get(tag) ?? whole), values };

  function written(tag: string, whole: string, value: TagValue | null): string {
    if (tag in characters) return characters[tag] ?? '';
    if (value === null) return fieldTag.test(tag) ? '' : whole;
    if (typeof value === 'number') return String(Math.trunc(value));
    if (typeof value === 'object' && 'address' in value) return canonicalAddress(value.address) ?? '';
    if (typeof value === 'object' && plainWord.test(value.word)) return value.word;
    const name = variableName(tag);
    values[name] = variableValue(typeof value === 'object' ? value.word : value);
    return `\${${name}}`;
  }
}

/** The values of the tags in a text, as one text that differs where one of them does. */
export async function tagValues(template: string, lookup: Lookup): Promise<string> {
  const values: unknown[] = [];
  for (const [, tag = ''] of template.matchAll(anyTag)) values.push(await lookup(tag));
  return JSON.stringify(values);
}

/** The name of the group that a tag of an expression's names, in lower case; null for any other tag. */
export function fieldOfTag(tag: string): string | null {
  const field = fieldTag.exec(tag)?.[1]?.toLowerCase();
  if (field === undefined) return null;
  return field === 'id' ? 'fid' : field === 'port' ? 'fport' : field;
}

/** `f2bV_matches`, `f2bV_F_user`. */
function variableName(tag: string): string {
  const field = fieldOfTag(tag);
  return `f2bV_${(field === null ? tag : `F_${field}`).replaceAll(/\W/g, '_')}`;
}

/** A process's environment holds no NUL. */
function variableValue(value: string): string {
  return value.slice(0, longestValue).replaceAll('\0', '\u{fffd}').toWellFormed();
}
