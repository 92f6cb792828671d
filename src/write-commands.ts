import { mkdir, writeFile } from 'node:fs/promises';
import { program } from './cli.ts';
import { commandsManual } from './commands/manual.ts';
import { commandsReference } from './commands/reference.ts';
import { configurationManual } from './config/manual.ts';
import { version } from './version.ts';

// Run by scripts/docs.
await writeFile(new URL('../docs/commands.md', import.meta.url), commandsReference(program));
await mkdir(new URL('../man', import.meta.url), { recursive: true });
await writeFile(new URL('../man/bailiff.8', import.meta.url), commandsManual(program));
await writeFile(new URL('../man/bailiff.yaml.5', import.meta.url), configurationManual(version()));
