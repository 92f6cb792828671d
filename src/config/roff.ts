// Parts of manual pages, in the language of man(7).

/** Words as they are typed: in bold, none of their characters turned into a prettier one. */
export function bold(text: string): string {
  return `\\fB${escaped(text).replaceAll('-', '\\-')}\\fR`;
}

/** A paragraph of Markdown: code is bold, of links the text stays. */
export function paragraph(markdown: string): string {
  const parts = markdown.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').split('`');
  const text = parts.map((part, at) => (at % 2 === 1 ? bold(part) : escaped(part))).join('');
  return text.replace(/^(?=[.'])/, '\\&');
}

/** Paragraphs, one below the other. */
export function prose(...paragraphs: readonly string[]): string {
  return paragraphs.map(paragraph).join('\n.PP\n');
}

/** What is told of a term. */
export function item(term: string, told: string): string {
  return `.TP\n${term}\n${told}`;
}

/** Lines as they are. */
export function example(text: string): string {
  const lines = text.trimEnd().split('\n');
  return [
    '.EX',
    ...lines.map((line) =>
      escaped(line)
        .replaceAll('-', '\\-')
        .replace(/^(?=[.'])/, '\\&'),
    ),
    '.EE',
  ].join('\n');
}

export function section(heading: string, ...parts: readonly string[]): string {
  return [`.SH ${heading.toUpperCase()}`, ...parts].join('\n');
}

/** The page's head; `volume` is 5 or 8. */
export function head({ name, volume, source }: { name: string; volume: 5 | 8; source: string }): string {
  return `.TH ${name.toUpperCase()} ${volume} "${written}" "${source}"`;
}

/** When people last changed what these pages say beside what is generated. */
const written = '2026-11-28';

/** By groff_char(7): what a formatter would replace. */
const characters: Readonly<Record<string, string>> = {
  '\\': '\\e',
  "'": '\\(aq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
  '…': '...',
  '’': '\\(cq',
};

function escaped(text: string): string {
  return text.replaceAll(/[\\'`^~…’]/g, (character) => characters[character] ?? character);
}
