import { CR0 as CR0Bit, Flag, Vector } from '@ringbench/isa';
import { fault, idtError, type GuestCheck } from '../guest-check.js';
import { Interrupt, LIMITED_LIMIT, Selector } from '../memory-map.js';
import { at, CR0, DR6, DS, EAX, EBP, EBX, ECX, EDX, ES, ESP, inSegment, SS } from '../operands.js';

/** Opcodes that are undefined on a Pentium Pro, or in 32-bit protected mode, or with the operand that follows (SDM vol. 2, appendix A). */
const UNDEFINED_OPCODES: readonly (readonly number[])[] = [
  [0x0f, 0x0b], // UD2
  [0x0f, 0xb9, 0xc0], // UD1
  [0x0f, 0xff, 0xc0], // UD0
  [0x0f, 0x0a], // nothing
  [0x0f, 0x04], // nothing
  [0x0f, 0x24, 0xc0], // MOV from a test register of the 386
  [0x0f, 0xaa], // RSM outside system management mode
  [0x0f, 0x20, 0xc8], // MOV EAX, CR1
  [0x8e, 0xc8], // MOV CS, EAX
  [0x8e, 0xf0], // MOV to segment register 6
  [0x8d, 0xc0], // LEA with a register
  [0xc4, 0xc0], // LES with a register
  [0x62, 0xc0], // BOUND with a register
  [0x0f, 0x01, 0xf8], // INVLPG with a register (SWAPGS is 64-bit)
  [0xff, 0xf8], // group 5, /7
  [0xff, 0xd8], // far call through a register
  [0xfe, 0xd0], // group 4, /2
  [0xc7, 0xc8], // group 11, /1
  [0x8f, 0xc8], // group 1A, /1
  [0x0f, 0xba, 0xc0, 0x00], // group 8, /0
  [0x0f, 0xc7, 0xc8], // CMPXCHG8B with a register
  [0xf0, 0x90], // LOCK NOP
  [0xf0, 0x01, 0xc0], // LOCK ADD EAX, EAX
  [0xf0, 0x39, 0x05, 0x00, 0x00, 0x17, 0x00], // LOCK CMP
  [0xf0, 0x8b, 0x05, 0x00, 0x00, 0x17, 0x00], // LOCK MOV
];

const MINIMUM = 0x80000000;

