import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cpuModelTable } from '../../packages/isa/src/cpu-model-table.js';
import { CPU_MODELS_DOCUMENT, cpuModelsDocument } from '../write-cpu-models.mjs';

test('docs/cpu-models.md is what the table says: node scripts/write-cpu-models.mjs writes it', () => {
  expect(readFileSync(CPU_MODELS_DOCUMENT, 'utf8')).toBe(cpuModelsDocument(cpuModelTable()));
});
