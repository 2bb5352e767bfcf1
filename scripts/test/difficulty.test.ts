import { expect, test } from 'vitest';
import { currentRows, writtenRows } from '../write-difficulty.mjs';

/** By how much a number of the document may be off, and by how much a small one. */
const SHARE = 0.1;
const SLACK = 3;

test('docs/difficulty.md has the numbers of every core, within a tenth: node scripts/write-difficulty.mjs writes it', async () => {
  const { rows } = await currentRows();
  const written = writtenRows();
  expect(written.map(([core]) => core)).toEqual(rows.map(([core]) => core));
  rows.forEach(([core, ...numbers], index) => numbers.forEach((number, column) => {
    const said = written[index][column + 1];
    expect(Math.abs(Number(said) - Number(number)), `${core}, column ${column + 1}: ${said} and ${number}`).toBeLessThanOrEqual(Math.max(SLACK, Number(number) * SHARE));
  }));
});
