import { Flag, Register } from '@ringbench/isa';
import { describe, expect, test } from 'vitest';
import { judge } from './support/differences-80286.js';
import { RealModeMachine, UPPER_HALF, type Bytes, type Mode, type Recording, type Registers80286, type Replay } from './support/real-mode-machine.js';

/**
 * 16-bit code with the overrides that an 80286 lacks, and the ends of a 16-bit stack: programs with results worked out from the manuals (SDM vol. 1, 3.6
 * "Operand-size and address-size attributes"; the instructions' pages of vol. 2). They end in a HLT.
 */
const machine = new RealModeMachine();
const CODE = 0x10000;
const DATA = 0x20000;
const STACK = 0x30000;
const HLT = 0xf4;
/** Where the handler of vector n is: CS, offset HANDLERS + n, a HLT each. */
const HANDLERS = 0x800;
const VECTORS = 32;
const { EAX, ECX, EDX, ESP, EBP, ESI, EDI } = Register;
const REGISTERS: Registers80286 = { ax: 0x1234, cx: 3, dx: 0, bx: 0x40, sp: 0x1000, bp: 0x80, si: 0x20, di: 0x60, es: DATA >> 4, cs: CODE >> 4, ss: STACK >> 4, ds: DATA >> 4, ip: 0x100, flags: Flag.FIXED };

const place = (at: number, bytes: readonly number[]): Bytes => bytes.map((value, i) => [at + i, value]);
const word = (value: number): number[] => [value & 0xff, (value >>> 8) & 0xff];
const doubleword = (value: number): number[] => [...word(value), ...word(value >>> 16)];

/** A program at CS:0100, `data` at DS:0000 and `written`, what it stores in memory. */
interface Program { readonly code: readonly number[]; readonly data?: Bytes; readonly init?: Partial<Registers80286>; readonly written?: Bytes }

function run({ code, data = [], init = {}, written = [] }: Program, mode: Mode = 'real'): Replay {
  const vectors = Array.from({ length: VECTORS }, (_, vector) => [...place(vector * 4, [...word(HANDLERS + vector), ...word(CODE >> 4)]), [CODE + HANDLERS + vector, HLT] as const]).flat();
  const recording: Recording = {
    op: '', name: '', bytes: '', init: { ...REGISTERS, ...init }, final: {},
    ram: [...vectors, ...place(CODE + REGISTERS.ip, [...code, HLT]), ...data.map(([at, value]) => [DATA + at, value] as const)], ramFinal: written,
  };
  return machine.replay(recording, mode);
}
const upper = (low: number): number => UPPER_HALF | low;

