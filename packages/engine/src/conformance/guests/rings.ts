import { Flag, Vector } from '@ringbench/isa';
import { fault, idtError, userFault, type GuestCheck } from '../guest-check.js';
import { Interrupt, KERNEL_STACK, Selector, USER_STACK } from '../memory-map.js';
import { at, CR0, CR4, CS, DS, EAX, EBX, ECX, EDX, ES, ESP, FS, GS, inSegment, SS } from '../operands.js';

/** Instructions of ring 0 (SDM vol. 3, 5.9), as bytes; none needs a particular register to get as far as its privilege check. */
const PRIVILEGED: readonly (readonly number[])[] = [
  [0xf4], // HLT
  [0x0f, 0x06], // CLTS
  [0x0f, 0x08], // INVD
  [0x0f, 0x09], // WBINVD
  [0x0f, 0x20, 0xc0], // MOV EAX, CR0
  [0x0f, 0x22, 0xd8], // MOV CR3, EAX
  [0x0f, 0x21, 0xf8], // MOV EAX, DR7
  [0x0f, 0x30], // WRMSR
  [0x0f, 0x32], // RDMSR
  [0x0f, 0x01, 0x15, 0x00, 0x00, 0x17, 0x00], // LGDT
  [0x0f, 0x01, 0x1d, 0x00, 0x00, 0x17, 0x00], // LIDT
  [0x0f, 0x01, 0x3d, 0x00, 0x00, 0x17, 0x00], // INVLPG
  [0x0f, 0x01, 0xf0], // LMSW AX
  [0x0f, 0x00, 0xd0], // LLDT AX
  [0x0f, 0x00, 0xd8], // LTR AX
];
/** Those that obey IOPL. */
const IO_SENSITIVE: readonly (readonly number[])[] = [
  [0xfa], // CLI
  [0xfb], // STI
];
const IOPL_3 = Flag.IOPL;
const FREE_PORT = 0x80;
const FORBIDDEN_PORT = 0x40;
const PORT_BEYOND_MAP = 0x378;

