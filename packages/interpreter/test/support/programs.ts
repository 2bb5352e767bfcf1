import { CODE, entryOf, EXIT, word, type Program } from './bare-machine.js';

/** Short guest programs with what they must compute, each a trap for an executor that caches decoded code. Registers by number: EAX 0 … EDI 7. */
export interface NamedProgram extends Program {
  readonly name: string;
  readonly expected: Readonly<Record<number, number>>;
}

const EAX = 0, ECX = 1, EDX = 2, EBX = 3, EBP = 5, ESI = 6, EDI = 7;
const PAGE_FAULT = 14;
const INVALID_OPCODE = 6;
const GENERAL_PROTECTION = 13;
const LAST_BYTE = 0xffffffff;
const HANDLER = 0xa000;
const SECOND = 0x9000;
const ALIAS = 0x50000;

const moveTo = (register: number, value: number): number[] => [0xb8 | register, ...word(value)]; // mov register, value
const storeAt = (address: number, value: number): number[] => [0xc7, 0x05, ...word(address), ...word(value)]; // mov dword [address], value
const storeByteAt = (address: number, value: number): number[] => [0xc6, 0x05, ...word(address), value]; // mov byte [address], value
const call = (register: number): number[] => [0xff, 0xd0 | register]; // call register
const RET = 0xc3;
const AT_BORDER = SECOND - 4;
const jumpFrom = (here: number, to: number): number[] => [0xe9, ...word(to - here - 5)]; // jmp to
const invalidate = (address: number): number[] => [0x0f, 0x01, 0x3d, ...word(address)]; // invlpg [address]
const RELOAD_CR3 = [0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8]; // mov eax, cr3; mov cr3, eax
/** Page-fault handler: drops the error code, notes EFLAGS of the frame in EBP, counts in EDI, makes the second page present, returns. */
const mapSecondPage = [0x83, 0xc4, 0x04, /* add esp, 4 */ 0x8b, 0x6c, 0x24, 0x08, /* mov ebp, [esp+8] */ 0x47, /* inc edi */ ...storeAt(entryOf(SECOND), SECOND | 3), 0xcf /* iret */];
const DATA = 0x30000;
/** The same without registers: counts in [DATA]. */
const mapSecondPageQuietly = [0x83, 0xc4, 0x04, 0xff, 0x05, ...word(DATA), ...storeAt(entryOf(SECOND), SECOND | 3), 0xcf];
const REP_MOVSB = [0xf3, 0xa4];
const REP_MOVSD = [0xf3, 0xa5];
const REP_STOSB = [0xf3, 0xaa];
const REP_STOSD = [0xf3, 0xab];
const repeatSetup = (from: number, to: number, count: number): number[] => [...moveTo(ESI, from), ...moveTo(EDI, to), ...moveTo(ECX, count)];
const loadSecond = [0x8b, 0x0d, ...word(SECOND)]; // mov ecx, [SECOND]

