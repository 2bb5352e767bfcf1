import { Flag, Vector } from '@ringbench/isa';
import type { GuestCheck } from '../guest-check.js';
import type { KernelGuest } from '../kernel-guest.js';
import { KERNEL_STACK, VIRTUAL_8086_CODE, VIRTUAL_8086_STACK } from '../memory-map.js';
import { at, DS, EAX, EBX, ECX, EDI, ES, ESI, ESP, FS, GS, SS } from '../operands.js';

const CODE_PARAGRAPH = VIRTUAL_8086_CODE >> 4;
const STACK_PARAGRAPH = VIRTUAL_8086_STACK >> 4;
const STACK_POINTER = 0x1000;
const DATA_PARAGRAPH = 0x1234;
const IOPL_3 = Flag.IOPL;

/** Runs 16-bit code at CODE_PARAGRAPH:0 in virtual-8086 mode. An exception in it ends the attempt; `log offset` is EIP itself. */
function virtual8086(guest: KernelGuest, code: readonly number[], flags: number): void {
  const start = guest.newLabel('code16');
  const end = guest.newLabel('end16');
  guest.routine(start, (inner) => inner.raw(...code).label(end));
  guest.cld().mov(ESI, start).mov(EDI, VIRTUAL_8086_CODE).mov(ECX, end).alu('sub', ECX, start).raw(0xf3, 0xa4);
  guest.attempt((inner) => {
    inner.mov(at('try start'), 0);
    for (const selector of [0x0a11, 0x0b22, DATA_PARAGRAPH, DATA_PARAGRAPH]) inner.push(selector); // GS FS DS ES
    inner.push(STACK_PARAGRAPH).push(STACK_POINTER).push(Flag.FIXED | Flag.VM | flags).push(CODE_PARAGRAPH).push(0).iret();
  });
}

/** The words of the log for an exception at an offset of that code. */
const fault16 = (vector: number, at16: number, error = 0): readonly number[] => [vector | (CODE_PARAGRAPH << 16), error, at16];

const STORE_AX_AT_0 = [0xa3, 0x00, 0x00] as const;
const UD2 = [0x0f, 0x0b] as const;
const DATA = DATA_PARAGRAPH << 4;

export const VIRTUAL_8086_CHECKS: readonly GuestCheck[] = [
  {
    name: 'virtual-8086: entered by IRET; paragraphs, not descriptors; left by an exception with all segments on the stack',
    manual: 'SDM vol. 3, 20.2 and 20.3',
    code: (guest) => {
      guest.handle(Vector.UD, 'frame');
      guest.routine('frame', (inner) => {
        for (const depth of [0, 4, 8, 12, 16, 20, 24, 28, 32]) inner.raw(0x36).mov(EAX, at(ESP, depth)).push(EAX);
        // DS is null here, as SDM vol. 3, 20.3.1 says; the nine words lie on the stack, interleaved no more.
        for (const register of [DS, ES, FS, GS]) inner.mov(EAX, register).push(EAX);
        inner.mov(EBX, ESP).mov(EAX, SS).mov(DS, EAX).mov(ES, EAX).mov(ECX, 4);
        inner.label('null segments').mov(EAX, at(EBX)).log(EAX).alu('add', EBX, 4).decrementAndJump('null segments');
        inner.mov(EBX, KERNEL_STACK - 36).mov(ECX, 9).label('frame words').mov(EAX, at(EBX)).log(EAX).alu('add', EBX, 4).decrementAndJump('frame words').jmp('finish');
      });
      virtual8086(guest, [0x8c, 0xd8, ...STORE_AX_AT_0, ...UD2], IOPL_3); // MOV AX, DS
    },
    expected: [0, 0, 0, 0, 5, CODE_PARAGRAPH, Flag.FIXED | Flag.VM | IOPL_3 | Flag.RF, STACK_POINTER, STACK_PARAGRAPH, DATA_PARAGRAPH, DATA_PARAGRAPH, 0x0b22, 0x0a11],
  },
  {
    name: 'virtual-8086: 16-bit code reads and writes by paragraph; the kernel sees it in memory',
    manual: 'SDM vol. 3, 20.1.1',
    code: (guest) => {
      guest.mov(at(DATA), 0).mov(at(DATA + 16), 0);
      virtual8086(guest, [0xb8, 0x35, 0x12, 0x8e, 0xc0, 0xb8, 0xfe, 0xca, ...STORE_AX_AT_0, 0x26, ...STORE_AX_AT_0, ...UD2], IOPL_3); // MOV AX, 1235h; MOV ES, AX; MOV AX, CAFEh; store at DS:0 and ES:0
      guest.logMemory(DATA).logMemory(DATA + 16);
    },
    expected: [...fault16(Vector.UD, 15), 0xcafe, 0xcafe],
  },
  {
    name: 'virtual-8086: with IOPL below 3, CLI, STI, PUSHF, POPF, INT n and IRET raise #GP(0); INT3 does not',
    manual: 'SDM vol. 3, 20.2.7',
    code: (guest) => {
      for (const opcode of [[0xfa], [0xfb], [0x9c], [0x9d], [0xcd, 0x32], [0xcf], [0xf4]]) virtual8086(guest, opcode, 0);
      virtual8086(guest, [0xcc], 0);
    },
    expected: [...Array.from({ length: 7 }, () => fault16(Vector.GP, 0)).flat(), ...fault16(Vector.BP, 1)],
  },
  {
    name: 'virtual-8086: with IOPL 3 they work, and INT n goes through the protected-mode IDT to ring 0',
    manual: 'SDM vol. 3, 20.2.7 and 20.3.1',
    code: (guest) => {
      virtual8086(guest, [0xfa, 0xfb, 0x9c, 0x58, ...STORE_AX_AT_0, 0xcd, 0x32], IOPL_3); // CLI; STI; PUSHF; POP AX; store; INT 32h
      guest.mov(EAX, at(DATA)).alu('and', EAX, Flag.IF | Flag.IOPL).log(EAX);
      virtual8086(guest, [0xcd, 0x30], IOPL_3); // the gate's DPL of 0 is below CPL 3
    },
    expected: [...fault16(0x32, 9), Flag.IF | Flag.IOPL, ...fault16(Vector.GP, 0, 0x30 * 8 + 2)],
  },
  {
    name: 'virtual-8086: offsets end at FFFFh; protected-mode instructions are undefined; ports need the map',
    manual: 'SDM vol. 3, 20.1.1, 20.2.8 and 20.2.10',
    code: (guest) => {
      virtual8086(guest, [0xbb, 0xff, 0xff, 0x8b, 0x07], IOPL_3); // MOV BX, FFFFh; MOV AX, [BX]
      virtual8086(guest, [0x0f, 0x00, 0xc0], IOPL_3); // SLDT AX
      virtual8086(guest, [0x0f, 0x02, 0xc0], IOPL_3); // LAR AX, AX
      virtual8086(guest, [0xe4, 0x40], IOPL_3); // IN AL, 40h: closed in the map whatever IOPL is
      virtual8086(guest, [0xe6, 0x80, ...UD2], 0); // OUT 80h, AL: open
    },
    expected: [...fault16(Vector.GP, 3), ...fault16(Vector.UD, 0), ...fault16(Vector.UD, 0), ...fault16(Vector.GP, 0), ...fault16(Vector.UD, 2)],
  },
];
