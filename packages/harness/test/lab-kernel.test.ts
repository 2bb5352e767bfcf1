import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { labKernel, readLabKernel } from '../src/lab-kernel.js';
import { addKernel } from './fixtures/scratch.js';

describe('the lab kernel', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ringbench-kernel-'));
    addKernel(folder, 'its bytes');
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const manifest = (text: string): void => writeFileSync(join(folder, 'kernel/kernel.json'), text);

  test('is the image that its manifest names', () => expect(Buffer.from(readLabKernel(folder)).toString()).toBe('its bytes'));
  test('is refused when it is another', () => {
    writeFileSync(join(folder, 'kernel/image.elf'), 'other bytes');
    expect(() => readLabKernel(folder)).toThrow(/SHA-256/);
  });
  test.each([
    ['no JSON', '{', /not JSON/], ['no object', 'null', /"image" must be/], ['no image', '{}', /"image" must be/],
    ['an image elsewhere', JSON.stringify({ image: '../image.elf', sha256: '0'.repeat(64) }), /"image" must be/],
    ['no digest', JSON.stringify({ image: 'image.elf' }), /"sha256" must be/], ['half a digest', JSON.stringify({ image: 'image.elf', sha256: '0'.repeat(32) }), /"sha256" must be/],
  ])('a manifest with %s is the user\'s problem', (_, text, message) => {
    manifest(text);
    expect(() => labKernel(folder)).toThrow(message);
  });
});
