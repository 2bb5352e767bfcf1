import { expect, test } from 'vitest';
import { TargetProfile } from '../src/target-profile.js';

const HOST = 0x5000;

/** Notes so many targets in turn; how many of them it took until something was learnt. */
function notedUntilLearnt(profile: TargetProfile, targets: readonly number[], most: number): number {
  for (let n = 1; n <= most; n++) if (profile.note(HOST, targets[n % targets.length])) return n;
  return 0;
}

test('a lesson brings all targets that were seen twice, and the next takes longer', () => {
  const profile = new TargetProfile();
  expect(notedUntilLearnt(profile, [1, 2, 3], 1000)).toBe(32);
  expect(new Set(profile.targetsOf(HOST))).toEqual(new Set([1, 2, 3]));
  expect(notedUntilLearnt(profile, [4], 1000)).toBe(256);
  expect(profile.targetsOf(HOST)).toHaveLength(4);
});

test('a target that is known and does not come into the region is nothing new', () => {
  const profile = new TargetProfile();
  notedUntilLearnt(profile, [1], 1000);
  expect(notedUntilLearnt(profile, [1], 2000)).toBe(0);
});

test('after three lessons no more is asked for', () => {
  const profile = new TargetProfile();
  for (let lesson = 0; lesson < 3; lesson++) {
    expect(profile.wantsTargets(HOST)).toBe(true);
    notedUntilLearnt(profile, [lesson], 10_000);
  }
  expect(profile.wantsTargets(HOST)).toBe(false);
});

test('a jump with very many targets has none that are worth it', () => {
  const profile = new TargetProfile();
  const many = Array.from({ length: 100 }, (_, n) => n);
  for (let lesson = 0; lesson < 2; lesson++) notedUntilLearnt(profile, many, 10_000);
  expect(profile.targetsOf(HOST)).toEqual([]);
  expect(profile.wantsTargets(HOST)).toBe(false);
});
