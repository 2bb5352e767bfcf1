import { describe, expect, it, test } from 'vitest';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { breakpointsOfSafeStarts, hidesSensitive, instructionsAt, Tally } from '../measure-native-returns.mjs';

const PAGE_BYTES = 4096;
const AT = 100;

/** A page of NOPs with these bytes at `AT`. */
function pageWith(...bytes: number[]) {
  const page = new Uint8Array(PAGE_BYTES).fill(0x90);
  page.set(bytes, AT);
  return instructionsAt(page);
}

describe('an instruction hides a sensitive one', () => {
  it.each([
    ['mov ebx,ecx and RETF', [0x89, 0xcb], true],
    ['add esp,28 and LES', [0x83, 0xc4, 0x1c], true],
    ['mov eax,[esi] and PUSH ES', [0x8b, 0x06], true],
    ['mov eax,5 and nothing', [0xb8, 5, 0, 0, 0], false],
    ['mov eax,80CDh and INT 80h, which traps', [0xb8, 0xcd, 0x80, 0, 0], false],
    ['PUSHF itself', [0x9c], false],
  ] as const)('%s', (_, bytes, hides) => expect(hidesSensitive(pageWith(...bytes), AT)).toBe(hides));
});

test('safe starts need breakpoints wherever an instruction goes on over one, and at the end of the page', () => {
  const broken = (page: ReturnType<typeof pageWith>) => [...breakpointsOfSafeStarts(page).entries()].filter(([, isBroken]) => isBroken).map(([offset]) => offset);
  expect(broken(pageWith())).toEqual([]);
  // MOV EAX, 9C000000h: zeros are ADD [EAX], AL, of two bytes, one over the other up to PUSHF.
  expect(broken(pageWith(0xb8, 0, 0, 0, 0x9c))).toEqual([0, 1, 2, 3, 4].map((index) => AT + index));
  const cut = new Uint8Array(PAGE_BYTES).fill(0x90);
  cut[PAGE_BYTES - 1] = 0xb8;
  expect(broken(instructionsAt(cut))).toEqual([PAGE_BYTES - 1]);
});

describe('the least cost', () => {
  /** R: a RET; H: an instruction that hides a sensitive one; N: another. */
  const leastOf = (sequence: string) => {
    const page = pageWith(0xc3, 0x89, 0xcb, 0x90);
    const offsets: Record<string, number> = { R: AT, H: AT + 1, N: AT + 3 };
    const known = { page, isBroken: breakpointsOfSafeStarts(page), hides: page.map((_, offset) => hidesSensitive(page, offset)) };
    const tally = new Tally();
    for (const one of sequence) tally.add(known, offsets[one] ?? NaN);
    return tally.least;
  };
  it.each([['', 0], ['NRNRNR', 0], ['HHHH', 0], ['RHRHRH', 3], ['RRRRHHHH', 1], ['HHHRHHH', 1], ['RRRHHHRRRHHH', 3]] as const)('of %s is %i', (sequence, least) => expect(leastOf(sequence)).toBe(least));
});

test('refuses a workload that there is none of with one line', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [fileURLToPath(new URL('../measure-native-returns.mjs', import.meta.url)), 'nosuch'], { encoding: 'utf8' });
  expect(status).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^measure-native-returns: no compute workload is called "nosuch".*\n$/);
});
