import { CR0 as CR0Bit, Flag, Vector } from '@ringbench/isa';
import { fault, idtError, userFault, type GuestCheck } from '../guest-check.js';
import type { KernelGuest } from '../kernel-guest.js';
import { Interrupt, KERNEL_STACK, LIMITED_LIMIT, SCRATCH, Selector, USER_STACK, VIRTUAL_8086_CODE, VIRTUAL_8086_STACK } from '../memory-map.js';
import { at, CR0, CS, DS, EAX, EBP, EBX, ECX, EDI, EDX, ES, ESI, ESP, FS, GS, SS, type GeneralRegister } from '../operands.js';

/**
 * A witness for each sensitive unprivileged instruction (J. S. Robin and C. E. Irvine, USENIX Security 2000; the numbers are those of isa's SENSITIVE_ENTRIES):
 * a program whose log is wrong where a deprivileged kernel sees the machine's state instead of its own. Every one runs in ring 0, and in ring 3
 * where the instruction means something there.
 */
export interface SensitiveCheck extends GuestCheck {
  readonly entry: number;
  /** What the witness checks, in one sentence. */
  readonly claim: string;
}

/** Logs a stored pseudo-descriptor: its limit, and its base relative to the label that LGDT or LIDT was given. */
const logPointer = (guest: KernelGuest, table: string): unknown =>
  guest.mov(EAX, 0).raw(0x66).mov(EAX, at(SCRATCH)).log(EAX).mov(EAX, at(SCRATCH + 2)).alu('sub', EAX, table).log(EAX);

/** LAR, LSL, VERR or VERW of all INSPECTED selectors: ZF, then the result if a mask says that there is one. */
function inspect(guest: KernelGuest, instruction: (selector: GeneralRegister) => unknown, resultMask = 0): void {
  for (const selector of INSPECTED) {
    guest.mov(EBX, selector).mov(ECX, 0x0badf00d);
    instruction(EBX);
    guest.mov(EDX, 0).set('z', EDX).log(EDX);
    if (resultMask !== 0) guest.alu('and', ECX, resultMask).log(ECX);
  }
}
const INSPECTED = [Selector.KERNEL_CODE, Selector.KERNEL_DATA, Selector.USER_DATA, Selector.KERNEL_DATA | 3, Selector.LIMITED, Selector.READ_ONLY, Selector.EXECUTE_ONLY, Selector.CONFORMING, Selector.TASK, Selector.CALL_GATE, 0, Selector.BEHIND_TABLE] as const;
const UNSEEN = 0x0badf00d;
const FOUR_GIB = 0xffffffff;
/** LAR's bits 19-16 are undefined. */
const RIGHTS_MASK = 0x00f0ff00;

const witness = (entry: number, claim: string, manual: string, code: GuestCheck['code'], expected: readonly number[]): SensitiveCheck =>
  ({ entry, claim, name: `sensitive: ${entry}. ${claim}`, manual, code, expected });

const PARAGRAPH = 4;
const bytesOf = (word: number): readonly [low: number, high: number] => [word & 0xff, (word >> 8) & 0xff];
/**
 * SMSW BX in real mode, and back. With segments as real mode has them, so that silicon with PE set can run the code, in virtual-8086 mode; that is what a monitor must not let
 * be seen.
 */