export const EXCEPTION_CHECKS: readonly GuestCheck[] = [
  {
    name: 'exceptions: undefined opcodes raise #UD and leave the stack and registers alone',
    manual: 'SDM vol. 3, 6.15, Interrupt 6',
    code: (guest) => {
      for (const opcode of UNDEFINED_OPCODES) guest.attempt((inner) => inner.raw(...opcode));
      guest.mov(EAX, 0x1234).mov(EBX, 0x5678).attempt((inner) => inner.ud2()).log(EAX).log(EBX);
    },
    expected: [...UNDEFINED_OPCODES.flatMap(() => fault(Vector.UD)), ...fault(Vector.UD), 0x1234, 0x5678],
  },
  {
    name: 'exceptions: an instruction of more than 15 bytes raises #GP(0)',
    manual: 'SDM vol. 2, 2.3.11',
    code: (guest) => guest.attempt((inner) => inner.raw(...Array.from({ length: 15 }, () => 0x66)).nop()).attempt((inner) => inner.raw(...Array.from({ length: 14 }, () => 0x66)).nop()),
    expected: fault(Vector.GP),
  },
  {
    name: 'exceptions: #DE of DIV, IDIV and AAM; the operands survive',
    manual: 'SDM vol. 3, 6.15, Interrupt 0',
    code: (guest) => {
      guest.clear(ECX).dividend(0, 7).attempt((inner) => inner.div(ECX)).log(EAX).log(EDX);
      guest.mov(ECX, 5).dividend(5, 0).attempt((inner) => inner.div(ECX)).log(EDX);
      guest.mov(ECX, -1).dividend(-1, MINIMUM | 0).attempt((inner) => inner.idiv(ECX)).log(EAX);
      guest.mov(EAX, 7).attempt((inner) => inner.raw(0xd4, 0)); // AAM 0
      guest.mov(ECX, 6).dividend(5, 0xffffffff).attempt((inner) => inner.div(ECX)).log(EAX).log(EDX);
    },
    expected: [...fault(Vector.DE), 7, 0, ...fault(Vector.DE), 5, ...fault(Vector.DE), MINIMUM, ...fault(Vector.DE), 0xffffffff, 5],
  },
  {
    name: 'exceptions: #BP and #OF are traps, #BR is a fault, INT1 is a trap',
    manual: 'SDM vol. 3, table 6-1',
    code: (guest) => {
      guest.attempt((inner) => inner.raw(0xcc)); // INT3
      guest.mov(EAX, 0x7fffffff).attempt((inner) => inner.alu('add', EAX, 1).tryHere().raw(0xce)); // INTO
      guest.clear(EAX).attempt((inner) => inner.alu('add', EAX, 1).raw(0xce)).log(EAX);
      guest.mov(at('counter'), 9).mov(EAX, 3).attempt((inner) => inner.rm([0x62], EAX.code, at('counter'))); // BOUND: 3 is below 9
      guest.attempt((inner) => inner.raw(0xf1)); // INT1
    },
    expected: [...fault(Vector.BP, { at: 1 }), ...fault(Vector.OF, { at: 1 }), 1, ...fault(Vector.BR), ...fault(Vector.DB, { at: 1 })],
  },
  {
    name: 'exceptions: #NM of FWAIT with CR0.MP and CR0.TS, and CLTS',
    manual: 'SDM vol. 3, table 2-2',
    code: (guest) => {
      guest.mov(EAX, CR0).alu('or', EAX, CR0Bit.MP | CR0Bit.TS).mov(CR0, EAX).attempt((inner) => inner.raw(0x9b));
      guest.raw(0x0f, 0x06).mov(EAX, CR0).alu('and', EAX, CR0Bit.MP | CR0Bit.TS).log(EAX); // CLTS
    },
    expected: [...fault(Vector.NM), CR0Bit.MP],
  },
  {
    name: 'exceptions: reserved bits of CR0, CR3 and CR4',
    manual: 'SDM vol. 2, MOV to control registers',
    code: (guest) => {
      guest.mov(EAX, 0x80000010 | 0).alu('and', EAX, ~1).attempt((inner) => inner.mov(CR0, EAX)); // PG without PE
      guest.mov(EAX, 0x20000011).attempt((inner) => inner.mov(CR0, EAX)); // NW without CD
      guest.attempt((inner) => inner.mov(EAX, 1 << 31).raw(0x0f, 0x22, 0xe0)); // a bit of CR4 that no processor had
    },
    expected: [...fault(Vector.GP), ...fault(Vector.GP), ...fault(Vector.GP, { at: 5 })],
  },
  {
    name: 'exceptions: loads of segment registers: #GP, #NP and #SS with the selector',
    manual: 'SDM vol. 2, MOV: Protected Mode Exceptions',
    code: (guest) => {
      for (const selector of [Selector.BEHIND_TABLE, Selector.EXECUTE_ONLY, Selector.ABSENT, Selector.TASK, Selector.LOCAL_DATA + 8]) guest.mov(EAX, selector).attempt((inner) => inner.mov(DS, EAX));
      guest.mov(EAX, Selector.KERNEL_DATA | 3).attempt((inner) => inner.mov(ES, EAX));
      for (const selector of [0, Selector.KERNEL_DATA | 1, Selector.USER_DATA, Selector.READ_ONLY, Selector.ABSENT]) guest.mov(EAX, selector).attempt((inner) => inner.mov(SS, EAX));
      guest.clear(EAX).attempt((inner) => inner.mov(ES, EAX).tryHere().mov(EAX, inSegment(ES, at(0)))); // null is loaded, not used
    },
    expected: [
      ...fault(Vector.GP, { error: Selector.BEHIND_TABLE }), ...fault(Vector.GP, { error: Selector.EXECUTE_ONLY }), ...fault(Vector.NP, { error: Selector.ABSENT }), ...fault(Vector.GP, { error: Selector.TASK }),
      ...fault(Vector.GP, { error: Selector.LOCAL_DATA + 8 }), ...fault(Vector.GP, { error: Selector.KERNEL_DATA }),
      ...fault(Vector.GP), ...fault(Vector.GP, { error: Selector.KERNEL_DATA }), ...fault(Vector.GP, { error: Selector.USER_DATA & ~3 }), ...fault(Vector.GP, { error: Selector.READ_ONLY }), ...fault(Vector.SS, { error: Selector.ABSENT }),
      ...fault(Vector.GP),
    ],
  },
  {
    name: 'exceptions: accesses that segments do not allow: limits, types, expand-down',
    manual: 'SDM vol. 3, 5.3 and 5.5',
    code: (guest) => {
      const access = (selector: number, offset: number, write: boolean): void => {
        guest.mov(EBX, selector).mov(ES, EBX).clear(EAX);
        guest.attempt((inner) => (write ? inner.mov(inSegment(ES, at(offset)), EAX) : inner.mov(EAX, inSegment(ES, at(offset)))));
      };
      access(Selector.LIMITED, LIMITED_LIMIT - 3, true);
      access(Selector.LIMITED, LIMITED_LIMIT - 2, false);
      access(Selector.LIMITED, LIMITED_LIMIT + 1, true);
      access(Selector.LIMITED, -2, false);
      access(Selector.EXPAND_DOWN, 0x1000, false);
      access(Selector.EXPAND_DOWN, 0xfff, false);
      access(Selector.READ_ONLY, 0x170000, false);
      access(Selector.READ_ONLY, 0x170000, true);
      guest.mov(EBX, Selector.LIMITED).mov(ES, EBX).attempt((inner) => inner.movzxByte(EAX, inSegment(ES, at(LIMITED_LIMIT))).tryHere().movzxByte(EAX, inSegment(ES, at(LIMITED_LIMIT + 1))));
    },
    expected: [...fault(Vector.GP), ...fault(Vector.GP), ...fault(Vector.GP), ...fault(Vector.GP), ...fault(Vector.GP), ...fault(Vector.GP)],
  },
  {
    name: 'exceptions: the stack segment\'s limit raises #SS(0), through EBP too',
    manual: 'SDM vol. 3, 6.15, Interrupt 12',
    code: (guest) => {
      guest.mov(EAX, Selector.SHORT_STACK).mov(EBP, 0x15fffd);
      guest.attempt((inner) => inner.mov(SS, EAX).tryHere().mov(EBX, at(EBP)));
      guest.mov(EAX, Selector.SHORT_STACK).mov(EBP, 0x15fffc).attempt((inner) => inner.mov(SS, EAX).mov(EBX, at(EBP)).mov(EBP, 0x160000).tryHere().push(inSegment(SS, at(0x15fffe))));
      guest.mov(EAX, Selector.KERNEL_DATA).mov(SS, EAX);
    },
    expected: [...fault(Vector.SS), ...fault(Vector.SS)],
  },
  {
    name: 'exceptions: code beyond its segment\'s limit raises #GP(0)',
    manual: 'SDM vol. 3, 5.3; vol. 2, JMP',
    code: (guest) => {
      guest.attempt((inner) => inner.callFar(Selector.SHORT_CODE, 16));
      // Falls off the end: the instruction behind offset 15 does not exist. EIP is relative to the segment.
      guest.movByte(at('short code end'), 0x90);
      guest.attempt((inner) => inner.mov(at('try start'), 16).jmpFar(Selector.SHORT_CODE, 0));
    },
    expected: [...fault(Vector.GP), ...fault(Vector.GP, { cs: Selector.SHORT_CODE })],
  },
  {
    name: 'exceptions: INT through gates that are absent, not there, or of an inner ring',
    manual: 'SDM vol. 3, 6.12.1 and 6.13',
    code: (guest) => guest.attempt((inner) => inner.int(Interrupt.ABSENT)).attempt((inner) => inner.int(Interrupt.BEHIND_TABLE)).attempt((inner) => inner.int(Interrupt.KERNEL_ONLY)),
    expected: [...fault(Vector.NP, { error: idtError(Interrupt.ABSENT) }), ...fault(Vector.GP, { error: idtError(Interrupt.BEHIND_TABLE) }), ...fault(Interrupt.KERNEL_ONLY, { at: 2 })],
  },
  {
    name: 'exceptions: a fault while #GP is delivered becomes #DF with error code 0',
    manual: 'SDM vol. 3, table 6-5',
    code: (guest) => guest.movByte(at(`access ${Vector.GP}`), 0x0e).attempt((inner) => inner.int(Interrupt.BEHIND_TABLE)),
    expected: fault(Vector.DF),
  },
  {
    name: 'exceptions: a fault while the benign #UD is delivered is delivered in its place',
    manual: 'SDM vol. 3, table 6-5',
    code: (guest) => guest.movByte(at(`access ${Vector.UD}`), 0x0e).attempt((inner) => inner.ud2()),
    expected: fault(Vector.NP, { error: idtError(Vector.UD) | 1 }),
  },
  {
    name: 'exceptions: single steps: after the next instruction, not after INT n, held back by MOV SS',
    manual: 'SDM vol. 3, 17.3.1.4 and 6.8.3',
    code: (guest) => {
      const trap = (body: (inner: typeof guest) => unknown): void => {
        guest.attempt((inner) => {
          const first = inner.newLabel('step');
          inner.mov(at('try start'), first).mov(EBX, SS).pushfd().alu('or', at(ESP), Flag.TF).popfd().label(first);
          body(inner);
        });
        guest.mov(EAX, DR6).alu('and', EAX, 1 << 14).log(EAX).clear(EAX).mov(DR6, EAX);
      };
      trap((inner) => inner.nop(3));
      trap((inner) => inner.int(Interrupt.TRAP_GATE));
      trap((inner) => inner.mov(SS, EBX).nop(3));
      trap((inner) => inner.ud2());
    },
    expected: [...fault(Vector.DB, { at: 1 }), 1 << 14, ...fault(Interrupt.TRAP_GATE, { at: 2 }), 0, ...fault(Vector.DB, { at: 3 }), 1 << 14, ...fault(Vector.UD), 0],
  },
];
