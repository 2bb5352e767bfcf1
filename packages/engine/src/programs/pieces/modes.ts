import { Flag } from '@ringbench/isa';
import { at, DS, EAX, ECX, EDI, EDX, ES, ESI, ESP, FS, GS, SS } from '../../conformance/operands.js';
import { KERNEL_STACK, Selector } from '../../conformance/memory-map.js';
import type { Dice } from '../dice.js';
import { instructionOf, ROWS, showsX87Selectors } from '../instructions.js';
import { LOW_CODE, LOW_DATA, LOW_STACK, OWN_TABLE } from '../places.js';
import type { ProgramKernel } from '../program-kernel.js';
import { anyFlags, pagingOff, someSteps, type PieceKind } from './piece.js';

/** 16-bit code: in virtual-8086 mode, in real mode, and in 16-bit segments of protected mode. */

const PARAGRAPH = 4;
const LOW_STACK_POINTER = 0xf00;
const SYSTEM_CALL_16 = [0xcd, 0x33] as const; // INT 33h, LEAVE_RING3
const SENSITIVE_16: readonly (readonly number[])[] = [[0xfa], [0xfb], [0x9c, 0x58], [0x9c, 0x9d], [0xcd, 0x32], [0xe4, 0x80], [0xe6, 0x80], [0x0e, 0x07], [0x8c, 0xd8], [0x1e, 0x07], [0x9c, 0x0e, 0xe8, 0, 0], [0xcc], [0x66, 0x9c, 0x66, 0x58], [0x06, 0x1f]];
const CODE_SLOT = Selector.BEHIND_TABLE;
const DATA_SLOT = Selector.BEHIND_TABLE + 8;
const POINTER = OWN_TABLE + 0x810;
const REAL_POINTER = OWN_TABLE + 0x820;
/** In LOW_CODE's segment: the handler of real mode's exceptions, and before it the place where it goes in the end. */
const REAL_HANDLER = 0x3000;
const REAL_EXIT = REAL_HANDLER - 8;

/** 16-bit instructions. `avoid` are mnemonics that must not be among them. */
function code16(dice: Dice, count: number, avoid: readonly string[] = []): number[] {
  const rows = ROWS.all.filter(({ mnemonic, traits }) => !avoid.includes(mnemonic) && (traits.endsBlock !== true || dice.oneIn(3)));
  const bytes: number[] = [];
  for (let made = 0; made < count; made++) {
    const next = dice.oneIn(2) ? dice.pick(SENSITIVE_16) : instructionOf(dice.oneIn(2) ? dice.pick(ROWS.compute) : dice.pick(rows), dice, false);
    if (!showsX87Selectors([...bytes.slice(-1), ...next])) bytes.push(...next);
  }
  return bytes;
}

/** Copies what is written here to LOW_CODE. */
function copyLow(guest: ProgramKernel, bytes: readonly number[]): void {
  const start = guest.newLabel('low');
  guest.jmp(`${start} end`).label(start).raw(...bytes).label(`${start} end`);
  guest.cld().mov(ESI, start).mov(EDI, LOW_CODE).mov(ECX, bytes.length).raw(0xf3, 0xa4);
}

function virtual8086(guest: ProgramKernel, dice: Dice): void {
  const bytes = [...code16(dice, dice.between(3, 14)), ...SYSTEM_CALL_16];
  guest.inRing0(0, (inner) => copyLow(inner, bytes));
  guest.inRing0(dice.below(20), (inner) => {
    for (const register of [EAX, ECX, EDX]) inner.mov(register, dice.word());
    inner.mov(ESI, dice.below(0x1000)).mov(EDI, dice.below(0x1000));
    for (const data of [LOW_DATA, LOW_DATA + 0x1230, LOW_DATA, LOW_DATA + 0x800]) inner.push(data >> PARAGRAPH); // GS FS DS ES
    inner.push(LOW_STACK >> PARAGRAPH).push(dice.oneIn(8) ? dice.below(8) : LOW_STACK_POINTER).push(anyFlags(dice, Flag.IOPL | Flag.IF | Flag.NT) | Flag.VM | (dice.oneIn(4) ? Flag.IOPL : 0)).push(LOW_CODE >> PARAGRAPH).push(0).iret();
  });
}

/** 16-bit code and data segments, from a table of the program's own. */
function lowTable(guest: ProgramKernel): void {
  guest.cld().mov(ESI, 'global table').mov(EDI, OWN_TABLE).mov(ECX, Selector.BEHIND_TABLE / 4).raw(0xf3, 0xa5);
  const put = (slot: number, base: number, access: number): unknown => guest.mov(at(OWN_TABLE + slot), 0xffff | (base << 16)).mov(at(OWN_TABLE + slot + 4), (base >>> 16) | (access << 8));
  put(CODE_SLOT, LOW_CODE, 0x9b);
  put(DATA_SLOT, LOW_DATA, 0x93);
  guest.mov(at(POINTER), (DATA_SLOT + 7) | (OWN_TABLE << 16)).mov(at(POINTER + 4), OWN_TABLE >>> 16).lgdt(at(POINTER));
}

/**
 * The handler of real mode's exceptions: the code goes on a byte later, `steps` times, then at the far pointer at REAL_EXIT, both in the handler's own segment.
 * 16-bit code; its counter is its last byte.
 */
