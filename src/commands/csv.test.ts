import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvRecord } from './csv.ts';

test('cells are quoted as RFC 4180 has it', () => {
  assert.equal(csvRecord(['a', 1, null, 'b,c', 'd"e', 'f\ng']), 'a,1,,"b,c","d""e","f\ng"\r\n');
});

test('no spreadsheet takes a cell for a formula', () => {
  assert.equal(
    csvRecord(['=cmd|" /C calc"!A0', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '203.0.113.7']),
    `"'=cmd|"" /C calc""!A0",'+1,'-1,'@SUM(A1),'\t=1,"'\r=1",203.0.113.7\r\n`,
  );
});