describe.each<Mode>(['real', 'protected'])('%s mode', (mode) => {
  test.each<[string, Program, number, number]>([
    ['66 MOV EAX,imm32', { code: [0x66, 0xb8, ...doubleword(0x89abcdef)] }, EAX, 0x89abcdef | 0],
    ['66 MOV EAX,[BX]', { code: [0x66, 0x8b, 0x07], data: place(0x40, doubleword(0x11223344)) }, EAX, 0x11223344],
    ['67 MOV AX,[EBX+ECX*4+1]', { code: [0x66, 0xbb, ...doubleword(0x10), 0x66, 0xb9, ...doubleword(2), 0x67, 0x8b, 0x44, 0x8b, 1], data: place(0x19, word(0xbeef)) }, EAX, upper(0xbeef)],
    ['67 MOV AL,moffs32', { code: [0x67, 0xa0, ...doubleword(0x123)], data: [[0x123, 0x77]] }, EAX, upper(0x1277)],
    ['67 LEA AX,[EBX]', { code: [0x67, 0x8d, 0x03] }, EAX, upper(0x40)],
    ['66 LEA EAX,[BX+SI]: 16 bits, zero-extended', { code: [0x66, 0x8d, 0x00], init: { bx: 0xfff0, si: 0x20 } }, EAX, 0x10],
    ['66 67 LEA EAX,[EBX+EBX]', { code: [0x66, 0x67, 0x8d, 0x04, 0x1b] }, EAX, ((0x5aa50040 * 2) | 0)],
    ['67 XLAT', { code: [0x66, 0xbb, ...doubleword(0xfff0), 0xb0, 0x0f, 0x67, 0xd7], data: [[0xffff, 0x99]] }, EAX, upper(0x1299)],
    ['66 CWDE', { code: [0xb8, 0x00, 0x80, 0x66, 0x98] }, EAX, 0xffff8000 | 0],
    ['66 CDQ', { code: [0x66, 0xb8, ...doubleword(0x80000000), 0x66, 0x99] }, EDX, -1],
    ['66 MOVZX EAX,BX', { code: [0x66, 0x0f, 0xb7, 0xc3] }, EAX, 0x40],
    ['66 PUSH imm8, POP EAX', { code: [0x66, 0x6a, 0xff, 0x66, 0x58], written: place(STACK + 0xffc, [0xff, 0xff, 0xff, 0xff]) }, EAX, -1],
    ['66 PUSH ES moves SP by 4', { code: [0x66, 0x06], written: place(STACK + 0xffc, word(DATA >> 4)) }, ESP, upper(0xffc)],
    ['66 PUSHA, POPA', { code: [0x66, 0x60, 0x66, 0x61], written: place(STACK + 0xfe0, [0x60, 0x20, 0x80, 0x1000, 0x40, 0, 3, 0x1234].flatMap((low) => doubleword(upper(low)))) }, EDI, upper(0x60)],
    ['66 ENTER 10h,0 copies ESP to EBP', { code: [0x66, 0xc8, 0x10, 0, 0], written: place(STACK + 0xffc, doubleword(upper(0x80))) }, EBP, upper(0xffc)],
    ['66 LEAVE takes BP for SP', { code: [0x66, 0xc9], init: { bp: 0x200 } }, ESP, upper(0x204)],
    ['LOOP counts CX', { code: [0x40, 0xe2, 0xfd] }, EAX, upper(0x1237)],
    ['67 LOOP counts ECX', { code: [0x66, 0xb9, ...doubleword(0x10001), 0x49, 0x67, 0xe2, 0x01, 0x90, 0x40] }, ECX, 0xffff],
    ['JCXZ looks at CX', { code: [0xe3, 0x01, 0x40], init: { cx: 0 } }, EAX, upper(0x1234)],
    ['67 JECXZ looks at ECX', { code: [0x67, 0xe3, 0x01, 0x40], init: { cx: 0 } }, EAX, upper(0x1235)],
    ['66 LODSD', { code: [0x66, 0xad], data: place(0x20, doubleword(0x55667788)) }, EAX, 0x55667788],
    ['66 CALL rel32 and 66 RET', { code: [0x66, 0xe8, ...doubleword(1), HLT, 0x66, 0xc3], written: place(STACK + 0xffc, doubleword(0x106)) }, ESP, upper(0x1000)],
  ])('%s', (_, program, register, expected) => {
    const result = run(program, mode);
    expect([result.halted, result.exceptions, result.memory, result.wide[register]]).toEqual([true, [], [], expected]);
  });

  test('67 REP MOVSB takes ECX, ESI and EDI', () => {
    const code = [0x66, 0xb9, ...doubleword(2), 0x66, 0xbe, ...doubleword(0x20), 0x66, 0xbf, ...doubleword(0xfffe), 0xf3, 0x67, 0xa4];
    const result = run({ code, data: place(0x20, [5, 6]), written: place(DATA + 0xfffe, [5, 6]) }, mode);
    expect([result.memory, result.wide[ECX], result.wide[ESI], result.wide[EDI]]).toEqual([[], 0, 0x22, 0x10000]);
  });
  test('REP MOVSB wraps SI and DI and leaves the upper halves', () => {
    const result = run({ code: [0xf3, 0xa4], init: { si: 0xffff, di: 0xfffe }, data: [...place(0xffff, [5]), ...place(0, [6, 7])], written: [[DATA + 0xfffe, 5], [DATA + 0xffff, 6], [DATA, 7]] }, mode);
    expect([result.memory, result.wide[ECX], result.wide[ESI], result.wide[EDI]]).toEqual([[], upper(0), upper(2), upper(1)]);
  });
});

