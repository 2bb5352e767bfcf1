import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { TECHNIQUES, measure, techniquesDocument } from '../write-techniques.mjs';

const PATIENCE = 120_000;

test('docs/techniques.md has the settings, events and counts of every core: node scripts/write-techniques.mjs writes it', async () => {
  const text = readFileSync(TECHNIQUES, 'utf8');
  const measured = await measure();
  expect(text).toBe(techniquesDocument(text, measured));
  const [first] = measured;
  expect(() => techniquesDocument(text, [{ ...first, core: { ...first.core, id: 'another' } }])).toThrow('docs/techniques.md has no place for: settings another, events another');
}, PATIENCE);
