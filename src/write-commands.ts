import { writeFile } from 'node:fs/promises';
import { program } from './cli.ts';
import { commandsReference } from './commands/reference.ts';

// Run by scripts/docs.
await writeFile(new URL('../docs/commands.md', import.meta.url), commandsReference(program));
