import { expect, test } from 'vitest';
import { CODE, EXIT, word, type Program } from '../../interpreter/test/support/bare-machine.js';
import { expectSame } from './support/both.js';

/** Ways through a hot loop that random programs seldom take. */
const EBX = 3;
const TIMES = 2000;
const DATA = 0x30000;
const BORDER = DATA + 0x1000;
const ALIAS = 0x20000;
const EXIT_PORT = 0xf4;
const moveTo = (register: number, value: number): number[] => [0xb8 | register, ...word(value)];
const [EAX, ECX, ESI, EDI] = [0, 1, 6, 7] as const;

/** mov ecx, n; body; dec ecx; jnz to the body. */
const loop = (times: number, body: readonly number[]): number[] => [...moveTo(ECX, times), ...body, 0x49, 0x0f, 0x85, ...word(-(body.length + 7))];

const PROGRAMS: readonly (readonly [name: string, program: Program, ebx: number | undefined])[] = [
  ['flags are read behind a join that neither reads nor writes them', {
    // add eax, esi; jp over the shr; shr eax, 1; join: mov edx, ecx; jmp on; adc ebx, 0
    at: [[CODE, [...moveTo(ESI, 0x9e3779b9), ...loop(TIMES, [0x01, 0xf0, 0x7a, 0x02, 0xd1, 0xe8, 0x89, 0xca, 0xeb, 0x00, 0x83, 0xd3, 0x00]), ...EXIT]]],
  }, undefined],
  ['a port that ends the run is written by an instruction that the region calls', {
    // mov edx, 80h; cmp ecx, 5; cmove edx, esi; inc ebx; out dx, al
    at: [[CODE, [...moveTo(EAX, 0), ...moveTo(ESI, EXIT_PORT), ...loop(TIMES, [0xba, ...word(0x80), 0x83, 0xf9, 0x05, 0x0f, 0x44, 0xd6, 0x43, 0xee]), ...EXIT]]],
  }, TIMES - 4],
  ['misaligned accesses go across a border to another page than the next', {
    // The addresses 8 below the border up to the border, over and over: lea edi, [ecx & 7 + border - 8] by and; add ebx, [edi]; mov [edi + 100h], ebx
    map: { [BORDER]: ALIAS },
    at: [
      [CODE, [...loop(TIMES, [0x89, 0xcf, 0x83, 0xe7, 0x07, 0x81, 0xc7, ...word(BORDER - 8), 0x03, 0x1f, 0x66, 0x01, 0x1f]), ...EXIT]],
      [BORDER - 8, [1, 2, 3, 4, 5, 6, 7, 8]], [BORDER, [0x11, 0x12, 0x13, 0x14]], [ALIAS, [0x91, 0x92, 0x93, 0x94]],
    ],
  }, undefined],
  ['a repetition of no iterations', {
    // xor edx, edx; xchg edx, ecx; rep stosd with ECX 0; xchg back; inc ebx
    at: [[CODE, [...moveTo(EDI, DATA), ...loop(TIMES, [0x31, 0xd2, 0x87, 0xd1, 0xf3, 0xab, 0x87, 0xd1, 0x43]), ...EXIT]]],
  }, TIMES],
];

test.each(PROGRAMS)('%s', (_, program, ebx) => {
  const { bare } = expectSame(program);
  if (ebx !== undefined) expect(bare.register(EBX)).toBe(ebx);
});