function smswInRealMode(guest: KernelGuest): void {
  const [code16, data16] = [Selector.BEHIND_TABLE, Selector.BEHIND_TABLE + 8];
  const [start, end, back] = ['real mode', 'real mode end', 'protected mode'];
  const [code, data] = [bytesOf(VIRTUAL_8086_CODE >> PARAGRAPH), bytesOf(VIRTUAL_8086_STACK >> PARAGRAPH)];
  guest.cld().mov(ESI, 'global table').mov(EDI, SCRATCH).mov(ECX, Selector.BEHIND_TABLE / 4).raw(0xf3, 0xa5);
  for (const [selector, base, access] of [[code16, VIRTUAL_8086_CODE, 0x9b], [data16, VIRTUAL_8086_STACK, 0x93]] as const) {
    guest.mov(at(SCRATCH + selector), 0xffff | (base << 16)).mov(at(SCRATCH + selector + 4), (base >>> 16) | (access << 8));
  }
  const pointer = SCRATCH + 0x800;
  guest.mov(at(pointer), (data16 + 7) | (SCRATCH << 16)).mov(at(pointer + 4), SCRATCH >>> 16).lgdt(at(pointer));
  guest.jmp(end).label(start);
  guest.raw(0x0f, 0x20, 0xc0, 0x24, 0xfe, 0x0f, 0x22, 0xc0, 0xea, 13, 0, ...code); // MOV EAX, CR0; AND AL, FEh; MOV CR0, EAX; JMP FAR behind it
  guest.raw(0xb8, ...data, 0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xe0, 0x8e, 0xe8, 0x8e, 0xd0); // MOV AX, data; MOV DS, ES, FS, GS, SS
  guest.raw(0x0f, 0x01, 0xe3); // SMSW BX
  guest.raw(0x0f, 0x20, 0xc0, 0x0c, 0x01, 0x0f, 0x22, 0xc0, 0x66, 0xea).long(back).word(Selector.KERNEL_CODE).label(end); // MOV EAX, CR0; OR AL, 1; MOV CR0, EAX; JMP FAR back
  guest.mov(ESI, start).mov(EDI, VIRTUAL_8086_CODE).mov(ECX, end).alu('sub', ECX, start).raw(0xf3, 0xa4);
  guest.mov(EBP, ESP).mov(EAX, data16);
  for (const register of [DS, ES, FS, GS, SS]) guest.mov(register, EAX);
  guest.jmpFar(code16, 0).label(back).mov(EAX, Selector.KERNEL_DATA);
  for (const register of [DS, ES, FS, GS, SS]) guest.mov(register, EAX);
  guest.mov(ESP, EBP);
}

const inBothRings = (body: (guest: KernelGuest) => unknown) => (guest: KernelGuest): void => {
  body(guest);
  guest.attemptInRing3((inner) => body(inner));
};
const twice = (words: readonly number[]): readonly number[] => [...words, ...words];

/** Sizes of the suite's tables (kernel-guest.ts). */
const GLOBAL_LIMIT = Selector.BEHIND_TABLE - 1;
const INTERRUPT_LIMIT = Interrupt.BEHIND_TABLE * 8 - 1;
const CR0_LOW = CR0Bit.PE | CR0Bit.ET;

const REGISTERS: readonly SensitiveCheck[] = [
  witness(1, 'SGDT stores the guest\'s GDTR', 'SDM vol. 2, SGDT', inBothRings((guest) => [guest.sgdt(at(SCRATCH)), logPointer(guest, 'global table')]), twice([GLOBAL_LIMIT, 0])),
  witness(2, 'SIDT stores the guest\'s IDTR', 'SDM vol. 2, SIDT', inBothRings((guest) => [guest.sidt(at(SCRATCH)), logPointer(guest, 'interrupt table')]), twice([INTERRUPT_LIMIT, 0])),
  witness(3, 'SLDT stores the guest\'s LDT selector', 'SDM vol. 2, SLDT', inBothRings((guest) => guest.clear(EAX).sldt(EAX).log(EAX).mov(at(SCRATCH), -1).sldt(at(SCRATCH)).logMemory(SCRATCH)), twice([Selector.LOCAL_TABLE, 0xffff0000 | Selector.LOCAL_TABLE])),
  witness(4, 'SMSW stores the guest\'s CR0: TS and MP that it set, TS and PE that it cleared', 'SDM vol. 2, SMSW', (guest) => {
    const show = (inner: KernelGuest) => inner.mov(at(SCRATCH), 0).smsw(at(SCRATCH)).logMemory(SCRATCH).smsw(EAX).alu('and', EAX, 0xffff).log(EAX);
    show(guest).mov(EAX, CR0).alu('or', EAX, CR0Bit.TS | CR0Bit.MP).mov(CR0, EAX);
    show(guest).attemptInRing3(show).raw(0x0f, 0x06);
    // A monitor may well give the silicon the guest's TS and MP, but not a PE of 0.
    show(guest);
    smswInRealMode(guest);
    guest.alu('and', EBX, 0xffff).log(EBX);
  }, [CR0_LOW, CR0_LOW, ...twice([CR0_LOW | CR0Bit.TS | CR0Bit.MP, CR0_LOW | CR0Bit.TS | CR0Bit.MP]), CR0_LOW | CR0Bit.MP, CR0_LOW | CR0Bit.MP, (CR0_LOW & ~CR0Bit.PE) | CR0Bit.MP]),
  witness(5, 'PUSHF shows the guest\'s IF, IOPL and NT', 'SDM vol. 2, PUSHF', (guest) => {
    const mask = Flag.IF | Flag.IOPL | Flag.NT | Flag.VM | Flag.RF;
    guest.logFlags(mask).sti().logFlags(mask).cli().logFlags(mask).push(Flag.FIXED | Flag.IOPL | Flag.NT).popfd().logFlags(mask).push(Flag.FIXED).popfd();
    guest.attemptInRing3((inner) => inner.logFlags(mask)).attemptInRing3((inner) => inner.logFlags(mask), Flag.FIXED | Flag.IF | (1 << Flag.IOPL_SHIFT));
  }, [0, Flag.IF, 0, Flag.IOPL | Flag.NT, 0, Flag.IF | (1 << Flag.IOPL_SHIFT)]),
  witness(6, 'POPF sets IF and IOPL in ring 0; in ring 3 it leaves them alone without a word', 'SDM vol. 2, table 4-16', (guest) => {
    const mask = Flag.IF | Flag.IOPL;
    const load = (flags: number) => (inner: KernelGuest) => inner.push(Flag.FIXED | flags).popfd().logFlags(mask);
    load(mask)(guest);
    load(0)(guest);
    guest.attemptInRing3(load(mask)).attemptInRing3(load(0), Flag.FIXED | Flag.IF).attemptInRing3(load(0), Flag.FIXED | mask);
  }, [Flag.IF | Flag.IOPL, 0, 0, Flag.IF, Flag.IOPL]),
];