function realModeHandler(steps: number): readonly number[] {
  const [leave, low, high] = [REAL_EXIT, REAL_EXIT & 0xff, REAL_EXIT >> 8];
  const skip = [0xff, 0x46, 0x02, 0x5d, 0xcf]; // INC WORD [BP+2]; POP BP; IRET
  // POP BP; ADD SP, 4; JMP FAR CS:[REAL_EXIT]
  const exit = [0x5d, 0x83, 0xc4, 0x04, 0x2e, 0xff, 0x2e, low, high];
  const counter = REAL_HANDLER + 10 + skip.length + exit.length;
  if (leave + 4 > REAL_HANDLER) throw new Error('the far pointer is in the handler');
  // PUSH BP; MOV BP, SP; DEC BYTE CS:[counter]; JS exit
  return [0x55, 0x89, 0xe5, 0x2e, 0xfe, 0x0e, counter & 0xff, counter >> 8, 0x78, skip.length, ...skip, ...exit, steps];
}

/**
 * Real mode and back, with the limits that virtual-8086 mode has or, now and then, with the flat segments of protected mode left in some registers ("unreal
 * mode"). The real-mode table has a handler for every vector, which skips a byte.
 */
function realMode(guest: ProgramKernel, dice: Dice): void {
  const code = code16(dice, dice.between(2, 8), ['hlt', 'lidt', 'lgdt', 'lmsw', 'mov-to-cr', 'retf', 'jmpf', 'callf']);
  // XOR AX, AX and the data segments; then the code; MOV EAX, CR0; OR AL, 1; MOV CR0, EAX; JMP 08:back, 32 bits.
  const back = guest.newLabel('back');
  const start = guest.newLabel('real');
  const leave = guest.newLabel('leave real mode');
  guest.inRing0(0, (inner) => {
    // There is no real mode with paging.
    lowTable(inner);
    pagingOff(inner);
    inner.jmp(`${start} end`).label(start);
    inner.raw(0x0f, 0x20, 0xc0, 0x24, 0xfe, 0x0f, 0x22, 0xc0, 0xea, 14 & 0xff, 0, (LOW_CODE >> PARAGRAPH) & 0xff, LOW_CODE >> (PARAGRAPH + 8)); // to real mode
    inner.nop(1).raw(0xb8, (LOW_DATA >> PARAGRAPH) & 0xff, LOW_DATA >> (PARAGRAPH + 8), 0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xe0, 0x8e, 0xe8, 0x8e, 0xd0, 0xbc, 0, 0x0f);
    inner.raw(...code).label(leave);
    inner.raw(0xfa, 0x0f, 0x20, 0xc0, 0x0c, 1, 0x0f, 0x22, 0xc0, 0x66, 0xea).long(back).word(Selector.KERNEL_CODE).label(`${start} end`);
    inner.cld().mov(ESI, start).mov(EDI, LOW_CODE).mov(ECX, `${start} end`).alu('sub', ECX, start).raw(0xf3, 0xa4);
    inner.mov(EAX, leave).alu('sub', EAX, start).alu('or', EAX, (LOW_CODE >> PARAGRAPH) << 16).mov(at(LOW_CODE + REAL_EXIT), EAX);
    realModeHandler(someSteps(dice)).forEach((byte, index) => inner.movByte(at(LOW_CODE + REAL_HANDLER + index), byte));
    inner.mov(EDI, 0).mov(EAX, (LOW_CODE << 12) | REAL_HANDLER).mov(ECX, 64).raw(0xf3, 0xab).mov(at(REAL_POINTER), 0x3ff).mov(at(REAL_POINTER + 4), 0);
    inner.lidt(at(REAL_POINTER));
    const keepsFlat = dice.oneIn(4);
    for (const register of [DS, ES, FS, GS, SS]) inner.mov(EAX, keepsFlat && dice.oneIn(2) ? Selector.KERNEL_DATA : DATA_SLOT).mov(register, EAX);
    inner.mov(ESP, LOW_STACK_POINTER).jmpFar(CODE_SLOT, 0);
    inner.label(back).mov(EAX, Selector.KERNEL_DATA);
    for (const register of [DS, ES, FS, GS, SS]) inner.mov(register, EAX);
    inner.mov(ESP, KERNEL_STACK).lidt(at('interrupt pointer'));
  });
}

/** 16-bit code and stack of protected mode, in ring 0: sizes of stacks and operands, wraps at 64 KB. */
function segments16(guest: ProgramKernel, dice: Dice): void {
  guest.inRing0(0, (inner) => {
    lowTable(inner);
    copyLow(inner, [...code16(dice, dice.between(2, 8), ['hlt']), ...SYSTEM_CALL_16]);
  });
  guest.inRing0(dice.below(6), (inner) => {
    inner.mov(EAX, DATA_SLOT).mov(DS, EAX).mov(ES, EAX).mov(SS, EAX).mov(ESP, dice.oneIn(6) ? 0x12340000 | LOW_STACK_POINTER : LOW_STACK_POINTER).pushfd().pop(EDX).jmpFar(CODE_SLOT, 0);
  });
}

export const MODE_PIECES: readonly PieceKind[] = [
  { name: 'virtual-8086', weight: 4, emit: virtual8086 },
  { name: 'real-mode', weight: 2, emit: realMode },
  { name: '16-bit-segments', weight: 3, emit: segments16 },
];
