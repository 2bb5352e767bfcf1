import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { callsOf, readTable, SYSTEM_CALLS, systemCallsDocument } from '../write-system-calls.mjs';

/** Linux's own numbers for i386, where its headers are installed (Debian: linux-libc-dev). */
const LINUX_NUMBERS = ['/usr/include/x86_64-linux-gnu/asm/unistd_32.h', '/usr/include/i386-linux-gnu/asm/unistd_32.h', '/usr/include/asm/unistd_32.h'].find((file) => existsSync(file));

test('docs/system-calls.md is what the kernel\'s table says: node scripts/write-system-calls.mjs writes it', () => {
  expect(readFileSync(SYSTEM_CALLS, 'utf8')).toBe(systemCallsDocument(readTable()));
});

test('every row of the table is understood', () => {
  const table = readTable();
  expect(callsOf(table).length).toBe(table.match(/^\s+\[|, \[/gm)?.length);
});

test.skipIf(LINUX_NUMBERS === undefined)('names and numbers are Linux\'s', () => {
  const header = readFileSync(LINUX_NUMBERS ?? '', 'utf8');
  const names = new Map([...header.matchAll(/#define __NR_(\w+) (\d+)/g)].map(([, name, number]) => [Number(number), name]));
  expect(callsOf(readTable()).map(({ number, name }) => [number, name])).toEqual(callsOf(readTable()).map(({ number }) => [number, names.get(number)]));
});
