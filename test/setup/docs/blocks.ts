import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

export interface Page {
  /** From the root of the checkout. */
  readonly file: string;
  readonly text: string;
}

/** A block of a page that is no prose. */
export interface Block {
  readonly page: string;
  /** Of its fence. */
  readonly line: number;
  /** What stands behind its fence: `yaml`, `sh`, '' … */
  readonly kind: string;
  readonly text: string;
  /** Why no test runs it, as `<!-- not run: … -->` in the line above says; null: nothing says so. */
  readonly unrun: string | null;
}

/** What people are told to read. */
export function pages(): Page[] {
  const files = ['README.md', 'examples/README.md', ...globSync('docs/*.md', { cwd: root }).sort()];
  return files.map((file) => ({ file, text: readFileSync(path.join(root, file), 'utf8') }));
}

const fence = /^( *)(`{3,})([\w-]*)[^`]*$/;
const marker = /^ *<!-- not run: (.+) -->$/;

export function blocksOf({ file, text }: Page): Block[] {
  const blocks: Block[] = [];
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const [, indent = '', ticks, kind = ''] = fence.exec(lines[at] ?? '') ?? [];
    if (ticks === undefined) continue;
    const end = lines.indexOf(indent + ticks, at + 1);
    if (end < 0) throw new Error(`${file}:${at + 1}: the block has no end`);
    const inside = lines.slice(at + 1, end).map((line) => line.replace(indent, ''));
    const [, unrun = null] = marker.exec(lines[at - 1] ?? '') ?? [];
    blocks.push({ page: file, line: at + 1, kind, text: `${inside.join('\n')}\n`, unrun });
    at = end;
  }
  return blocks;
}

/** Commands that stand in the text: between backticks, outside of blocks. */
export function commandsInProse({ text }: Page): string[] {
  const prose = text.replaceAll(/^( *)(`{3,}).*\n[\s\S]*?\n\1\2$/gm, '');
  return [...prose.matchAll(/`((?:docker compose exec bailiff )?bailiff [a-z][^`…]*)`/g)].map(
    ([, words = '']) => words,
  );
}
