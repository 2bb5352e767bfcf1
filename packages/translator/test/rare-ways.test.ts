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
const HALF = TIMES / 2;
const FUNCTION = 0x8800;
const moveTo = (register: number, value: number): number[] => [0xb8 | register, ...word(value)];
const [EAX, ECX, EDX, ESI, EDI] = [0, 1, 2, 6, 7] as const;

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
    // mov edi, ecx; and edi, 7; add edi, border - 8; add ebx, [edi]; add [edi], bx
    map: { [BORDER]: ALIAS },
    at: [
      [CODE, [...loop(TIMES, [0x89, 0xcf, 0x83, 0xe7, 0x07, 0x81, 0xc7, ...word(BORDER - 8), 0x03, 0x1f, 0x66, 0x01, 0x1f]), ...EXIT]],
      [BORDER - 8, [1, 2, 3, 4, 5, 6, 7, 8]], [BORDER, [0x11, 0x12, 0x13, 0x14]], [ALIAS, [0x91, 0x92, 0x93, 0x94]],
    ],
  }, undefined],
  ['INVLPG reads a register that nothing else reads and an instruction that the region calls changes', {
    // mov edx, 80h; mov edi, shortly before a border; insb; invlpg [edi]; inc ebx
    map: { [BORDER]: ALIAS },
    at: [[CODE, [...moveTo(EDX, 0x80), ...moveTo(EDI, BORDER - HALF), ...loop(TIMES, [0x6c, 0x0f, 0x01, 0x3f, 0x43]), ...EXIT]]],
  }, TIMES],
  ['a repetition of no iterations', {
    // mov [edi], ecx; xor edx, edx; xchg edx, ecx; rep stosd with ECX 0; xchg back; inc ebx
    at: [[CODE, [...moveTo(EDI, DATA), ...loop(TIMES, [0x89, 0x0f, 0x31, 0xd2, 0x87, 0xd1, 0xf3, 0xab, 0x87, 0xd1, 0x43]), ...EXIT]]],
  }, TIMES],
  ['string sources in FS and GS', {
    // mov esi, data; gs lodsd; add ebx, eax; fs movsb to the byte behind; xor eax, eax; mov edx, ebx; mov ebx, data; gs xlat; mov ebx, edx
    at: [
      [CODE, [...moveTo(EDI, DATA + 8), ...loop(TIMES, [...moveTo(ESI, DATA), 0x65, 0xad, 0x01, 0xc3, 0x64, 0xa4, 0x4f, 0x31, 0xc0, 0x89, 0xda, ...moveTo(EBX, DATA), 0x65, 0xd7, 0x89, 0xd3]), ...EXIT]],
      [DATA, [2, 0, 0, 0, 5]],
    ],
  }, TIMES * 2],
  ['a callee returns once to before its call', {
    // inc ebx; call. The callee: dec edx; jnz over; sub dword [esp], 6; nop; ret
    at: [[CODE, [...moveTo(EDX, HALF), ...loop(TIMES, [0x43, 0xe8, ...word(FUNCTION - CODE - 16)]), ...EXIT]], [FUNCTION, [0x4a, 0x75, 0x05, 0x83, 0x2c, 0x24, 0x06, 0x90, 0xc3]]],
  }, TIMES + 1],
];

test.each(PROGRAMS)('%s', (_, program, ebx) => {
  const { bare } = expectSame(program);
  if (ebx !== undefined) expect(bare.register(EBX)).toBe(ebx);
});