const RIGHTS: Readonly<Record<number, number>> = {
  [Selector.KERNEL_CODE]: 0xc09b00, [Selector.KERNEL_DATA]: 0xc09300, [Selector.USER_DATA]: 0xc0f300, [Selector.LIMITED]: 0x409300, [Selector.READ_ONLY]: 0xc09100,
  [Selector.EXECUTE_ONLY]: 0xc09900, [Selector.CONFORMING]: 0xc09f00, [Selector.TASK]: 0x008b00, [Selector.CALL_GATE]: 0x10ec00, // a gate shows its offset's bits 23-20
};
const LIMITS: Readonly<Record<number, number>> = {
  [Selector.KERNEL_CODE]: FOUR_GIB, [Selector.KERNEL_DATA]: FOUR_GIB, [Selector.USER_DATA]: FOUR_GIB, [Selector.LIMITED]: LIMITED_LIMIT, [Selector.READ_ONLY]: FOUR_GIB,
  [Selector.EXECUTE_ONLY]: FOUR_GIB, [Selector.CONFORMING]: FOUR_GIB, [Selector.TASK]: 136,
};
/** What each ring may see: everything but the selector with RPL 3, the null one and the one behind the table; ring 3 only its own and conforming code. */
const VISIBLE_0 = INSPECTED.filter((selector) => RIGHTS[selector] !== undefined);
const VISIBLE_3: readonly number[] = [Selector.USER_DATA, Selector.CONFORMING, Selector.CALL_GATE];
const answers = (visible: readonly number[], values?: Readonly<Record<number, number>>, mask = -1): readonly number[] =>
  INSPECTED.flatMap((selector) => {
    const seen = visible.includes(selector) && (values === undefined || values[selector] !== undefined);
    return values === undefined ? [seen ? 1 : 0] : [seen ? 1 : 0, (seen ? (values[selector] ?? UNSEEN) : UNSEEN) & mask];
  });
const segments = (visible: readonly number[], without: readonly number[]): readonly number[] => visible.filter((selector) => !without.includes(selector));
const SYSTEM = [Selector.TASK, Selector.CALL_GATE] as const;
const NOT_WRITABLE = [...SYSTEM, Selector.KERNEL_CODE, Selector.READ_ONLY, Selector.EXECUTE_ONLY, Selector.CONFORMING] as const;

const QUERIES: readonly SensitiveCheck[] = [
  witness(7, 'LAR sees descriptors by the guest\'s privilege', 'SDM vol. 2, LAR', inBothRings((guest) => inspect(guest, (selector) => guest.lar(ECX, selector), RIGHTS_MASK)), [...answers(VISIBLE_0, RIGHTS, RIGHTS_MASK), ...answers(VISIBLE_3, RIGHTS, RIGHTS_MASK)]),
  witness(8, 'LSL sees descriptors by the guest\'s privilege', 'SDM vol. 2, LSL', inBothRings((guest) => inspect(guest, (selector) => guest.lsl(ECX, selector), FOUR_GIB)), [...answers(VISIBLE_0, LIMITS), ...answers(VISIBLE_3, LIMITS)]),
  witness(9, 'VERR judges by the guest\'s privilege', 'SDM vol. 2, VERR', inBothRings((guest) => inspect(guest, (selector) => guest.verr(selector))),
    [...answers(segments(VISIBLE_0, [...SYSTEM, Selector.EXECUTE_ONLY])), ...answers(segments(VISIBLE_3, SYSTEM))]),
  witness(10, 'VERW judges by the guest\'s privilege', 'SDM vol. 2, VERR', inBothRings((guest) => inspect(guest, (selector) => guest.verw(selector))),
    [...answers(segments(VISIBLE_0, NOT_WRITABLE)), ...answers(segments(VISIBLE_3, NOT_WRITABLE))]),
];

