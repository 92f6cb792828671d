import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Command } from 'commander';
import { program } from '../cli.ts';
import { acts, eachCommand, examplesOf } from './guide.ts';
import { commandsManual } from './manual.ts';
import { commandsReference } from './reference.ts';

for (const [path, command] of [...eachCommand(program)].filter(([, each]) => acts(each))) {
  test(`bailiff ${path} has --json, a description and an example that it takes`, () => {
    assert.ok(command.options.some(({ long }) => long === '--json'));
    assert.notEqual(command.description(), '');
    assert.ok(examplesOf(path).length > 0);
    for (const [words] of examplesOf(path)) assert.ok(isTaken(command, path, words), words);
  });
}

/** Whether the example names the command, and no option that it has not. */
function isTaken(command: Command, path: string, words: string): boolean {
  const [own = ''] = words.replace(/.*\| bailiff /, '').split(/ [|>] ?/);
  if (own !== path && !own.startsWith(`${path} `)) return false;
  const options = own.split(' ').filter((word) => word.startsWith('--'));
  return options.every((option) => command.options.some(({ long }) => long === option));
}

test('every command has its place in the help', () => {
  const help = program.helpInformation();
  assert.match(help, /^See what is going on:\n {2}status/m);
  assert.doesNotMatch(help, /^(?:Commands|Others):/m);
});

test('docs/commands.md is as scripts/docs writes it', () => {
  const page = readFileSync(new URL('../../docs/commands.md', import.meta.url), 'utf8');
  assert.equal(page, commandsReference(program));
});

test('man/bailiff.8 is as scripts/docs writes it', () => {
  const page = readFileSync(new URL('../../man/bailiff.8', import.meta.url), 'utf8');
  assert.equal(page, commandsManual(program));
});