export const RING_CHECKS: readonly GuestCheck[] = [
  {
    name: 'rings: ring 3 is entered and left; stacks and selectors are those of the tables',
    manual: 'SDM vol. 3, 6.12.1',
    code: (guest) => {
      guest.attemptInRing3((inner) => inner.mov(EAX, CS).log(EAX).mov(EAX, SS).log(EAX).mov(EBX, ESP).log(EBX).tryHere().int(Interrupt.SYSTEM_CALL));
      guest.mov(EAX, CS).log(EAX).mov(EBX, ESP).log(EBX);
    },
    expected: [Selector.USER_CODE, Selector.USER_DATA, USER_STACK, ...userFault(Interrupt.SYSTEM_CALL, { at: 2 }), Selector.KERNEL_CODE, KERNEL_STACK],
  },
  {
    name: 'rings: privileged instructions raise #GP(0) in ring 3 and change nothing',
    manual: 'SDM vol. 3, 5.9',
    code: (guest) => {
      for (const opcode of [...PRIVILEGED, ...IO_SENSITIVE]) guest.attemptInRing3((inner) => inner.raw(...opcode));
      guest.attemptInRing3((inner) => inner.mov(EAX, 0x77).tryHere().mov(CR0, EAX)).log(EAX);
    },
    expected: [...[...PRIVILEGED, ...IO_SENSITIVE].flatMap(() => userFault(Vector.GP)), ...userFault(Vector.GP), 0x77],
  },
  {
    name: 'rings: CLI and STI work in ring 3 with IOPL 3; the I/O map opens and closes ports',
    manual: 'SDM vol. 1, 19.5',
    code: (guest) => {
      guest.attemptInRing3((inner) => inner.sti().logFlags(Flag.IF | Flag.IOPL).cli().logFlags(Flag.IF), Flag.FIXED | IOPL_3);
      guest.attemptInRing3((inner) => inner.outByte(FREE_PORT, 0x5a).movAl(0).inAl(FREE_PORT)).alu('and', EAX, 0xff).log(EAX);
      guest.attemptInRing3((inner) => inner.inAl(FORBIDDEN_PORT)).attemptInRing3((inner) => inner.raw(0x66, 0xe5, FREE_PORT)); // IN AX, 80h takes port 81h too
      guest.attemptInRing3((inner) => inner.mov(EDX, PORT_BEYOND_MAP).tryHere().raw(0xec)); // IN AL, DX
      guest.attemptInRing3((inner) => inner.outByte(FORBIDDEN_PORT + 3, 0x30).mov(EAX, 1).log(EAX), Flag.FIXED | IOPL_3);
    },
    expected: [Flag.IF | Flag.IOPL, 0, 0x5a, ...userFault(Vector.GP), ...userFault(Vector.GP), ...userFault(Vector.GP), 1],
    ownTo: 'port 80h reads back what was written',
  },
  {
    name: 'rings: INT n obeys the DPL of its gate, exceptions do not',
    manual: 'SDM vol. 3, 6.12.1.1',
    code: (guest) => {
      guest.attemptInRing3((inner) => inner.int(Interrupt.SYSTEM_CALL)).attemptInRing3((inner) => inner.int(Interrupt.KERNEL_ONLY)).attemptInRing3((inner) => inner.int(Vector.UD));
      guest.attemptInRing3((inner) => inner.ud2()).attemptInRing3((inner) => inner.raw(0xcc)).attemptInRing3((inner) => inner.int(Interrupt.BEHIND_TABLE));
    },
    expected: [
      ...userFault(Interrupt.SYSTEM_CALL, { at: 2 }), ...userFault(Vector.GP, { error: idtError(Interrupt.KERNEL_ONLY) }), ...userFault(Vector.GP, { error: idtError(Vector.UD) }),
      ...userFault(Vector.UD), ...userFault(Vector.BP, { at: 1 }), ...userFault(Vector.GP, { error: idtError(Interrupt.BEHIND_TABLE) }),
    ],
  },
  {
    name: 'rings: interrupt gates clear IF, trap gates keep it, both clear TF, NT and RF; IRET brings them back',
    manual: 'SDM vol. 3, 6.12.1.2',
    code: (guest) => {
      const mask = Flag.IF | Flag.NT | Flag.DF;
      guest.handle(Interrupt.SYSTEM_CALL, 'seen', { ring3: true }).handle(Interrupt.TRAP_GATE, 'seen', { trap: true });
      guest.routine('seen', (inner) => inner.logFlags(mask).iret());
      for (const vector of [Interrupt.SYSTEM_CALL, Interrupt.TRAP_GATE]) guest.push(Flag.FIXED | mask).popfd().int(vector).logFlags(mask);
    },
    expected: [Flag.DF, Flag.IF | Flag.NT | Flag.DF, Flag.IF | Flag.DF, Flag.IF | Flag.NT | Flag.DF],
  },
  {
    name: 'rings: IRET refuses selectors that would raise privilege or do not exist',
    manual: 'SDM vol. 2, IRET: Protected Mode Exceptions',
    code: (guest) => {
      const iretTo = (selector: number) => guest.attempt((inner) => inner.push(Flag.FIXED).push(selector).push('finish').tryHere().iret());
      for (const selector of [0, Selector.KERNEL_DATA, Selector.BEHIND_TABLE, Selector.KERNEL_CODE | 3, Selector.USER_CODE & ~3]) iretTo(selector);
      guest.attemptInRing3((inner) => inner.push(Flag.FIXED).push(Selector.KERNEL_CODE).push('finish').tryHere().iret());
      guest.attempt((inner) => inner.push(Selector.KERNEL_DATA).push(USER_STACK).push(Flag.FIXED).push(Selector.USER_CODE).push('finish').tryHere().iret());
    },
    expected: [
      ...fault(Vector.GP), ...fault(Vector.GP, { error: Selector.KERNEL_DATA }), ...fault(Vector.GP, { error: Selector.BEHIND_TABLE }), ...fault(Vector.GP, { error: Selector.KERNEL_CODE }),
      ...fault(Vector.GP, { error: Selector.USER_CODE & ~3 }), ...userFault(Vector.GP, { error: Selector.KERNEL_CODE }), ...fault(Vector.GP, { error: Selector.KERNEL_DATA }),
    ],
  },
  {
    name: 'rings: on the way to ring 3 segment registers of inner rings become null',
    manual: 'SDM vol. 3, 5.8.6',
    code: (guest) => {
      guest.mov(EBX, Selector.USER_DATA).mov(FS, EBX).mov(EBX, Selector.KERNEL_DATA).mov(GS, EBX);
      guest.attemptInRing3((inner) => inner.mov(EAX, FS).log(EAX).mov(EAX, GS).log(EAX).mov(EAX, inSegment(FS, at('counter'))).tryHere().mov(EAX, inSegment(GS, at('counter'))));
    },
    expected: [Selector.USER_DATA, 0, ...userFault(Vector.GP)],
  },
  {
    name: 'rings: far CALL, JMP and RET within a ring',
    manual: 'SDM vol. 3, 5.8.1',
    code: (guest) => {
      guest.routine('far routine', (inner) => inner.mov(EAX, CS).log(EAX).mov(EAX, at(ESP, 4)).log(EAX).logDistance(0, 'returned').retFar());
      guest.callFar(Selector.KERNEL_CODE, 'far routine').label('returned').mov(EBX, ESP).log(EBX);
      guest.callFar(Selector.CONFORMING, 'conforming').label('back').mov(EBX, ESP).log(EBX);
      guest.routine('conforming', (inner) => inner.mov(EAX, CS).log(EAX).retFar());
      guest.jmpFar(Selector.KERNEL_CODE, 'landed').ud2().label('landed').mov(EAX, 7).log(EAX);
      guest.attempt((inner) => inner.callFar(Selector.KERNEL_DATA, 0)).attempt((inner) => inner.jmpFar(Selector.USER_CODE & ~3, 0)).attempt((inner) => inner.jmpFar(0, 0));
    },
    expected: [
      Selector.KERNEL_CODE, Selector.KERNEL_CODE, 0, KERNEL_STACK, Selector.CONFORMING, KERNEL_STACK, 7,
      ...fault(Vector.GP, { error: Selector.KERNEL_DATA }), ...fault(Vector.GP, { error: Selector.USER_CODE & ~3 }), ...fault(Vector.GP),
    ],
  },
  {
    name: 'rings: a call gate from ring 3 switches stacks and copies the parameter; RETF goes back',
    manual: 'SDM vol. 3, 5.8.5',
    code: (guest) => {
      guest.routine('call gate target', (inner) => {
        inner.mov(EAX, CS).log(EAX);
        for (const depth of [4, 8, 12, 16]) inner.mov(EAX, at(ESP, depth)).log(EAX);
        inner.mov(EBX, ESP).log(EBX).raw(0xca, 4, 0); // RETF 4
      });
      guest.attemptInRing3((inner) => inner.push(0xcafe).callFar(Selector.CALL_GATE, 0).mov(EAX, CS).log(EAX).mov(EBX, ESP).log(EBX));
      guest.attemptInRing3((inner) => inner.callFar(Selector.KERNEL_GATE, 0)).attemptInRing3((inner) => inner.jmpFar(Selector.CALL_GATE, 0));
    },
    expected: [
      Selector.KERNEL_CODE, Selector.USER_CODE, 0xcafe, USER_STACK - 4, Selector.USER_DATA, KERNEL_STACK - 20, Selector.USER_CODE, USER_STACK,
      ...userFault(Vector.GP, { error: Selector.KERNEL_GATE }), ...userFault(Vector.GP, { error: Selector.KERNEL_CODE }),
    ],
  },
  {
    name: 'rings: a bad ring-0 stack in the TSS raises #TS with its selector',
    manual: 'SDM vol. 3, 6.15, Interrupt 10',
    code: (guest) => {
      // The #TS handler needs a stack too, so it is conforming code: it stays in ring 3 and only reports.
      guest.handle(Vector.TS, 'bad stack');
      guest.routine('bad stack', (inner) => inner.mov(EAX, at(ESP)).log(EAX).mov(EAX, CS).log(EAX).mov(at('task state stack'), Selector.KERNEL_DATA).int(Interrupt.LEAVE_RING3));
      guest.movWord(at(`selector ${Vector.TS}`), Selector.CONFORMING);
      guest.attemptInRing3((inner) => inner.mov(at('task state stack'), Selector.READ_ONLY).int(Interrupt.SYSTEM_CALL));
    },
    expected: [Selector.READ_ONLY, Selector.CONFORMING | 3],
  },
  {
    name: 'rings: segments of the local table, and #GP beyond it',
    manual: 'SDM vol. 3, 3.5.1',
    code: (guest) => {
      guest.mov(EAX, 0x11223344).mov(at(0x170010), EAX).mov(EBX, Selector.LOCAL_DATA).mov(ES, EBX).mov(ECX, inSegment(ES, at(0x10))).log(ECX);
      guest.attempt((inner) => inner.mov(EAX, inSegment(ES, at(0xfd))));
      guest.clear(EAX).lldt(EAX).mov(EAX, Selector.LOCAL_DATA).attempt((inner) => inner.mov(ES, EAX));
      guest.mov(EAX, Selector.KERNEL_DATA).attempt((inner) => inner.lldt(EAX)).mov(EAX, Selector.TASK).attempt((inner) => inner.ltr(EAX));
      guest.mov(EAX, Selector.KERNEL_DATA).mov(DS, EAX);
    },
    expected: [
      0x11223344, ...fault(Vector.GP), ...fault(Vector.GP, { error: Selector.LOCAL_DATA }), ...fault(Vector.GP, { error: Selector.KERNEL_DATA }), ...fault(Vector.GP, { error: Selector.TASK }),
    ],
  },
  {
    name: 'rings: RDTSC and CR4.TSD',
    manual: 'SDM vol. 2, RDTSC',
    code: (guest) => {
      const tsd = 1 << 2;
      guest.attemptInRing3((inner) => inner.rdtsc()).mov(EAX, CR4).alu('or', EAX, tsd).mov(CR4, EAX).attemptInRing3((inner) => inner.rdtsc()).rdtsc().mov(EAX, 3).log(EAX);
    },
    expected: [...userFault(Vector.GP), 3],
  },
];
