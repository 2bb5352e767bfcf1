import { describe, expect, it } from 'vitest';
import { deadlineFor, reasonNotToMeasure } from '../src/index.js';

const BUILT = 'file:///project/packages/cli/dist/commands/run.js';

describe('reasonNotToMeasure', () => {
  it('lets built code under plain node be measured', () => {
    expect(reasonNotToMeasure(BUILT, [])).toBeUndefined();
    expect(reasonNotToMeasure(BUILT, ['--max-old-space-size=4096', '--inspect=0'], '--no-warnings')).toBeUndefined();
    expect(reasonNotToMeasure('file:///home/tsx/project/dist/run.js', [])).toBeUndefined();
  });

  it.each([
    ['file:///project/packages/cli/src/commands/run.ts', [], ''],
    [BUILT, ['--import', 'tsx'], ''],
    [BUILT, ['--import=file:///x/node_modules/tsx/dist/loader.mjs'], ''],
    [BUILT, [], '--import tsx/esm'],
    [BUILT, ['--loader', 'ts-node/esm'], ''],
    [BUILT, ['--experimental-transform-types'], ''],
  ])('refuses %s %j %s', (url, words, options) => {
    expect(reasonNotToMeasure(url, words, options)).toBeDefined();
  });
});

describe('deadlineFor', () => {
  it('is generous, grows with the work, and fits a timer', () => {
    expect(deadlineFor(1e9, 0)).toBe(1_030_000);
    expect(deadlineFor(1e9, 1)).toBe(2_060_000);
    expect(deadlineFor(1e12, 1000)).toBe(2 ** 31 - 1);
  });
});
