import { expect, test } from 'vitest';
import { CODE, EXIT, word } from '../../interpreter/test/support/bare-machine.js';
import { expectSame } from './support/both.js';

const ROUNDS = 1500;
const EBX = 3;

/** The last instruction of each turn that sets flags: what the loop's head finds then. */
const LAST: readonly (readonly [name: string, bytes: readonly number[]])[] = [
  ['a comparison of registers', [0x39, 0xf1]], // cmp ecx, esi
  ['a comparison with an immediate, which carries for a 0', [0x83, 0xf9, 0x03]], // cmp ecx, 3
  ['an addition of a part', [0x00, 0xcc]], // add ah, cl
  ['a decrement, which keeps the carry', [0x49, 0x41]], // dec ecx; inc ecx
  ['a logical operation', [0x21, 0xc9]], // and ecx, ecx
];

test.each(LAST)('at its head a loop sees the flags of before it, and then those of %s', (_, last) => {
  const head = [0x9c, 0x58, 0x01, 0xc3, 0xd1, 0xc3]; // pushf; pop eax; add ebx, eax; rol ebx, 1
  const turn = [...head, 0x8d, 0x49, 0xff, ...last]; // …; lea ecx, [ecx-1]; …
  const loop = [...turn, 0xe3, 0x02, 0xeb, (-turn.length - 4) & 0xff]; // …; jecxz behind the jump; jmp back
  const round = [0xb9, ...word(5), 0xbe, ...word(3), 0xf9, ...loop]; // mov ecx, 5; mov esi, 3; stc; …
  const { bare } = expectSame({ at: [[CODE, [0xba, ...word(ROUNDS), ...round, 0x4a, 0x0f, 0x85, ...word(-round.length - 7), ...EXIT]]] }); // mov edx, n; …; dec edx; jnz back
  expect(bare.register(EBX)).not.toBe(0);
});
