import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { classificationTable } from '../../packages/isa/src/encoding/classify.js';
import { CLASSIFICATION, classificationDocument } from '../write-classification.mjs';

test('docs/classification.md is what the rows say: node scripts/write-classification.mjs writes it', () => {
  expect(readFileSync(CLASSIFICATION, 'utf8')).toBe(classificationDocument(classificationTable()));
});
