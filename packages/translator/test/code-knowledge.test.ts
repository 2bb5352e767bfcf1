import { expect, test } from 'vitest';
import { CodeKnowledge } from '../src/code-knowledge.js';

const HOST = 0x12345;
const GRANULE = HOST >>> 6;

test('code that changed three times rests, twice as long after each further change, and never for ever', () => {
  let now = 0;
  const knowledge = new CodeKnowledge(() => now);
  const restAfterChange = (): number => {
    knowledge.noteChange(GRANULE);
    const from = now;
    while (knowledge.isChurning(HOST)) now += 1_000_000;
    return now - from;
  };
  expect([restAfterChange(), restAfterChange(), restAfterChange(), restAfterChange(), restAfterChange()]).toEqual([0, 0, 10_000_000, 20_000_000, 40_000_000]);
  expect(knowledge.isChurning(HOST + 64)).toBe(false);
});
