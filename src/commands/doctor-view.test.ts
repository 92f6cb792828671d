import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ok, problem, warning } from '../doctor/check.ts';
import { doctorLines, summaryOf } from './doctor-view.ts';

const reports = [
  {
    name: 'a',
    title: 'First',
    findings: [warning('dusty', 'wipe it', 'or not'), ok('stands')],
    notMade: null,
  },
  {
    name: 'b',
    title: 'Second',
    findings: [problem('broken \u001b[2J\nby \u202ehim', 'mend \u001b]0;x\u0007 it')],
    notMade: null,
  },
  { name: 'c', title: 'Third', findings: [ok('fine')], notMade: null },
  { name: 'd', title: 'Fourth', findings: [], notMade: 'nobody\r knows' },
];

test('the worst first, with its remedies; fine things in a line; a summary at the end', () => {
  assert.deepEqual(
    doctorLines(reports).map(({ text, tone }) => (tone === undefined ? text : `<${tone}> ${text}`)),
    [
      '<red> Problems',
      '  Second: broken \\x1b[2J\\x0aby \\u{202e}him',
      '      mend \\x1b]0;x\\x07 it',
      '',
      '<yellow> Warnings',
      '  First: dusty',
      '      wipe it',
      '      or not',
      '',
      '<green> Fine',
      '  First: stands',
      '  Third: fine',
      '',
      '<dim> Not checked',
      '  Fourth: nobody\\x0d knows',
      '',
      '1 problem, 1 warning; 1 check fine, 1 not made.',
    ],
  );
});

test('nothing that is not there is headed', () => {
  assert.deepEqual(
    doctorLines(reports.slice(2, 3)).map(({ text }) => text),
    ['Fine', '  Third: fine', '', '0 problems, 0 warnings; 1 check fine, 0 not made.'],
  );
  assert.equal(summaryOf([]), '0 problems, 0 warnings; 0 checks fine, 0 not made.');
});
