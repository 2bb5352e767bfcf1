import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { INPUTS_FILE, isBundleCurrent } from '../src/bundle.js';

const BUILT = new Date('2026-01-01T00:00:00Z');
let folder: string;
let input: string;
const isCurrent = (): boolean => isBundleCurrent(pathToFileURL(join(folder, 'bundle') + sep));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringbench-bundle-'));
  input = join(folder, 'tsconfig.tsbuildinfo');
  mkdirSync(join(folder, 'bundle'));
  writeFileSync(input, '');
  utimesSync(input, BUILT, BUILT);
  writeFileSync(join(folder, 'bundle', INPUTS_FILE), JSON.stringify({ '../tsconfig.tsbuildinfo': BUILT.getTime() }));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('is current as long as its packages are as they were', () => expect(isCurrent()).toBe(true));
it('is not after a build', () => {
  utimesSync(input, BUILT, new Date(BUILT.getTime() + 1));
  expect(isCurrent()).toBe(false);
});
it('is not when a package has gone', () => {
  rmSync(input);
  expect(isCurrent()).toBe(false);
});
it.each(['', '{', '"'])('is not when its list was cut off: %j', (text) => {
  writeFileSync(join(folder, 'bundle', INPUTS_FILE), text);
  expect(isCurrent()).toBe(false);
});
it('is not when there is none', () => {
  rmSync(join(folder, 'bundle'), { recursive: true });
  expect(isCurrent()).toBe(false);
});
