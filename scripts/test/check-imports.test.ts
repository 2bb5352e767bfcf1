import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findViolations } from '../check-imports.mjs';

describe('check-imports', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'imports-'));
    for (const name of ['isa', 'machine', 'core-native', 'core-v386', 'cli', 'analysis']) mkdirSync(join(root, 'packages', name, 'src'), { recursive: true });
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
  const write = (file: string, text: string): void => writeFileSync(join(root, 'packages', file), text);

  test('accepts imports from the layers below', () => {
    write('machine/src/a.ts', "import { Word } from '@ringbench/isa';\nimport './b.js';\n");
    expect(findViolations(root)).toEqual([]);
  });
  test.each([
    ['isa/src/a.ts', "import { Machine } from '@ringbench/machine';", 'isa may not import machine'],
    ['isa/src/a.ts', "import {\n  Machine,\n} from '@ringbench/machine';", 'isa may not import machine'],
    ['isa/src/a.ts', "export { x } from 'node:fs';", 'must run without Node'],
    ['core-native/src/a.ts', "import type { T } from '@ringbench/core-v386';", 'core-native may not import core-v386'],
    ['machine/src/a.ts', "const x = await import('../../isa/src/state.js');", 'leaves the package'],
    ['analysis/src/a.ts', "import { core } from '@ringbench/core-native';", 'analysis may not import core-native'],
    ['analysis/src/a.ts', "if (core === 'v386') charge();", 'branches on a core'],
  ])('%s: %s', (file, text, problem) => {
    write(file, text);
    expect(findViolations(root).join('\n')).toContain(problem);
  });
  test('the registry may name cores', () => {
    write('cli/src/registry.ts', "if (id === 'v386') load();");
    expect(findViolations(root)).toEqual([]);
  });
  test('this project passes', () => {
    expect(findViolations(process.cwd())).toEqual([]);
  });
});
