import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MONITORS, VIRTUAL_DEVICES, measureRow, networkRows, rowText } from '../write-virtual-devices.mjs';

const PATIENCE = 60_000;

/** The rows of the disk, which go through the most code; the others come from the same run of the script. */
test.each(['static', 'virtual', 'layered'])('docs/virtual-devices.md has the counts of devices that are %s: node scripts/write-virtual-devices.mjs writes them', async (way) => {
  expect(readFileSync(VIRTUAL_DEVICES, 'utf8')).toContain(rowText('read of 4 KB', way, await measureRow('disk-read-4k', way, MONITORS)));
}, PATIENCE);

test('docs/virtual-devices.md has the accesses for a packet', async () => {
  const text = readFileSync(VIRTUAL_DEVICES, 'utf8');
  for (const row of await networkRows()) expect(text).toContain(row);
}, PATIENCE);
