import { templateFields } from '../config/notify-options.ts';
import type { Message } from './message.ts';

/** What `{{…}}` may stand for in a template. */
export type Field = (typeof templateFields)[number];

export function fieldsOf(message: Message): Readonly<Record<Field, string>> {
  const { id, title, text, host, kind, count, jail, address, time } = message;
  const at = new Date(time * 1000).toISOString();
  return { id, title, text, host, kind, count: String(count), jail, address, time: at };
}

/** The template with every field's value in its place; `write` writes a value as the text around it needs it. */
export function filled(
  template: string,
  fields: Readonly<Record<Field, string>>,
  write: (value: string) => string = (value) => value,
): string {
  return template.replaceAll(/\{\{(\w+)\}\}/g, (all, name: string) => {
    const field = templateFields.find((each) => each === name);
    // A value is never looked through again for what it may hold.
    return field === undefined ? all : write(fields[field]);
  });
}

/** As it stands within the quotes of a JSON string. */
export function inJson(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}
