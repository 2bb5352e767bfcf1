import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { writeArchive, type ArchiveEntry } from '../src/index.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const ENTRIES: readonly ArchiveEntry[] = [
  { kind: 'directory', path: 'bin' },
  { kind: 'file', path: 'bin/tool', bytes: bytes('12345'), executable: true },
  { kind: 'file', path: 'empty', bytes: bytes('') },
  { kind: 'link', path: 'bin/other', target: 'tool' },
  { kind: 'device', path: 'console', major: 5, minor: 1 },
];
const hasCpio = spawnSync('cpio', ['--version']).status === 0;

describe('writeArchive', () => {
  test('each record is a header of 110 characters, its name with a zero, its bytes, each part padded to four bytes', () => {
    const text = new TextDecoder().decode(writeArchive([{ kind: 'file', path: 'abc', bytes: bytes('hello') }]));
    expect(text.slice(0, 110)).toBe(`070701${['1', '81A4', '0', '0', '1', '0', '5', '0', '0', '0', '0', '4', '0'].map((field) => field.padStart(8, '0')).join('')}`);
    expect(text.slice(110, 124)).toBe('abc\0\0\0hello\0\0\0');
    expect(text.slice(124 + 110)).toBe('TRAILER!!!\0\0\0\0');
  });
  test.skipIf(!hasCpio)('cpio lists what was put in (skipped where cpio is not installed)', () => {
    const listing = execFileSync('cpio', ['-tv', '--quiet', '--numeric-uid-gid'], { input: writeArchive(ENTRIES), encoding: 'utf8' }).trimEnd().split('\n');
    const found = listing.map((line) => `${line.slice(0, 10)} ${line.replace(/^.*\d{4} /, '')}`);
    expect(found).toEqual(['drwxr-xr-x bin', '-rwxr-xr-x bin/tool', '-rw-r--r-- empty', 'lrwxrwxrwx bin/other -> tool', 'crw-rw-rw- console']);
  });
  test.each(['', '/bin', 'a//b', 'a/../b', 'a/'])('a path that leaves the archive is a bug: "%s"', (path) => {
    expect(() => writeArchive([{ kind: 'directory', path }])).toThrow('not a path');
  });
  test('so is a path that comes twice', () => {
    expect(() => writeArchive([{ kind: 'directory', path: 'a' }, { kind: 'directory', path: 'a' }])).toThrow('twice');
  });
});