const SEGMENTS: readonly SensitiveCheck[] = [
  witness(11, 'POP of a segment register is checked against the guest\'s privilege', 'SDM vol. 2, POP', (guest) => {
    guest.push(Selector.KERNEL_DATA).pop(SS).mov(EAX, SS).log(EAX).push(Selector.READ_ONLY).pop(FS).mov(EAX, FS).log(EAX);
    guest.attempt((inner) => inner.push(Selector.USER_DATA).tryHere().pop(SS));
    guest.attemptInRing3((inner) => inner.push(Selector.USER_DATA).pop(ES).push(0).pop(GS).mov(EAX, ES).log(EAX).push(Selector.KERNEL_DATA).tryHere().pop(DS));
    guest.attemptInRing3((inner) => inner.push(Selector.KERNEL_DATA).tryHere().pop(SS));
  }, [Selector.KERNEL_DATA, Selector.READ_ONLY, ...fault(Vector.GP, { error: Selector.USER_DATA & ~3 }), Selector.USER_DATA, ...userFault(Vector.GP, { error: Selector.KERNEL_DATA }), ...userFault(Vector.GP, { error: Selector.KERNEL_DATA })]),
  witness(12, 'PUSH of CS and SS shows the guest\'s ring', 'SDM vol. 2, PUSH', inBothRings((guest) => {
    for (const register of [CS, SS, DS]) guest.push(register).pop(EAX).alu('and', EAX, 0xffff).log(EAX);
  }), [Selector.KERNEL_CODE, Selector.KERNEL_DATA, Selector.KERNEL_DATA, Selector.USER_CODE, Selector.USER_DATA, Selector.USER_DATA]),
  witness(18, 'MOV to and from segment registers shows and obeys the guest\'s ring', 'SDM vol. 2, MOV', (guest) => {
    const show = (inner: KernelGuest) => inner.mov(EAX, CS).log(EAX).mov(EAX, SS).log(EAX).mov(EAX, DS).log(EAX);
    show(guest);
    guest.attemptInRing3((inner) => show(inner).mov(EBX, Selector.KERNEL_DATA).tryHere().mov(DS, EBX));
    guest.mov(EBX, Selector.USER_DATA).mov(ES, EBX).mov(EAX, ES).log(EAX).attempt((inner) => inner.mov(SS, EBX));
  }, [
    Selector.KERNEL_CODE, Selector.KERNEL_DATA, Selector.KERNEL_DATA, Selector.USER_CODE, Selector.USER_DATA, Selector.USER_DATA, ...userFault(Vector.GP, { error: Selector.KERNEL_DATA }),
    Selector.USER_DATA, ...fault(Vector.GP, { error: Selector.USER_DATA & ~3 }),
  ]),
];