describe('faults in real mode', () => {
  test.each<[string, Program, number]>([
    ['a 32-bit offset beyond the segment', { code: [0x67, 0x8b, 0x03] }, 13],
    ['the same through EBP, which means SS', { code: [0x67, 0x8b, 0x45, 0x00] }, 12],
    ['a doubleword across the end of the segment', { code: [0x66, 0x8b, 0x07], init: { bx: 0xfffd } }, 13],
    ['a jump beyond the segment', { code: [0x66, 0xe9, ...doubleword(0x10000)] }, 13],
    ['a near return beyond the segment', { code: [0x66, 0xc3], data: place(STACK - DATA + 0x1000, doubleword(0x10000)) }, 13],
    ['a far pointer across the end of the segment', { code: [0xc4, 0x07], init: { bx: 0xfffe } }, 13],
    ['POP with an odd pointer at the end of the stack', { code: [0x58], init: { sp: 0xffff } }, 12],
    ['RETF with its second word across the end', { code: [0xcb], init: { sp: 0xfffd } }, 12],
  ])('%s: vector %#', (_, program, vector) => {
    const result = run(program);
    expect([result.exceptions, result.registers.ip]).toEqual([[vector], HANDLERS + vector + 1]);
  });

  test('a PUSH for which there is no room shuts the processor down', () => {
    const result = run({ code: [0x50], init: { sp: 1 } });
    expect([result.halted, result.exceptions, result.registers.sp]).toEqual([false, [], 1]);
  });
});

test('66 RETF and 66 IRET take doublewords', () => {
  const frame = [...doubleword(0x180), ...doubleword(0x5555_0000 | (CODE >> 4)), ...doubleword(Flag.FIXED | Flag.CF | Flag.ID)];
  const data = [...place(STACK - DATA + 0x1000, frame), [CODE - DATA + 0x180, HLT] as const];
  const far = run({ code: [0x66, 0xcb], data });
  expect([far.registers.ip, far.registers.cs, far.registers.sp]).toEqual([0x181, CODE >> 4, 0x1008]);
  const interrupt = run({ code: [0x66, 0xcf], data });
  expect([interrupt.registers.ip, interrupt.registers.sp, interrupt.registers.flags]).toEqual([0x181, 0x100c, Flag.FIXED | Flag.CF | Flag.ID]);
});

describe('the judgement of a recording', () => {
  /** ADC [BX],AX: 1234h + 1 + carry. */
  const recorded: Recording = {
    op: '11', name: 'adc [bx],ax', bytes: '1107f4', init: { ...REGISTERS, flags: Flag.FIXED | Flag.CF },
    ram: [...place(CODE + REGISTERS.ip, [0x11, 0x07, HLT]), ...place(DATA + 0x40, word(1))],
    final: { ip: REGISTERS.ip + 3, flags: Flag.FIXED }, ramFinal: place(DATA + 0x40, word(0x1236)),
  };
  const withFinal = (change: Partial<Registers80286>): Recording => ({ ...recorded, final: { ...recorded.final, ...change } });

  // PF: 36h has four ones.
  const right = withFinal({ flags: Flag.FIXED | Flag.PF });
  test('agrees with the right one', () => expect(judge(machine, right)).toEqual({ kind: 'passed', replaced: undefined, masks: [] }));
  test.each<[string, Recording]>([
    ['a flag', recorded], ['a register', { ...right, final: { ...right.final, dx: 1 } }], ['the instruction pointer', { ...right, final: { ...right.final, ip: 0x102 } }],
    ['a byte', { ...right, ramFinal: place(DATA + 0x40, word(0x1237)) }], ['a byte that is not written', { ...right, ramFinal: [...right.ramFinal, [DATA, 1]] }],
    ['a byte that should not be written', { ...right, ramFinal: [] }], ['an exception', { ...right, exception: 0 }],
  ])('sees %s', (_, wrong) => expect(judge(machine, wrong).kind).toBe('different'));
});
