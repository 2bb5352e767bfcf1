import { HOT_SET, type HotSet } from '@ringbench/interpreter';
import { CPU_MODEL_NAMES, CR0, Flag, Register, Vector, type CpuModelName } from '@ringbench/isa';
import { describe, expect, test } from 'vitest';
import { BareMachine, CODE, entryOf, EXIT, word, type Program } from './support/bare-machine.js';

/** Code on each CPU model: which processor a program that looks finds, and what undefined opcodes do. */

const NO_HOT_LOOP: HotSet = { operations: [], pairs: [] };
const SLICE = 1000;
const HANDLER = 0x9000;
const PAGE = 0x5000;
const { EBX, EDI } = Register;

const MOV_EBX = 0xbb;
const MOV_EDI = 0xbf;
const JZ = 0x74;

function registerAfter(bare: BareMachine, program: Program, register: number): number {
  bare.load(program);
  bare.finish(SLICE);
  return bare.register(register);
}

/** How EFLAGS is loaded from EAX: POPF; or IRET, from a frame that returns behind it, for code at an address. */
const LOADERS = {
  popf: () => [0x50, 0x9d],
  iret: (at: number) => [0x50, 0x0e, 0x68, ...word(at + 8), 0xcf],
} as const;

/** Sets ZF unless a flag can be toggled: the way of the manuals (Intel application note 485) to tell the generations apart. */
function toggle(at: number, flag: number, load: (at: number) => readonly number[]): number[] {
  const begin = [0x9c, 0x58, 0x89, 0xc1, 0x35, ...word(flag)]; // pushf; pop eax; mov ecx,eax; xor eax,flag
  const loaded = load(at + begin.length);
  return [...begin, ...loaded, 0x9c, 0x58, 0x31, 0xc8, 0x51, 0x9d, 0xa9, ...word(flag)]; // pushf; pop eax; xor eax,ecx; push ecx; popf; test eax,flag
}

/** EBX becomes 3 where AC does not exist, 4 where ID does not, else the family that CPUID tells. */
function identification(load: (at: number) => readonly number[]): number[] {
  const cpuid = [0xb8, ...word(1), 0x0f, 0xa2, 0xc1, 0xe8, 8, 0x83, 0xe0, 15, 0x89, 0xc3]; // mov eax,1; cpuid; shr eax,8; and eax,15; mov ebx,eax
  const code = [MOV_EBX, ...word(3)];
  code.push(...toggle(CODE + code.length, Flag.AC, load));
  const idTest = toggle(CODE + code.length + 3, Flag.ID, load); // behind the jump and the increment
  return [...code, JZ, 1 + idTest.length + 2 + cpuid.length, 0x43, ...idTest, JZ, cpuid.length, ...cpuid, ...EXIT];
}

describe.each(CPU_MODEL_NAMES)('a program that identifies an %s', (cpu) => {
  const family = CPU_MODEL_NAMES.indexOf(cpu) + 3;
  test.each(['popf', 'iret'] as const)('by EFLAGS from %s, in handlers and in the hot loop', (loader) => {
    const program = { at: [[CODE, identification(LOADERS[loader])]] } as const;
    for (const hot of [NO_HOT_LOOP, HOT_SET]) expect(registerAfter(new BareMachine(hot, undefined, cpu), program, EBX)).toBe(family);
  });
});

const SINCE_486: readonly CpuModelName[] = ['i486', 'i586', 'i686'];
const SINCE_PENTIUM: readonly CpuModelName[] = ['i586', 'i686'];
const PENTIUM_PRO: readonly CpuModelName[] = ['i686'];
const UP_TO_486: readonly CpuModelName[] = ['i386', 'i486'];