const TRANSFERS: readonly SensitiveCheck[] = [
  witness(13, 'CALL far pushes the guest\'s CS; a gate raises privilege from its ring', 'SDM vol. 2, CALL', (guest) => {
    guest.routine('call gate target', (inner) => inner.mov(EAX, at(ESP, 4)).log(EAX).mov(EAX, CS).log(EAX).mov(EBX, ESP).log(EBX).mov(ESP, KERNEL_STACK).jmp(at('resume at')));
    guest.attempt((inner) => inner.callFar(Selector.CALL_GATE, 0)).attempt((inner) => inner.callFar(Selector.KERNEL_CODE, 'call gate target'));
    guest.attemptInRing3((inner) => inner.push(1).callFar(Selector.CALL_GATE, 0)).attemptInRing3((inner) => inner.callFar(Selector.KERNEL_CODE, 0)).mov(EAX, Selector.KERNEL_DATA).mov(DS, EAX);
  }, [
    Selector.KERNEL_CODE, Selector.KERNEL_CODE, KERNEL_STACK - 8, Selector.KERNEL_CODE, Selector.KERNEL_CODE, KERNEL_STACK - 8,
    Selector.USER_CODE, Selector.KERNEL_CODE, KERNEL_STACK - 20, ...userFault(Vector.GP, { error: Selector.KERNEL_CODE }),
  ]),
  witness(14, 'JMP far is checked against the guest\'s ring', 'SDM vol. 2, JMP', (guest) => {
    guest.jmpFar(Selector.KERNEL_CODE, 'here 0').label('here 0').mov(EAX, CS).log(EAX).attempt((inner) => inner.jmpFar(Selector.USER_CODE, 0));
    guest.attemptInRing3((inner) => inner.jmpFar(Selector.USER_CODE, 'here 3').label('here 3').mov(EAX, CS).log(EAX).jmpFar(Selector.CONFORMING, 'conforming 3').label('conforming 3').mov(EAX, CS).log(EAX));
    guest.attemptInRing3((inner) => inner.jmpFar(Selector.KERNEL_CODE, 0));
  }, [Selector.KERNEL_CODE, ...fault(Vector.GP, { error: Selector.USER_CODE & ~3 }), Selector.USER_CODE, Selector.CONFORMING | 3, ...userFault(Vector.GP, { error: Selector.KERNEL_CODE })]),
  witness(15, 'INT n goes through the guest\'s IDT and obeys its gates', 'SDM vol. 2, INT n', (guest) => {
    for (const vector of [Interrupt.SYSTEM_CALL, Interrupt.KERNEL_ONLY]) guest.attempt((inner) => inner.int(vector)).attemptInRing3((inner) => inner.int(vector));
  }, [
    ...fault(Interrupt.SYSTEM_CALL, { at: 2 }), ...userFault(Interrupt.SYSTEM_CALL, { at: 2 }), ...fault(Interrupt.KERNEL_ONLY, { at: 2 }), ...userFault(Vector.GP, { error: idtError(Interrupt.KERNEL_ONLY) }),
  ]),
  witness(16, 'RET far goes outward from the guest\'s ring 0, never inward', 'SDM vol. 2, RET', (guest) => {
    guest.push(Selector.KERNEL_CODE).push('same').retFar().label('same').mov(EAX, CS).log(EAX);
    guest.attempt((inner) => inner.push(Selector.USER_DATA).push(USER_STACK).push(Selector.USER_CODE).push('outer').mov(EAX, Selector.USER_DATA).mov(DS, EAX).retFar().label('outer').mov(EAX, CS).log(EAX).mov(EBX, ESP).log(EBX).int(Interrupt.LEAVE_RING3));
    guest.attemptInRing3((inner) => inner.push(Selector.KERNEL_CODE).push(0).tryHere().retFar()).attempt((inner) => inner.push(Selector.USER_CODE & ~3).push(0).tryHere().retFar());
  }, [Selector.KERNEL_CODE, Selector.USER_CODE, USER_STACK, ...userFault(Vector.GP, { error: Selector.KERNEL_CODE }), ...fault(Vector.GP, { error: Selector.USER_CODE & ~3 })]),
  witness(17, 'STR stores the guest\'s task register', 'SDM vol. 2, STR', inBothRings((guest) => guest.clear(EAX).str(EAX).log(EAX).mov(at(SCRATCH), -1).str(at(SCRATCH)).logMemory(SCRATCH)), twice([Selector.TASK, 0xffff0000 | Selector.TASK])),
  witness(19, 'IRET restores IF and IOPL in ring 0, in ring 3 neither', 'SDM vol. 2, IRET', (guest) => {
    const mask = Flag.IF | Flag.IOPL;
    const load = (flags: number, selector: number) => (inner: KernelGuest) => {
      const target = inner.newLabel('iret');
      return inner.push(Flag.FIXED | flags).push(selector).push(target).iret().label(target).logFlags(mask);
    };
    load(mask, Selector.KERNEL_CODE)(guest);
    load(0, Selector.KERNEL_CODE)(guest);
    guest.attemptInRing3(load(mask, Selector.USER_CODE)).attemptInRing3(load(0, Selector.USER_CODE), Flag.FIXED | Flag.IF).attemptInRing3(load(0, Selector.USER_CODE), Flag.FIXED | mask);
  }, [Flag.IF | Flag.IOPL, 0, 0, Flag.IF, Flag.IOPL]),
];

export const SENSITIVE_CHECKS: readonly SensitiveCheck[] = [...REGISTERS, ...QUERIES, ...SEGMENTS, ...TRANSFERS];
