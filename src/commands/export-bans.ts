import { daemon } from './daemon.ts';
import { type ExportedBans, exportForm } from './exported-bans.ts';
import { writeNew } from './new-file.ts';
import { jsonText, printJson, printLine, printText } from './output.ts';

export interface ExportBansOptions {
  readonly jail?: string;
  /** A new file to write; absent: standard output. */
  readonly output?: string;
  readonly json?: true;
}

/** `bailiff export bans`: the bans that stand, for `bailiff import bans`, a ban in each line. @throws BailiffError import-unwritable */
export async function exportBansCommand({ jail, output, json }: ExportBansOptions): Promise<void> {
  const all = await daemon().bans();
  const exported = exportForm(all.filter((ban) => jail === undefined || ban.jail === jail));
  const text = fileText(exported);
  if (output === undefined) printText(text);
  else {
    await writeNew(output, text, 0o600);
    const bans = exported.bans.length;
    if (json) printJson({ output, bans });
    else printLine(`${output} is written: ${bans} bans, for \`bailiff import bans\`.`);
  }
}

function fileText({ bailiff, bans }: ExportedBans): string {
  const lines = bans.map((ban) => `\n${jsonText(ban)}`);
  return `{"bailiff":${jsonText(bailiff)},"bans":[${lines.join(',')}\n]}\n`;
}