export const PROGRAMS: readonly NamedProgram[] = [
  {
    // 0F FF is #UD; the handler makes it 0F 1F, a NOP, and returns to it.
    name: 'bytes that were no instruction become one by a change behind the first', expected: { [EBX]: 7, [EDI]: 1 }, handlers: { [INVALID_OPCODE]: HANDLER },
    at: [[CODE, [...moveTo(EBX, 3), 0x90, 0x0f, 0xff, 0xc3, ...moveTo(EBX, 7), ...EXIT]], [HANDLER, [0x47 /* inc edi */, ...storeByteAt(CODE + 7, 0x1f), 0xcf]]],
  },
  {
    // The last byte of the address space is FF where nothing is. FF 00, INC, goes beyond the limit; the handler makes it FF FF, which is no instruction, and returns to it.
    name: 'code beyond the limit of CS changes', expected: { [EBX]: 1, [EDI]: 1 }, handlers: { [GENERAL_PROTECTION]: HANDLER, [INVALID_OPCODE]: SECOND },
    at: [
      [CODE, [...moveTo(EAX, LAST_BYTE), 0xff, 0xe0 /* jmp eax */]],
      [HANDLER, [0x83, 0xc4, 0x04, 0x43 /* inc ebx */, ...storeByteAt(0, 0xff), 0xcf]],
      [SECOND, [0x47 /* inc edi */, ...EXIT]],
    ],
  },
  {
    // At the page's end: inc ebx; jmp esi. Jumped to once, it becomes mov ebx, 44332211h across the border; then another page is mapped behind the border.
    name: 'a block that others are linked to comes to straddle', expected: { [EBX]: 0x55332211, [EBP]: 0x44332211 }, map: {},
    at: [
      [CODE, [
        ...moveTo(ESI, CODE + 10), ...jumpFrom(CODE + 5, AT_BORDER - 12),
        ...storeAt(AT_BORDER, 0x332211bb), ...moveTo(ESI, CODE + 30), ...jumpFrom(CODE + 25, AT_BORDER - 12),
        0x89, 0xdd /* mov ebp, ebx */, ...storeAt(entryOf(SECOND), ALIAS | 3), ...invalidate(SECOND), ...moveTo(ESI, CODE + 59), ...jumpFrom(CODE + 54, AT_BORDER - 12),
        ...EXIT,
      ]],
      [AT_BORDER - 12, [0xeb, 0x0a]], [AT_BORDER, [0x43, 0xff, 0xe6, 0x90]], [SECOND, [0x44, 0xff, 0xe6]], [ALIAS, [0x55, 0xff, 0xe6]],
    ],
  },
  {
    name: 'a store changes the next instruction of its block', expected: { [EBX]: 0x2222 },
    at: [[CODE, [...storeAt(CODE + 11, 0x2222), ...moveTo(EBX, 0x1111), ...EXIT]]],
  },
  {
    // add dword [its own immediate], immediate: 1, 2, 4, 8. The loop executes the changed bytes.
    name: 'an instruction changes its own bytes', expected: { [EBX]: 8 },
    at: [[CODE, [...moveTo(ECX, 3), 0x81, 0x05, ...word(CODE + 11), ...word(1), 0xe2, 0xf4 /* loop back to the add */, 0x8b, 0x1d, ...word(CODE + 11) /* mov ebx, [immediate] */, ...EXIT]]],
  },
  {
    name: 'a read-modify-write changes the instruction behind it', expected: { [EBX]: 0x1112 },
    at: [[CODE, [0xff, 0x05, ...word(CODE + 7) /* inc dword [immediate below] */, ...moveTo(EBX, 0x1111), ...EXIT]]],
  },
  {
    // rep stosb writes NOPs over the INC EBXs behind it.
    name: 'a repeated store runs over the code behind it', expected: { [EBX]: 1 },
    at: [[CODE, [...moveTo(EAX, 0x90), ...moveTo(ECX, 3), ...moveTo(EDI, CODE + 17), 0xf3, 0xaa, 0x43, 0x43, 0x43, 0x43, ...EXIT]]],
  },
  {
    // The function's immediate lies across the border of two 64-byte granules; then one byte at the end of a store reaches the next function's opcode.
    name: 'stores across the border of two granules', expected: { [EBX]: 0x11223344, [EDX]: 0x55667788, [ESI]: 0x55667788 },
    at: [
      [CODE, [...moveTo(EAX, CODE + 0x103d), ...call(EAX), ...moveTo(ECX, CODE + 0x1080), ...call(ECX), ...storeAt(CODE + 0x103e, 0x11223344), ...call(EAX),
        0x31, 0xf6 /* xor esi, esi */, ...storeAt(CODE + 0x107d, 0xbe909090), ...call(ECX), ...EXIT]],
      [CODE + 0x103d, [...moveTo(EBX, 1), RET]],
      [CODE + 0x107d, [0x90, 0x90, 0x90, ...moveTo(EDX, 0x55667788), RET]],
    ],
  },
  {
    name: 'a store across a page border changes the instruction that straddles it', expected: { [EBX]: 0x11223344, [ESI]: 1 },
    at: [[CODE, [...moveTo(EAX, SECOND - 3), ...call(EAX), 0x89, 0xde /* mov esi, ebx */, ...storeAt(SECOND - 2, 0x11223344), ...call(EAX), ...EXIT]], [SECOND - 3, [...moveTo(EBX, 1), RET]]],
  },
  {
    name: 'a store to the second page of a straddling instruction', expected: { [EBX]: 0x11000001, [ESI]: 1 },
    at: [[CODE, [...moveTo(EAX, SECOND - 3), ...call(EAX), 0x89, 0xde, ...storeByteAt(SECOND + 1, 0x11), ...call(EAX), ...EXIT]], [SECOND - 3, [...moveTo(EBX, 1), RET]]],
  },
  {
    name: 'the second page of a straddling instruction is absent, twice', expected: { [EBX]: 7, [EDI]: 2 }, map: { [SECOND]: 0 }, handlers: { [PAGE_FAULT]: HANDLER },
    at: [
      [CODE, [...moveTo(EAX, SECOND - 3), ...call(EAX), ...storeAt(entryOf(SECOND), 0), ...invalidate(SECOND), 0x31, 0xdb /* xor ebx, ebx */, ...call(EAX), ...EXIT]],
      [SECOND - 3, [...moveTo(EBX, 7), RET]], [HANDLER, mapSecondPage],
    ],
  },
  {
    // The tail of a cached straddling instruction comes from another page after a remapping.
    name: 'the second page of a straddling instruction is remapped', expected: { [EBX]: 0x09090007, [ESI]: 7 }, map: {},
    at: [
      [CODE, [...moveTo(ECX, SECOND - 3), ...call(ECX), 0x89, 0xde, ...storeAt(entryOf(SECOND), 0x20000 | 3), ...invalidate(SECOND), ...call(ECX), ...EXIT]],
      [SECOND - 3, [...moveTo(EBX, 7), RET]], [0x20000, [0x09, 0x09, RET]],
    ],
  },
  {
    // call $+5; pop: the EIP that the code runs at.
    name: 'one physical page executed at two linear addresses', expected: { [EBX]: SECOND + 5, [EDX]: ALIAS + 5, [ESI]: ALIAS + 5 }, map: { [ALIAS]: SECOND },
    at: [
      [CODE, [...moveTo(ECX, SECOND), ...call(ECX), 0x89, 0xc3, ...moveTo(ECX, ALIAS), ...call(ECX), 0x89, 0xc2, ...call(ECX), 0x89, 0xc6, ...EXIT]],
      [SECOND, [0xe8, ...word(0), 0x58, RET]],
    ],
  },
  {
    name: 'a store through one address changes what runs at the other', expected: { [EBX]: 1, [EDX]: 2 }, map: { [ALIAS]: SECOND },
    at: [
      [CODE, [...moveTo(ECX, SECOND), ...call(ECX), 0x89, 0xc3, ...storeByteAt(ALIAS + 1, 2), ...call(ECX), 0x89, 0xc2, ...EXIT]],
      [SECOND, [...moveTo(EAX, 1), RET]],
    ],
  },
  {
    name: 'the page of a jump target is remapped, flushed by INVLPG and by CR3', expected: { [EBX]: 1, [EDX]: 2, [ESI]: 1 }, map: { [ALIAS]: SECOND },
    at: [
      [CODE, [...moveTo(ECX, ALIAS), ...call(ECX), 0x89, 0xc3, ...storeAt(entryOf(ALIAS), 0x20000 | 3), ...invalidate(ALIAS), ...call(ECX), 0x89, 0xc2,
        ...storeAt(entryOf(ALIAS), SECOND | 3), ...RELOAD_CR3, ...call(ECX), 0x89, 0xc6, ...EXIT]],
      [SECOND, [...moveTo(EAX, 1), RET]], [0x20000, [...moveTo(EAX, 2), RET]],
    ],
  },
  {
    // The flags of ADD are overwritten by SUB, but the load between them faults: 7FFFFFFF + 1 gives OF SF AF PF.
    name: 'flags that are dead in their block are exact at a fault', expected: { [EDX]: 0, [EDI]: 1, [EBP]: 0x10896 }, map: { [SECOND]: 0 }, handlers: { [PAGE_FAULT]: HANDLER },
    at: [[CODE, [...moveTo(EAX, 0x7fffffff), ...moveTo(EBX, 1), 0x01, 0xd8 /* add eax, ebx */, 0x89, 0xc3, ...loadSecond, 0x29, 0xd2 /* sub edx, edx */, ...EXIT]], [HANDLER, mapSecondPage]],
  },
  {
    // Only CF is needed by what follows INC; the fault must see the ZF, SF, PF, AF of INC and the CF of the comparison.
    name: 'a kept carry and new flags at a fault', expected: { [EDI]: 1, [EBP]: 0x10057, [EDX]: 1 }, map: { [SECOND]: 0 }, handlers: { [PAGE_FAULT]: HANDLER },
    at: [[CODE, [...moveTo(EAX, 0xffffffff), ...moveTo(EBX, 1), 0x39, 0xc3 /* cmp ebx, eax */, 0x40 /* inc eax */, 0xc7, 0x05, ...word(SECOND), ...word(5), 0x11, 0xd2 /* adc edx, edx */, ...EXIT]], [HANDLER, mapSecondPage]],
  },
  {
    name: 'a jump to an absent page', expected: { [EDI]: 1, [EBX]: 3 }, map: { [SECOND]: 0 }, handlers: { [PAGE_FAULT]: HANDLER },
    at: [[CODE, [...moveTo(EAX, SECOND), ...call(EAX), ...EXIT]], [SECOND, [...moveTo(EBX, 3), RET]], [HANDLER, mapSecondPage]],
  },
  {
    name: 'a faulting call pushes nothing and a fault in a loop keeps its count', expected: { [ECX]: 0, [EDI]: 1, [ESI]: 0x28 }, map: { [SECOND]: 0 }, handlers: { [PAGE_FAULT]: HANDLER },
    at: [[CODE, [...moveTo(ECX, 10), ...moveTo(EBX, SECOND - 20), 0x83, 0xc6, 0x04 /* add esi, 4 */, 0x01, 0x33 /* add [ebx], esi */, 0x83, 0xc3, 0x04 /* add ebx, 4 */, 0xe2, 0xf6 /* loop */, ...EXIT]], [HANDLER, mapSecondPage]],
  },
  {
    name: 'an overlapping repeated move propagates a byte', expected: { [EBX]: 0x5a, [ECX]: 0, [EDI]: DATA + 101 },
    at: [[CODE, [...repeatSetup(DATA, DATA + 1, 100), ...REP_MOVSB, 0x0f, 0xb6, 0x1d, ...word(DATA + 100) /* movzx ebx, byte */, ...EXIT]], [DATA, [0x5a]]],
  },
  {
    name: 'a repeated move goes backwards across a page border', expected: { [EBX]: 0x04030201, [EDX]: 0x44332211, [ESI]: DATA + 0xff4, [EDI]: DATA + 0xff8 },
    at: [
      [CODE, [...repeatSetup(DATA + 0x1008, DATA + 0x100c, 5), 0xfd /* std */, ...REP_MOVSD, 0x8b, 0x1d, ...word(DATA + 0x100c), 0x8b, 0x15, ...word(DATA + 0xffc), 0xfc, ...EXIT]],
      [DATA + 0xff8, [0x11, 0x22, 0x33, 0x44]], [DATA + 0x1008, [1, 2, 3, 4]],
    ],
  },
  {
    // Misaligned: the third store is across the border into the absent page.
    name: 'a repeated store faults in the middle and goes on', expected: { [EBX]: 0x22222222, [ECX]: 0, [EDI]: SECOND + 38, [EDX]: 1 }, map: { [SECOND]: 0 }, handlers: { [PAGE_FAULT]: HANDLER },
    at: [
      [CODE, [...moveTo(EAX, 0x22222222), ...repeatSetup(0, SECOND - 10, 12), ...REP_STOSD, 0x8b, 0x1d, ...word(SECOND + 34), 0x8b, 0x15, ...word(DATA), ...EXIT]],
      [HANDLER, mapSecondPageQuietly],
    ],
  },
  {
    name: 'a repeated move reads an absent page', expected: { [EBX]: 0x33, [ECX]: 0, [ESI]: SECOND + 4, [EDX]: 1 }, map: { [SECOND]: 0 }, handlers: { [PAGE_FAULT]: HANDLER },
    at: [
      [CODE, [...repeatSetup(SECOND - 5, DATA + 0x20, 9), ...REP_MOVSB, 0x0f, 0xb6, 0x1d, ...word(DATA + 0x25), 0x8b, 0x15, ...word(DATA), ...EXIT]],
      [SECOND, [0x33, 0x34, 0x35, 0x36]], [HANDLER, mapSecondPageQuietly],
    ],
  },
  {
    name: 'a repeated move brings new code', expected: { [EBX]: 2, [EDX]: 0 },
    // inc edx three times becomes inc ebx, inc ebx, nop.
    at: [[CODE, [...repeatSetup(DATA, CODE + 17, 3), ...REP_MOVSB, 0x42, 0x42, 0x42, ...EXIT]], [DATA, [0x43, 0x43, 0x90]]],
  },
  {
    name: 'a repeated store overwrites a page that has run, and runs it again', expected: { [EBX]: 1, [ESI]: 40, [EDX]: 0 },
    at: [
      [CODE, [...moveTo(EBP, SECOND), 0xff, 0xd5 /* call ebp */, ...moveTo(EAX, 0x46 /* inc esi */), ...repeatSetup(0, SECOND, 40), ...REP_STOSB, 0xff, 0xd5, ...EXIT]],
      [SECOND, [0x43, ...Array.from({ length: 39 }, () => 0x90), RET]],
    ],
  },
];
