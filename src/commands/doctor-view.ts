import type { Diagnosis } from '../doctor/check.ts';
import type { Report } from '../doctor/examination.ts';
import { printable } from './output.ts';

export type Tone = 'red' | 'yellow' | 'green' | 'dim';

/** A line for people. Only headings have a tone. */
export interface ShownLine {
  readonly text: string;
  readonly tone?: Tone;
}

const groups = [
  { level: 'problem', heading: 'Problems', tone: 'red' },
  { level: 'warning', heading: 'Warnings', tone: 'yellow' },
  { level: 'ok', heading: 'Fine', tone: 'green' },
] as const;

/** Everything that was found, the worst first. Nothing of it can steer a terminal. */
export function doctorLines(reports: readonly Report[]): ShownLine[] {
  const lines = groups.flatMap(({ level, heading, tone }) =>
    groupOf(
      heading,
      tone,
      reports.flatMap(({ title, findings }) =>
        findings
          .filter((finding) => finding.level === level)
          .flatMap((finding) => findingLines(title, finding)),
      ),
    ),
  );
  const notMade = reports.flatMap(({ title, notMade: why }) => (why === null ? [] : [`  ${title}: ${why}`]));
  return [...lines, ...groupOf('Not checked', 'dim', notMade), { text: summaryOf(reports) }];
}

function groupOf(heading: string, tone: Tone, texts: readonly string[]): ShownLine[] {
  if (texts.length === 0) return [];
  return [{ text: heading, tone }, ...texts.map((text) => ({ text: printable(text) })), { text: '' }];
}

function findingLines(title: string, { text, remedies }: Diagnosis): string[] {
  return [`  ${title}: ${text}`, ...remedies.map((remedy) => `      ${remedy}`)];
}

/** `1 problem, 2 warnings; 11 checks fine, 3 not made.` */
export function summaryOf(reports: readonly Report[]): string {
  const levels = reports.flatMap(({ findings }) => findings.map(({ level }) => level));
  const problems = levels.filter((level) => level === 'problem').length;
  const warnings = levels.filter((level) => level === 'warning').length;
  const fine = reports.filter(
    ({ findings, notMade }) => notMade === null && findings.every(({ level }) => level === 'ok'),
  ).length;
  const open = reports.filter(({ notMade }) => notMade !== null).length;
  return `${counted(problems, 'problem')}, ${counted(warnings, 'warning')}; ${counted(fine, 'check')} fine, ${open} not made.`;
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
