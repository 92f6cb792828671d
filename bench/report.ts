import { readFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';

const file = new URL('RESULTS.md', import.meta.url);

/** Writes a table into RESULTS.md, in the place of the one of this name, with date and machine. */
export async function report(
  name: string,
  title: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): Promise<void> {
  const before = await readFile(file, 'utf8').catch(
    () =>
      '# Results\n\nWritten by `npm run bench`. Figures of one run and one machine; the ratios last longer.\n',
  );
  const [model = 'unknown'] = cpus().map((cpu) => cpu.model);
  const memory = Math.round(totalmem() / 1024 ** 3);
  const table = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  const section = `## ${name}\n\n${title}. ${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores (${model}), ${memory} GiB, Node ${process.version}.\n\n${table}\n`;
  const start = before.indexOf(`## ${name}\n`);
  const end = start < 0 ? -1 : before.indexOf('\n## ', start);
  const rest = end < 0 ? '' : before.slice(end + 1);
  await writeFile(
    file,
    `${start < 0 ? `${before}\n` : before.slice(0, start)}${section}${rest === '' ? '' : `\n${rest}`}`,
  );
}
