import { Vector } from '@ringbench/isa';
import { fault, type GuestCheck } from '../guest-check.js';
import { GUEST_MEMORY_BYTES, PAGE_BYTES, Page, SCRATCH } from '../memory-map.js';
import { at, EAX, EBX, ECX, EDI, EDX, ESI, ESP } from '../operands.js';

const OWN_MACHINE = 'RAM ends elsewhere there';
const OWN_PROCESSOR = 'another processor identifies itself';
const MOV_EAX_IMMEDIATE = 0xb8;
const RET = 0xc3;
const POST_PORT = 0x80;
const NO_DEVICE_PORT = 0x5a0;

export const INSTRUCTION_CHECKS: readonly GuestCheck[] = [
  {
    name: 'instructions: code that changes the instruction that comes next',
    manual: 'SDM vol. 3, 8.1.3: a P6 detects it',
    code: (guest) => {
      guest.mov(ECX, 3).label('again').movByte(at('patched'), MOV_EAX_IMMEDIATE).mov(at('patched operand'), ECX);
      guest.label('patched').raw(MOV_EAX_IMMEDIATE).label('patched operand').long(0).log(EAX).decrementAndJump('again');
    },
    expected: [3, 2, 1],
  },
  {
    name: 'instructions: a routine that is written anew between calls, byte by byte and by REP MOVSB',
    manual: 'SDM vol. 3, 8.1.3',
    code: (guest) => {
      guest.mov(at(SCRATCH), 0x000001b8).mov(at(SCRATCH + 4), RET << 8).mov(EBX, SCRATCH);
      for (const value of [7, 8]) guest.movByte(at(SCRATCH + 1), value).call(EBX).log(EAX).call(EBX).log(EAX);
      guest.cld().mov(ESI, 'template').mov(EDI, SCRATCH).mov(ECX, 6).raw(0xf3, 0xa4).call(EBX).log(EAX);
      guest.routine('template', (inner) => inner.mov(EAX, 0x99).ret());
    },
    expected: [7, 7, 8, 8, 0x99],
  },
  {
    name: 'instructions: code changed through another linear address, and across two pages',
    manual: 'SDM vol. 3, 8.1.3',
    code: (guest) => {
      const alias = SCRATCH + PAGE_BYTES;
      guest.enablePaging().mov(at(SCRATCH), 0x000001b8).mov(at(SCRATCH + 4), RET << 8).mov(EBX, SCRATCH).call(EBX).log(EAX);
      guest.setPage(alias, SCRATCH | Page.PRESENT | Page.WRITABLE).movByte(at(alias + 1), 5).call(EBX).log(EAX);
      const straddling = SCRATCH + 3 * PAGE_BYTES - 2;
      guest.mov(at(straddling), 0x000001b8).mov(at(straddling + 4), RET << 8).mov(EBX, straddling).call(EBX).log(EAX);
      guest.movByte(at(straddling + 3), 2).call(EBX).log(EAX).movByte(at(straddling + 1), 4).call(EBX).log(EAX);
    },
    expected: [1, 5, 1, 0x20001, 0x20004],
  },
  {
    name: 'instructions: the same frame executed at another linear address jumps relative to that',
    manual: 'SDM vol. 1, 3.3',
    code: (guest) => {
      const alias = 0x3ff000;
      // CALL $+5; POP EAX; RET
      guest.enablePaging().mov(at(SCRATCH), 0x000000e8).mov(at(SCRATCH + 4), 0x00c35800).setPage(alias, SCRATCH | Page.PRESENT);
      for (const base of [SCRATCH, alias, SCRATCH]) guest.mov(EBX, base).call(EBX).log(EAX);
    },
    expected: [SCRATCH + 5, 0x3ff005, SCRATCH + 5],
  },
  {
    name: 'instructions: 8, 16 and 32 bits at ports with and without a device',
    manual: 'SDM vol. 1, chapter 19; the decision that an empty bus reads ones',
    code: (guest) => {
      guest.mov(EDX, NO_DEVICE_PORT).clear(EAX).raw(0xec).log(EAX).clear(EAX).raw(0x66, 0xed).log(EAX).clear(EAX).raw(0xed).log(EAX);
      guest.outByte(POST_PORT, 0x5a).clear(EAX).inAl(POST_PORT).log(EAX).clear(EAX).raw(0x66, 0xe5, POST_PORT).log(EAX);
      guest.mov(EAX, 0x12345678).raw(0x66, 0xe7, POST_PORT).clear(EAX).inAl(POST_PORT).log(EAX);
      guest.mov(EAX, 0xa1b2c3d4).raw(0xe7, POST_PORT).clear(EAX).inAl(POST_PORT).log(EAX);
      // Both bytes of a word at 20h reach the interrupt controller.
      guest.mov(EAX, 0xff0a).raw(0x66, 0xe7, 0x20).clear(EAX).inAl(0x21).log(EAX);
    },
    expected: [0xff, 0xffff, 0xffffffff, 0x5a, 0x005a, 0x78, 0xd4, 0xff],
    ownTo: 'port 80h reads back what was written',
  },
  {
    name: 'instructions: INS and OUTS with REP, both directions',
    manual: 'SDM vol. 2, INS and OUTS',
    code: (guest) => {
      guest.outByte(POST_PORT, 0x77).cld().mov(at(SCRATCH), 0).mov(at(SCRATCH + 4), 0).mov(EDX, POST_PORT).mov(EDI, SCRATCH + 1).mov(ECX, 3).raw(0xf3, 0x6c).log(ECX).log(EDI).logMemory(SCRATCH);
      guest.mov(at(SCRATCH), 0x44332211).mov(ESI, SCRATCH + 3).mov(ECX, 4).raw(0xfd, 0xf3, 0x6e).log(ESI).clear(EAX).inAl(POST_PORT).log(EAX).cld();
      guest.mov(ECX, 0).mov(EDI, 1).raw(0xf3, 0x6c).log(EDI);
    },
    expected: [0, SCRATCH + 4, 0x77777700, SCRATCH - 1, 0x11, 1],
    ownTo: 'port 80h reads back what was written',
  },
  {
    name: 'instructions: physical memory where there is none reads ones and forgets writes',
    manual: 'decision: an empty bus reads ones',
    code: (guest) => {
      for (const address of [GUEST_MEMORY_BYTES, 0x40000000, 0xfffffff0 | 0]) guest.mov(at(address), 0).logMemory(address).clear(EAX).movzxByte(EAX, at(address)).log(EAX).movzxWord(EAX, at(address)).log(EAX);
      guest.mov(at(GUEST_MEMORY_BYTES - 4), 0x01020304).logMemory(GUEST_MEMORY_BYTES - 2);
      guest.mov(EBX, GUEST_MEMORY_BYTES).attempt((inner) => inner.mov(at('try start'), GUEST_MEMORY_BYTES).jmp(EBX)); // FF FF is undefined
    },
    expected: [0xffffffff, 0xff, 0xffff, 0xffffffff, 0xff, 0xffff, 0xffffffff, 0xff, 0xffff, 0xffff0102, ...fault(Vector.UD)],
    ownTo: OWN_MACHINE,
  },
  {
    name: 'instructions: address line 20 is open: the first two megabytes are different memory',
    manual: 'Multiboot Specification 0.6.96, 3.2: A20 gate enabled',
    code: (guest) => {
      guest.mov(at(0x50500), 1).mov(at(0x150500), 2).logMemory(0x50500).logMemory(0x150500);
      guest.clear(EAX).inAl(0x92).alu('and', EAX, 2).log(EAX);
    },
    expected: [1, 2, 2],
  },
  {
    name: 'instructions: CPUID, the same on every core',
    manual: 'SDM vol. 2, CPUID; decision: a Pentium Pro without x87 and without V386 mode',
    code: (guest) => {
      for (const leaf of [0, 1, 2, 3, 0x80000000 | 0]) {
        guest.mov(EAX, leaf).cpuid();
        for (const register of [EAX, EBX, ECX, EDX]) guest.log(register);
      }
    },
    expected: [
      2, 0x756e6547, 0x6c65746e, 0x49656e69, // "GenuineIntel"
      0x619, 0, 0, 0xa13d, // family 6, model 1, stepping 9; FPU DE PSE TSC MSR CX8 PGE CMOV
      ...[2, 3, 4].flatMap(() => [0x03020101, 0, 0, 0x06040a42]),
    ],
    ownTo: OWN_PROCESSOR,
  },
  {
    name: 'instructions: what the loader hands over: magic, information, flags and an empty stack of segments',
    manual: 'Multiboot Specification 0.6.96, 3.2 and 3.3',
    code: (guest) => {
      // EBX is not touched by the kernel's start: it still points to the information structure.
      guest.mov(EAX, at(EBX)).alu('and', EAX, 1).log(EAX).mov(EAX, at(EBX, 4)).log(EAX).mov(EAX, at(EBX, 8)).log(EAX).pushfd().pop(EAX).alu('and', EAX, 0x3700).log(EAX);
    },
    expected: [1, 640, (GUEST_MEMORY_BYTES >> 10) - 1024, 0],
    ownTo: OWN_MACHINE,
  },
  {
    name: 'instructions: a stack pointer that wraps, PUSH ESP and POP ESP',
    manual: 'SDM vol. 2, PUSH and POP',
    code: (guest) => {
      guest.mov(EBX, ESP).push(ESP).pop(EAX).alu('sub', EAX, EBX).log(EAX).push(0x150000 - 64).raw(0x5c).mov(EAX, ESP).log(EAX);
      guest.mov(ESP, EBX).push(at(ESP, -4)).pop(at(ESP, -4)).mov(EAX, ESP).alu('sub', EAX, EBX).log(EAX);
    },
    expected: [0, 0x150000 - 64, 0],
  },
];