/** Instructions, with what they need in ECX, and the models that have them. */
const INSTRUCTIONS: readonly (readonly [string, readonly number[], readonly CpuModelName[]])[] = [
  ['BSWAP', [0x0f, 0xc8], SINCE_486], ['XADD', [0x0f, 0xc1, 0xc1], SINCE_486], ['CMPXCHG', [0x0f, 0xb1, 0xc1], SINCE_486],
  ['INVD', [0x0f, 0x08], SINCE_486], ['WBINVD', [0x0f, 0x09], SINCE_486], ['INVLPG', [0x0f, 0x01, 0x38], SINCE_486],
  ['CPUID', [0x0f, 0xa2], SINCE_PENTIUM], ['RDTSC', [0x0f, 0x31], SINCE_PENTIUM], ['RDMSR', [0xb9, ...word(0x10), 0x0f, 0x32], SINCE_PENTIUM], ['WRMSR', [0xb9, ...word(0x10), 0x0f, 0x30], SINCE_PENTIUM],
  ['CMPXCHG8B', [0x0f, 0xc7, 0x0d, ...word(PAGE)], SINCE_PENTIUM], ['MOV EAX,CR4', [0x0f, 0x20, 0xe0], SINCE_PENTIUM], ['MOV CR4,EAX', [0x31, 0xc0, 0x0f, 0x22, 0xe0], SINCE_PENTIUM],
  ['CMOVE', [0x0f, 0x44, 0xc1], PENTIUM_PRO], ['RDPMC', [0x31, 0xc9, 0x0f, 0x33], PENTIUM_PRO], ['hint NOP', [0x0f, 0x1f, 0x00], PENTIUM_PRO], ['FCMOVB', [0xda, 0xc0], PENTIUM_PRO], ['FCOMI', [0xdb, 0xf1], PENTIUM_PRO],
  ['MOV EAX,TR6', [0x0f, 0x24, 0xf0], UP_TO_486], ['MOV TR7,EAX', [0x0f, 0x26, 0xf8], UP_TO_486], ['MOV EAX,TR3', [0x0f, 0x24, 0xd8], ['i486']],
  ['LOCK BT', [0xf0, 0x0f, 0xa3, 0x05, ...word(PAGE)], ['i386']], ['MOV EAX,CR3', [0x0f, 0x20, 0xd8], CPU_MODEL_NAMES], ['UD2', [0x0f, 0x0b], []],
];

describe.each(CPU_MODEL_NAMES)('undefined opcodes of the %s', (cpu) => {
  const machines = [new BareMachine(NO_HOT_LOOP, undefined, cpu), new BareMachine(HOT_SET, undefined, cpu)];
  test.each(INSTRUCTIONS)('%s', (_, bytes, models) => {
    const program: Program = {
      at: [[CODE, [MOV_EDI, ...word(0), ...bytes, ...EXIT]], [HANDLER, [MOV_EDI, ...word(Vector.UD), ...EXIT]]],
      handlers: { [Vector.UD]: HANDLER },
    };
    for (const bare of machines) expect(registerAfter(bare, program, EDI)).toBe(models.includes(cpu) ? 0 : Vector.UD);
  });
});

describe('CR0.WP', () => {
  test.each(CPU_MODEL_NAMES)('a supervisor writes to a read-only page of an %s', (cpu) => {
    const code = [
      0xc7, 0x05, ...word(entryOf(PAGE)), ...word(PAGE | 1), // mov dword [entry],page|present
      0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8, // mov eax,cr3; mov cr3,eax
      0x0f, 0x20, 0xc0, 0x0d, ...word(CR0.WP), 0x0f, 0x22, 0xc0, // mov eax,cr0; or eax,WP; mov cr0,eax
      MOV_EDI, ...word(0), 0xa2, ...word(PAGE), ...EXIT, // mov [page],al
    ];
    const program: Program = { at: [[CODE, code], [HANDLER, [MOV_EDI, ...word(Vector.PF), ...EXIT]]], handlers: { [Vector.PF]: HANDLER }, map: {} };
    for (const hot of [NO_HOT_LOOP, HOT_SET]) expect(registerAfter(new BareMachine(hot, undefined, cpu), program, EDI)).toBe(cpu === 'i386' ? 0 : Vector.PF);
  });
});
