import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  Access, CR0, Debug6, Flag, Register, Segment, V386Access, V386Block, V386Check, V386Control, V386Event, V386ExitNumber, V386Io, V386Msr, V386Shadow, V386_EXITS, V386_REVISION, Vector, Word, canTakeInterrupt, composeFlags, deliverFault, exitV386,
  loadFloat, raiseSecondLevelViolation, v386BlockHeader, wantsInterruptWindow,
} from '../src/index.js';
import type { SystemMnemonic, V386FieldName } from '../src/index.js';
import { FakeSilicon, Kind, Place, Sel, protectedMachine, putDescriptor, putGate, snapshot } from './support/fake-silicon.js';
import { NEXT, run, type RecordedMnemonic } from './support/run.js';

const EXIT_HANDLER = 0x45678;
const GUEST_EIP = 0x600;
const GUEST_STACK = 0xc000;
const GUEST_IDT = 0x25000;
const GUEST_HANDLER = 0x777;
const INTERRUPT32 = 0x8e;
const FRAME = [GUEST_EIP, 0xdead, Flag.V386 | Flag.IF | Flag.FIXED, GUEST_STACK, 0xbeef];

function field(silicon: FakeSilicon, name: V386FieldName, index = 0): number {
  return silicon.word(Place.BLOCK + V386Block[name] + 4 * index);
}

function setField(silicon: FakeSilicon, name: V386FieldName, value: number, index = 0): void {
  silicon.setWord(Place.BLOCK + V386Block[name] + 4 * index, value);
}

/** A root-mode host with a valid control block whose guest is in flat ring 0 with its own IDT. */
function host(): FakeSilicon {
  const silicon = protectedMachine();
  const { state } = silicon;
  state[Word.V386_BLOCK] = Place.BLOCK;
  state[Word.CR2] = 0x222;
  putGate(silicon, Place.IDT + 8 * Vector.V3, Sel.CODE0, EXIT_HANDLER, INTERRUPT32);
  for (const vector of [Vector.DF, Vector.GP, Vector.PF, Vector.UD, 0x30]) putGate(silicon, GUEST_IDT + 8 * vector, Sel.CODE0, GUEST_HANDLER, INTERRUPT32);
  setField(silicon, 'REVISION', V386_REVISION);
  setField(silicon, 'SECOND_LEVEL_ROOT', 0x50000);
  setField(silicon, 'GUEST_CR0', CR0.PE | CR0.ET | CR0.TS);
  setField(silicon, 'GUEST_CR3', 0x7000);
  setField(silicon, 'GUEST_DR7', 0x401);
  setField(silicon, 'GUEST_GDTR_BASE', Place.GDT);
  setField(silicon, 'GUEST_GDTR_LIMIT', 0xbf);
  setField(silicon, 'GUEST_IDTR_BASE', GUEST_IDT);
  setField(silicon, 'GUEST_IDTR_LIMIT', 0x3ff);
  for (let segment = 0; segment <= Segment.TR; segment++) {
    setField(silicon, 'GUEST_SELECTOR', segment === Segment.CS ? Sel.CODE0 : Sel.DATA0, segment);
    setField(silicon, 'GUEST_LIMIT', -1, segment);
    setField(silicon, 'GUEST_ACCESS', segment === Segment.CS ? 0xc09b : 0xc093, segment);
  }
  setField(silicon, 'GUEST_SELECTOR', 0x1238, Segment.TR);
  setField(silicon, 'GUEST_ACCESS', Kind.TSS32_BUSY, Segment.TR);
  setField(silicon, 'GUEST_BASE', Place.TSS, Segment.TR);
  setField(silicon, 'GUEST_LIMIT', 0x67, Segment.TR);
  return silicon;
}

function enter(silicon: FakeSilicon, frame: readonly number[] = FRAME): boolean {
  frame.forEach((word, index) => silicon.setWord(silicon.state[Word.ESP] + 4 * index, word));
  return run(silicon, 'iret');
}

/** A machine inside the mode. */
function guest(prepare: (silicon: FakeSilicon) => void = () => undefined): FakeSilicon {
  const silicon = host();
  prepare(silicon);
  expect(enter(silicon)).toBe(true);
  silicon.log.length = 0;
  return silicon;
}

/** Takes the fault that a procedure recorded, as an executor does. */
function take(silicon: FakeSilicon): boolean {
  expect(silicon.faulted).toBe(true);
  return deliverFault(silicon, silicon.faultVector, silicon.faultErrorCode);
}

/** The six words that an exit pushed: error code, EIP, CS, EFLAGS, ESP, SS. */
function exitFrame(silicon: FakeSilicon): number[] {
  return [0, 1, 2, 3, 4, 5].map((index) => silicon.word(silicon.state[Word.ESP] + 4 * index));
}

/** Runs a guest instruction that must exit, and takes the exit. */
function exitBy(silicon: FakeSilicon, mnemonic: SystemMnemonic, fields: Parameters<typeof run>[2] = {}): void {
  expect(run(silicon, mnemonic, fields)).toBe(false);
  expect(silicon.faultVector).toBe(Vector.V3);
  expect(take(silicon)).toBe(true);
}

describe('1. enumeration and registers', () => {
  it('1.1 CPUID shows the mode outside it only', () => {
    const features = (silicon: FakeSilicon): number => {
      silicon.state[Register.EAX] = 1;
      run(silicon, 'cpuid');
      return (silicon.state[Register.EDX] >>> 20) & 1;
    };
    expect([features(host()), features(guest())]).toEqual([1, 0]);
  });

  function access(silicon: FakeSilicon, mnemonic: 'rdmsr' | 'wrmsr', index: number, low = 0, high = 0): string {
    Object.assign(silicon.state, { [Register.ECX]: index, [Register.EAX]: low, [Register.EDX]: high });
    run(silicon, mnemonic);
    return silicon.fault;
  }

  it('1.2 CAPABILITY is the revision and read-only', () => {
    const silicon = host();
    expect([access(silicon, 'rdmsr', V386Msr.CAPABILITY), silicon.state[Register.EAX]]).toEqual(['none', V386_REVISION]);
    expect(access(silicon, 'wrmsr', V386Msr.CAPABILITY)).toBe('13(0)');
  });

  it.each([[0x23000, 0, 'none'], [0x23004, 0, '13(0)'], [0x23000, 1, '13(0)']])('1.3 1.4 CONTROL_BLOCK %i with EDX %i: %s', (low, high, fault) => {
    const silicon = host();
    expect(access(silicon, 'wrmsr', V386Msr.CONTROL_BLOCK, low, high)).toBe(fault);
    expect(silicon.state[Word.V386_BLOCK]).toBe(fault === 'none' ? low : Place.BLOCK);
  });

  it.each(['rdmsr', 'wrmsr'] as const)('1.5 %s of the MSRs is #GP(0) in ring 3, inside the mode and without the mode', (mnemonic) => {
    const without = protectedMachine();
    without.state[Word.FEATURES] = 0;
    for (const silicon of [protectedMachine(3), guest(), without]) expect(access(silicon, mnemonic, V386Msr.CONTROL_BLOCK)).toBe('13(0)');
  });

  it('1.6 EFLAGS never holds bit 22', () => {
    expect(composeFlags(guest().state) & Flag.V386).toBe(0);
  });
});

describe('2. the control block', () => {
  it('2.1 2.2 general registers and DR0-DR3, DR6 stay in place; DR7 is swapped', () => {
    const silicon = host();
    Object.assign(silicon.state, { [Register.EAX]: 1, [Register.EDI]: 7, [Word.DR]: 0xd0, [Word.DR + 6]: 0xd6, [Word.DR + 7]: 0x402 });
    enter(silicon);
    const inPlace = (): number[] => [silicon.state[Register.EAX], silicon.state[Register.EDI], silicon.state[Word.DR], silicon.state[Word.DR + 6], silicon.state[Word.DR + 7]];
    expect(inPlace()).toEqual([1, 7, 0xd0, 0xd6, 0x401]);
    exitV386(silicon, 'timer');
    expect([...inPlace(), field(silicon, 'GUEST_DR7')]).toEqual([1, 7, 0xd0, 0xd6, 0x402, 0x401]);
  });

  it('2.3 2.4 access words and byte limits', () => {
    const silicon = guest();
    silicon.state[Register.ECX] = 0;
    run(silicon, 'load-sreg', { target: Segment.GS, register: Register.ECX });
    exitV386(silicon, 'timer');
    expect([field(silicon, 'GUEST_ACCESS', Segment.GS), field(silicon, 'GUEST_ACCESS', Segment.CS), field(silicon, 'GUEST_LIMIT', Segment.CS)]).toEqual([Access.UNUSABLE, 0xc09b, -1]);
  });

  it('fits in its page, and the C header names every field', () => {
    expect(Math.max(...Object.values(V386Block))).toBeLessThan(4096 - 32);
    expect(new Set(Object.values(V386Block)).size).toBe(Object.keys(V386Block).length);
    const header = v386BlockHeader();
    for (const name of Object.keys(V386Block)) expect(header).toContain(`V386_BLOCK_${name} `);
    expect(header).toContain('#define V386_EXIT_SECOND_LEVEL 0x6\n');
    expect(header).toContain('#define V386_EVENT_VALID 0x80000000\n');
  });
});

describe('3. entry', () => {
  it('3.1 3.5 3.6 IRET with bit 22 loads the guest', () => {
    const silicon = guest();
    const { state } = silicon;
    expect([state[Word.IN_V386], state[Word.EIP], state[Word.ESP], composeFlags(state)]).toEqual([1, GUEST_EIP, GUEST_STACK, Flag.IF | Flag.FIXED]);
    expect([state[Word.CR0], state[Word.CR3], state[Word.IDTR_BASE], state[Word.GDTR_LIMIT], state[Word.CPL]]).toEqual([CR0.PE | CR0.ET | CR0.TS, 0x7000, GUEST_IDT, 0xbf, 0]);
    expect([state[Word.SELECTOR + Segment.CS], state[Word.SELECTOR + Segment.SS], state[Word.SELECTOR + Segment.TR], state[Word.SECOND_LEVEL_ROOT]]).toEqual([Sel.CODE0, Sel.DATA0, 0x1238, 0x50000]);
    expect(state[Word.WRITE_TOP + Segment.DS]).toBe(-8);
  });

  it('3.2 bit 22 is ignored outside ring 0, with 16 bits and without the mode', () => {
    for (const silicon of [protectedMachine(3), protectedMachine()]) {
      if (silicon.state[Word.CPL] === 0) silicon.state[Word.FEATURES] = 0;
      const code = silicon.state[Word.SELECTOR + Segment.CS];
      expect(enter(silicon, [0x700, code, Flag.V386 | Flag.FIXED])).toBe(true);
      expect([silicon.state[Word.IN_V386], composeFlags(silicon.state)]).toEqual([0, Flag.FIXED]);
    }
    const silicon = host();
    silicon.setWord(Place.STACK0, 0x700 | (Sel.CODE0 << 16));
    silicon.setWord(Place.STACK0 + 4, Flag.V386 | Flag.FIXED);
    run(silicon, 'iret', { operandSize: 16 });
    expect(silicon.state[Word.IN_V386]).toBe(0);
  });

  it('3.3 resumes a guest in virtual-8086 mode', () => {
    const silicon = host();
    setField(silicon, 'GUEST_CPL', 3);
    expect(enter(silicon, [GUEST_EIP, 0, Flag.V386 | Flag.VM | Flag.FIXED, GUEST_STACK, 0])).toBe(true);
    expect([silicon.state[Word.CPL], composeFlags(silicon.state), silicon.state[Word.IN_V386]]).toEqual([3, Flag.VM | Flag.FIXED, 1]);
  });

  it('3.4 a frame beyond the stack is #SS(0)', () => {
    const silicon = host();
    silicon.state[Word.LIMIT + Segment.SS] = Place.STACK0 + 18;
    expect([enter(silicon), silicon.fault]).toEqual([false, '12(0)']);
  });

  it('3.7 the host is saved', () => {
    const silicon = guest();
    expect([field(silicon, 'HOST_CR0'), field(silicon, 'HOST_CR2'), field(silicon, 'HOST_IDTR_BASE'), field(silicon, 'HOST_SELECTOR', 1), field(silicon, 'HOST_ACCESS', 1)]).toEqual([CR0.PE | CR0.ET, 0x222, Place.IDT, Sel.TSS, Kind.TSS32_BUSY]);
  });

  it('3.8 the time-stamp counter has the guest offset, and gets the host one back', () => {
    const silicon = guest((root) => {
      setField(root, 'GUEST_TSC_OFFSET', -100);
      setField(root, 'GUEST_TSC_OFFSET', -1, 1);
    });
    run(silicon, 'rdtsc');
    expect(silicon.state[Register.EAX]).toBe(900);
    exitV386(silicon, 'timer');
    run(silicon, 'rdtsc');
    expect(silicon.state[Register.EAX]).toBe(1000);
  });

  it('3.9 translations are dropped both ways', () => {
    const silicon = host();
    enter(silicon);
    expect(silicon.log).toContain('flush');
    silicon.log.length = 0;
    exitV386(silicon, 'timer');
    expect(silicon.log).toContain('flush');
  });

  it.each([[0, []], [1, ['inhibit']], [2, ['inhibit with debug']], [3, ['inhibit with debug']]] as const)('3.10 GUEST_SHADOW %i', (shadow, inhibited) => {
    const silicon = host();
    setField(silicon, 'GUEST_SHADOW', shadow);
    enter(silicon);
    expect(silicon.log.filter((entry) => entry.startsWith('inhibit'))).toEqual(inhibited);
  });

  it('3.15 3.16 what the guest is in the middle of', () => {
    const silicon = host();
    const words = (): boolean[] => [Word.NMI_BLOCKED, Word.REPEATING].map((word) => silicon.state[word] !== 0);
    setField(silicon, 'GUEST_SHADOW', V386Shadow.NMI);
    setField(silicon, 'GUEST_PENDING_DEBUG', Debug6.BS | 5 | Debug6.BD);
    enter(silicon);
    expect([words(), silicon.state[Word.PENDING_DEBUG]]).toEqual([[true, false], Debug6.BS | 5]);
    exitV386(silicon, 'timer');
    expect([words(), silicon.state[Word.PENDING_DEBUG]]).toEqual([[false, false], 0]);
    expect([field(silicon, 'GUEST_SHADOW'), field(silicon, 'GUEST_PENDING_DEBUG')]).toEqual([V386Shadow.NMI, Debug6.BS | 5]);
    setField(silicon, 'GUEST_SHADOW', V386Shadow.REPEATING);
    enter(silicon);
    expect(words()).toEqual([false, true]);
  });

  it('5.9 RF goes in with the image and comes out with it', () => {
    const silicon = host();
    silicon.state[Word.BUDGET] = 99;
    enter(silicon, FRAME.map((word, index) => (index === 2 ? word | Flag.RF : word)));
    expect([silicon.state[Word.FLAG_SYSTEM] & Flag.RF, silicon.state[Word.RESUMED_AT]]).toEqual([Flag.RF, 99]);
    exitV386(silicon, 'timer');
    expect(exitFrame(silicon)[3] & Flag.RF).toBe(Flag.RF);
  });

  it('3.11 without a block IRET is #GP(0)', () => {
    const silicon = host();
    silicon.state[Word.V386_BLOCK] = 0;
    expect([enter(silicon), silicon.fault]).toEqual([false, '13(0)']);
  });

  const VM_FRAME = [GUEST_EIP, 0, Flag.V386 | Flag.VM | Flag.FIXED, GUEST_STACK, 0];
  it.each([
    ['REVISION', 'REVISION', 0, FRAME], ['CONTROLS', 'CONTROLS', 8, FRAME], ['ADDRESSES', 'SECOND_LEVEL_ROOT', 0x50004, FRAME], ['ADDRESSES', 'IO_BITMAP', 1, FRAME], ['CR0', 'GUEST_CR0', CR0.PG, FRAME], ['CR4', 'GUEST_CR4', 1 << 5, FRAME],
    ['PRIVILEGE', 'GUEST_CPL', 4, FRAME], ['PRIVILEGE', 'GUEST_CPL', -1, FRAME], ['VIRTUAL_8086', 'GUEST_CPL', 0, VM_FRAME], ['EVENT', 'ENTRY_EVENT', V386Event.VALID | (1 << 20), FRAME],
  ] as const)('3.12 3.14 check %s of %s = %i', (check, name, value, frame) => {
    const silicon = host();
    setField(silicon, name, value);
    const before = snapshot(silicon);
    expect([enter(silicon, frame), silicon.fault, field(silicon, 'EXIT_REASON'), field(silicon, 'EXIT_QUALIFICATION')]).toEqual([false, '13(0)', V386ExitNumber['invalid-state'], V386Check[check]]);
    expect([snapshot(silicon), [...silicon.counts]]).toEqual([before, [['v386.exit.invalid-state', 1]]]);
  });

  it.each([[Segment.CS, Access.UNUSABLE, V386Check.CODE_SEGMENT], [Segment.CS, 0x1b, V386Check.CODE_SEGMENT], [Segment.CS, 0x8b, V386Check.CODE_SEGMENT], [Segment.GS, 1 << 20, V386Check.ACCESS_WORDS]])('3.12 access word of %i = %i', (segment, access, check) => {
    const silicon = host();
    setField(silicon, 'GUEST_ACCESS', access, segment);
    expect([enter(silicon), field(silicon, 'EXIT_QUALIFICATION')]).toEqual([false, check]);
  });

  it('3.12 real mode needs CPL 0', () => {
    const silicon = host();
    setField(silicon, 'GUEST_CR0', 0);
    setField(silicon, 'GUEST_CPL', 3);
    expect([enter(silicon), field(silicon, 'EXIT_QUALIFICATION')]).toEqual([false, V386Check.PRIVILEGE]);
  });

  it('3.13 6.19 what an exit leaves can be entered again, in protected, real and virtual-8086 mode', () => {
    for (const [cr0, cpl, flags] of [[CR0.PE, 0, 0], [CR0.PE, 3, 0], [0, 0, 0], [CR0.PE, 3, Flag.VM]]) {
      const silicon = host();
      setField(silicon, 'GUEST_CR0', cr0);
      setField(silicon, 'GUEST_CPL', cpl);
      expect(enter(silicon, [GUEST_EIP, 0, Flag.V386 | flags | Flag.FIXED, GUEST_STACK, 0])).toBe(true);
      const before = snapshot(silicon);
      expect(exitV386(silicon, 'timer')).toBe(true);
      silicon.state[Word.ESP] += 4;
      expect(run(silicon, 'iret')).toBe(true);
      expect(snapshot(silicon)).toEqual(before);
    }
  });

  it('3.14 counts an entry and no ring crossing', () => {
    expect([...guest((root) => setField(root, 'GUEST_CPL', 3)).counts]).toEqual([['v386.entry', 1]]);
  });
});

describe('4. event injection', () => {
  it('4.1 4.2 4.5 an interrupt goes through the guest IDT whatever IF is', () => {
    const silicon = host();
    setField(silicon, 'ENTRY_EVENT', V386Event.VALID | 0x30);
    enter(silicon, [GUEST_EIP, 0, Flag.V386 | Flag.FIXED, GUEST_STACK, 0]);
    expect([silicon.state[Word.EIP], silicon.word(GUEST_STACK - 12), silicon.word(GUEST_STACK - 4), field(silicon, 'ENTRY_EVENT')]).toEqual([GUEST_HANDLER, GUEST_EIP, Flag.FIXED, 0x30]);
    expect(silicon.counts.get('interrupt.hardware')).toBeUndefined();
  });

  it('4.3 an exception brings its error code', () => {
    const silicon = guest((root) => {
      setField(root, 'ENTRY_EVENT', V386Event.VALID | V386Event.EXCEPTION | V386Event.HAS_ERROR_CODE | Vector.PF);
      setField(root, 'ENTRY_ERROR_CODE', 6);
    });
    expect([silicon.state[Word.EIP], silicon.word(GUEST_STACK - 16), silicon.counts.get('exception.14')]).toEqual([GUEST_HANDLER, 6, 1]);
  });

  it.each([
    [V386Event.EXCEPTION | 32], [V386Event.EXCEPTION | V386Event.HAS_ERROR_CODE | Vector.UD], [V386Event.EXCEPTION | Vector.GP], [V386Event.HAS_ERROR_CODE | 0x30], [V386Event.EXCEPTION | Vector.V3], [1 << 16],
  ])('4.4 malformed event %i', (event) => {
    const silicon = host();
    setField(silicon, 'ENTRY_EVENT', V386Event.VALID | event);
    expect([enter(silicon), field(silicon, 'EXIT_QUALIFICATION')]).toEqual([false, V386Check.EVENT]);
  });

  it('4.6 a fault on the way is the guest’s, up to a triple fault', () => {
    const inject = (idtLimit: number): FakeSilicon =>
      guest((root) => {
        setField(root, 'GUEST_IDTR_LIMIT', idtLimit);
        setField(root, 'ENTRY_EVENT', V386Event.VALID | 0x60);
      });
    const faulted = inject(0x2ff);
    expect([faulted.state[Word.EIP], faulted.word(GUEST_STACK - 16)]).toEqual([GUEST_HANDLER, 0x60 * 8 + 3]);
    const dead = inject(0);
    expect([dead.state[Word.IN_V386], dead.state[Word.EIP], exitFrame(dead)[0]]).toEqual([0, EXIT_HANDLER, V386ExitNumber.shutdown]);
  });

  it('4.7 4.8 an exit in mid-delivery says what was under way', () => {
    const silicon = host();
    setField(silicon, 'VECTORING_EVENT', -1);
    setField(silicon, 'ENTRY_EVENT', V386Event.VALID | 0x30);
    silicon.onSecondLevel = (linear) => linear >>> 12 === (GUEST_STACK - 4) >>> 12 && silicon.state[Word.IN_V386] === 1 && !raiseSecondLevelViolation(silicon, 0xb000, linear, V386Access.WRITE);
    enter(silicon);
    expect([field(silicon, 'VECTORING_EVENT'), field(silicon, 'EXIT_PHYSICAL'), exitFrame(silicon)[0]]).toEqual([V386Event.VALID | 0x30, 0xb000, V386ExitNumber['second-level']]);

    silicon.state[Word.ESP] += 4;
    run(silicon, 'iret');
    expect([field(silicon, 'VECTORING_EVENT'), silicon.state[Word.IN_V386]]).toEqual([0, 1]);
    deliverFault(silicon, Vector.GP, 0x18);
    expect([field(silicon, 'VECTORING_EVENT'), field(silicon, 'VECTORING_ERROR_CODE')]).toEqual([V386Event.VALID | V386Event.EXCEPTION | V386Event.HAS_ERROR_CODE | Vector.GP, 0x18]);
  });
});

describe('5. inside the mode', () => {
  it('5.1 5.2 sensitive instructions see the guest', () => {
    const silicon = guest();
    const { state } = silicon;
    const seen = (mnemonic: RecordedMnemonic): number => {
      state[Register.ECX] = 0;
      expect(run(silicon, mnemonic, { register: Register.ECX })).toBe(true);
      return state[Register.ECX];
    };
    expect([seen('str'), seen('smsw')]).toEqual([0x1238, CR0.PE | CR0.ET | CR0.TS]);
    run(silicon, 'sidt', { memory: true, offset: 0x100 });
    run(silicon, 'mov-from-cr', { target: 3, register: Register.EBX });
    expect([silicon.word(0x102), state[Register.EBX]]).toEqual([GUEST_IDT, 0x7000]);
    state[Register.ECX] = Sel.ABSENT_DATA3;
    run(silicon, 'lar', { register: Register.ECX, target: Register.EDX });
    expect(composeFlags(state) & Flag.ZF).toBe(0); // beyond the guest's GDT limit, though not beyond the host's
  });

  it('5.3 the guest’s own privileged instructions do not exit', () => {
    const silicon = guest();
    const { state } = silicon;
    putDescriptor(silicon, Place.GDT + Sel.OTHER_TSS, Place.OTHER_TSS, 0x67, Kind.TSS32, 0);
    silicon.setWord(0x102, Place.GDT);
    silicon.setHalf(0x100, 0xbf);
    const steps: [SystemMnemonic, Parameters<typeof run>[2], number?][] = [
      ['cli', {}], ['sti', {}], ['pushf', {}], ['popf', {}], ['clts', {}], ['lgdt', { memory: true, offset: 0x100 }], ['mov-to-cr', { target: 3, register: Register.ECX }, 0x9000], ['mov-to-dr', { target: 0, register: Register.ECX }],
      ['lldt', { register: Register.ECX }, Sel.LDT], ['ltr', { register: Register.ECX }, Sel.OTHER_TSS], ['load-sreg', { target: Segment.ES, register: Register.ECX }, Sel.DATA0], ['invlpg', { memory: true }], ['rdtsc', {}], ['cpuid', {}],
      ['lmsw', { register: Register.ECX }, CR0.PE], ['lidt', { memory: true, offset: 0x110 }], ['wbinvd', {}],
    ];
    for (const [mnemonic, fields, value = 0] of steps) {
      state[Register.ECX] = value;
      expect([mnemonic, run(silicon, mnemonic, fields), silicon.fault]).toEqual([mnemonic, true, 'none']);
    }
    expect([state[Word.IN_V386], state[Word.CR3], silicon.counts.size]).toEqual([1, 0x9000, 1]);
  });

  it('5.3 5.4 INT and IRET stay inside, and no image shows or takes bit 22', () => {
    const silicon = guest();
    expect(run(silicon, 'int', { immediate: 0x30 })).toBe(true);
    expect([silicon.state[Word.EIP], silicon.word(GUEST_STACK - 4)]).toEqual([GUEST_HANDLER, Flag.IF | Flag.FIXED]);
    silicon.setWord(GUEST_STACK - 4, Flag.V386 | Flag.IF | Flag.FIXED);
    expect(run(silicon, 'iret')).toBe(true);
    expect([silicon.state[Word.EIP], silicon.state[Word.ESP], silicon.state[Word.IN_V386], composeFlags(silicon.state)]).toEqual([NEXT, GUEST_STACK, 1, Flag.IF | Flag.FIXED]);
    silicon.setWord(GUEST_STACK, 0);
    run(silicon, 'popf');
    run(silicon, 'pushf');
    expect([silicon.state[Word.IN_V386], silicon.word(GUEST_STACK)]).toEqual([1, Flag.FIXED]);
  });

  it('5.5 exceptions go through the guest IDT', () => {
    const silicon = guest();
    deliverFault(silicon, Vector.UD, 0);
    expect([silicon.state[Word.EIP], silicon.state[Word.IN_V386]]).toEqual([GUEST_HANDLER, 1]);
  });
});

describe('6. exits', () => {
  it('6.1 6.7 IN and OUT exit first, and describe themselves', () => {
    const silicon = guest();
    Object.assign(silicon.state, { [Register.EAX]: 0x12345678, [Register.EDX]: 0x3f8 });
    exitBy(silicon, 'out', { port: -1, width: 2, length: 3 });
    expect([field(silicon, 'EXIT_REASON'), field(silicon, 'EXIT_LENGTH'), field(silicon, 'EXIT_QUALIFICATION'), field(silicon, 'EXIT_VALUE'), exitFrame(silicon)[1]]).toEqual([V386ExitNumber.io, 3, (0x3f8 << 16) | 2, 0x5678, GUEST_EIP]);
    expect(silicon.log.filter((entry) => /^(in|out) /.test(entry))).toEqual([]);
    const other = guest();
    exitBy(other, 'in', { port: 0x60, width: 1 });
    expect(field(other, 'EXIT_QUALIFICATION')).toBe((0x60 << 16) | V386Io.IN | 1);
  });

  it('6.2 the guest’s own #GP(0) comes first', () => {
    const silicon = guest((root) => {
      setField(root, 'GUEST_CPL', 3);
      root.setHalf(Place.TSS + 102, 0x68); // the guest's TSS ends before its I/O map
    });
    run(silicon, 'in', { port: 0x60 });
    expect(silicon.fault).toBe('13(0)');
  });

  it('6.3 the I/O map lets ports through', () => {
    const silicon = guest((root) => {
      setField(root, 'CONTROLS', V386Control.IO_BITMAP);
      setField(root, 'IO_BITMAP', Place.IO_MAP);
      root.memory.setUint8(Place.IO_MAP + (0x62 >> 3), 1 << (0x62 & 7));
    });
    expect(run(silicon, 'in', { port: 0x60, width: 2 })).toBe(true);
    expect(silicon.log).toEqual(['in 60 2']);
    exitBy(silicon, 'in', { port: 0x60, width: 4 });
  });

  it('6.4 the marker port never exits', () => {
    const silicon = guest();
    expect(run(silicon, 'out', { port: 0xe8, width: 1 })).toBe(true);
    expect(silicon.log).toEqual(['out e8 1 0']);
  });

  it('6.5 string I/O exits before its operand is touched', () => {
    const silicon = guest();
    Object.assign(silicon.state, { [Register.EDX]: 0x1f0, [Register.ESI]: 0x5000, [Register.ECX]: 9 });
    silicon.absentPages.add(5);
    exitBy(silicon, 'outs', { width: 2, segment: Segment.FS, repeated: true });
    expect([field(silicon, 'EXIT_QUALIFICATION'), field(silicon, 'EXIT_LINEAR'), silicon.state[Register.ECX], silicon.state[Register.ESI]]).toEqual([
      (0x1f0 << 16) | (Segment.FS << 8) | V386Io.STRING | V386Io.REPEATED | V386Io.WIDE_ADDRESS | 2, 0x5000, 9, 0x5000,
    ]);
  });

  it.each(['hlt', 'rdmsr', 'wrmsr'] as const)('6.6 6.7 %s exits in ring 0 and faults elsewhere', (mnemonic) => {
    const silicon = guest();
    Object.assign(silicon.state, { [Register.ECX]: 0x10, [Register.EAX]: 5, [Register.EDX]: 6 });
    exitBy(silicon, mnemonic);
    const write = mnemonic === 'wrmsr';
    expect([field(silicon, 'EXIT_REASON'), field(silicon, 'EXIT_LENGTH'), field(silicon, 'EXIT_QUALIFICATION')]).toEqual([mnemonic === 'hlt' ? V386ExitNumber.halt : V386ExitNumber.msr, 2, write ? 1 : 0]);
    if (write) expect([field(silicon, 'EXIT_VALUE'), field(silicon, 'EXIT_VALUE', 1)]).toEqual([5, 6]);
    const user = guest((root) => setField(root, 'GUEST_CPL', 3));
    run(user, mnemonic);
    expect(user.fault).toBe('13(0)');
  });

  it('6.7 6.8 an interrupt can be taken with IF clear, and its exit has no instruction', () => {
    const silicon = guest();
    run(silicon, 'cli');
    expect(canTakeInterrupt(silicon)).toBe(true);
    setField(silicon, 'EXIT_LENGTH', 9);
    expect(exitV386(silicon, 'interrupt')).toBe(true);
    expect([field(silicon, 'EXIT_LENGTH'), exitFrame(silicon)[0]]).toEqual([0, V386ExitNumber.interrupt]);
  });

  it('6.9 the deadline is on the host’s time-stamp counter', () => {
    const prepare = (controls: number) => (root: FakeSilicon): void => {
      Object.assign(root.state, { [Register.ECX]: 0x10, [Register.EAX]: 50, [Register.EDX]: 0 });
      run(root, 'wrmsr'); // the host's counter is now 950 behind the clock
      setField(root, 'CONTROLS', controls);
      setField(root, 'DEADLINE', 80);
      setField(root, 'DEADLINE', 1, 1);
    };
    const silicon = guest(prepare(V386Control.TIMER));
    expect(loadFloat(silicon.state, Word.V386_DEADLINE)).toBe(0x1_0000_0000 + 80 + 950);
    exitV386(silicon, 'timer');
    expect(loadFloat(silicon.state, Word.V386_DEADLINE)).toBe(Number.POSITIVE_INFINITY);
    expect(loadFloat(guest(prepare(0)).state, Word.V386_DEADLINE)).toBe(Number.POSITIVE_INFINITY);
  });

  it('6.10 the interrupt window', () => {
    const silicon = guest((root) => setField(root, 'CONTROLS', V386Control.INTERRUPT_WINDOW));
    expect(wantsInterruptWindow(silicon)).toBe(true);
    silicon.interruptsInhibited = true;
    expect(wantsInterruptWindow(silicon)).toBe(false);
    silicon.interruptsInhibited = false;
    run(silicon, 'cli');
    expect([wantsInterruptWindow(silicon), wantsInterruptWindow(guest()), wantsInterruptWindow(host())]).toEqual([false, false, false]);
  });

  it('6.11 a second-level violation commits nothing and leaves CR2 alone', () => {
    const silicon = guest();
    silicon.onSecondLevel = (linear) => linear >>> 12 === 5 && silicon.state[Word.IN_V386] === 1 && !raiseSecondLevelViolation(silicon, 0x15004, linear, V386Access.PRESENT);
    silicon.state[Word.ESP] = 0x5004;
    const esp = silicon.state[Word.ESP];
    exitBy(silicon, 'popf');
    expect([exitFrame(silicon).slice(0, 2), exitFrame(silicon)[4], field(silicon, 'GUEST_CR2')]).toEqual([[V386ExitNumber['second-level'], GUEST_EIP], esp, 0]);
    expect([field(silicon, 'EXIT_PHYSICAL'), field(silicon, 'EXIT_LINEAR'), field(silicon, 'EXIT_QUALIFICATION')]).toEqual([0x15004, 0x5004, V386Access.PRESENT]);
  });

  it('6.12 a triple fault of the guest is an exit', () => {
    const silicon = guest((root) => setField(root, 'GUEST_IDTR_LIMIT', 0));
    expect(deliverFault(silicon, Vector.GP, 0)).toBe(true);
    expect([exitFrame(silicon)[0], silicon.log.includes('shutdown')]).toEqual([V386ExitNumber.shutdown, false]);
  });

  it('6.14 the guest is saved', () => {
    const silicon = guest();
    silicon.interruptsInhibited = true;
    Object.assign(silicon.state, { [Word.CR2]: 0x99, [Word.CR4]: 4, [Word.CPL]: 1 });
    exitV386(silicon, 'timer');
    expect([field(silicon, 'GUEST_CR2'), field(silicon, 'GUEST_CR4'), field(silicon, 'GUEST_CPL'), field(silicon, 'GUEST_SHADOW'), field(silicon, 'GUEST_SELECTOR', Segment.TR), field(silicon, 'GUEST_IDTR_BASE')]).toEqual([0x99, 4, 1, 1, 0x1238, GUEST_IDT]);
  });

  it.each([INTERRUPT32, INTERRUPT32 | 1])('6.15 6.16 6.17 the host is entered through gate type %i', (type) => {
    const silicon = guest((root) => {
      putGate(root, Place.IDT + 8 * Vector.V3, Sel.CODE0, EXIT_HANDLER, type);
      root.setWord(Place.TSS + 4, Place.STACK1);
    });
    const { state } = silicon;
    exitV386(silicon, 'timer');
    expect(exitFrame(silicon)).toEqual([V386ExitNumber.timer, GUEST_EIP, Sel.CODE0, Flag.V386 | Flag.IF | Flag.FIXED, GUEST_STACK, Sel.DATA0]);
    expect([state[Word.EIP], state[Word.ESP], state[Word.CPL], composeFlags(state), state[Word.CR2]]).toEqual([EXIT_HANDLER, Place.STACK1 - 24, 0, Flag.FIXED, 0x222]);
    expect([state[Word.IDTR_BASE], state[Word.SELECTOR + Segment.TR], state[Word.IN_V386], state[Word.SECOND_LEVEL_ROOT]]).toEqual([Place.IDT, Sel.TSS, 0, 0]);
    expect([Segment.DS, Segment.ES, Segment.FS, Segment.GS].map((register) => state[Word.ACCESS + register])).toEqual(Array.from({ length: 4 }, () => Access.UNUSABLE));
    expect([state[Word.SELECTOR + Segment.CS], state[Word.SELECTOR + Segment.SS]]).toEqual([Sel.CODE0, Sel.DATA0]);
  });

  it.each([
    ['a 16-bit gate', (s: FakeSilicon) => putGate(s, Place.IDT + 160, Sel.CODE0, 0, 0x86)], ['an absent gate', (s: FakeSilicon) => putGate(s, Place.IDT + 160, Sel.CODE0, 0, 0x0e)],
    ['a handler of ring 1', (s: FakeSilicon) => putGate(s, Place.IDT + 160, Sel.CODE1, 0, INTERRUPT32)], ['a conforming handler', (s: FakeSilicon) => putGate(s, Place.IDT + 160, Sel.CONFORMING0, 0, INTERRUPT32)],
    ['an absent handler', (s: FakeSilicon) => putGate(s, Place.IDT + 160, Sel.ABSENT_CODE0, 0, INTERRUPT32)], ['no stack', (s: FakeSilicon) => s.setHalf(Place.TSS + 8, 0)], ['an absent stack page', (s: FakeSilicon) => s.absentPages.add((Place.STACK0 - 4) >>> 12)],
  ] as const)('6.18 shutdown for %s', (_, prepare) => {
    const silicon = guest();
    prepare(silicon);
    expect([exitV386(silicon, 'timer'), silicon.log.at(-1), silicon.faulted]).toEqual([false, 'shutdown', false]);
  });

  it.each(V386_EXITS.filter((name) => name !== 'invalid-state'))('6.20 %s is counted once', (reason) => {
    const silicon = guest((root) => setField(root, 'GUEST_CPL', 3));
    silicon.counts.clear();
    exitV386(silicon, reason);
    expect([...silicon.counts]).toEqual([[`v386.exit.${reason}`, 1]]);
  });
});

describe('the chapter', () => {
  it('every numbered sentence has a test here, or is marked as the machine’s', () => {
    const chapter = readFileSync(new URL('../../../docs/v386-mode.md', import.meta.url), 'utf8');
    const tests = readFileSync(new URL(import.meta.url), 'utf8');
    const titles = [...tests.matchAll(/\('((?:\d+\.\d+ )+)/g)].flatMap((match) => match[1].trim().split(' '));
    const sentences = [...chapter.matchAll(/^- \*\*(\d+\.\d+)\*\*( ◆)?/gm)];
    const untested = sentences.filter(([, number, mark]) => mark === undefined && !titles.includes(number)).map(([, number]) => number);
    expect(untested).toEqual([]);
    const numbers = new Set(sentences.map(([, number]) => number));
    expect(titles.filter((title) => !numbers.has(title))).toEqual([]);
  });

  it('its table of reasons has the numbers of the source', () => {
    const chapter = readFileSync(new URL('../../../docs/v386-mode.md', import.meta.url), 'utf8');
    const rows = [...chapter.matchAll(/^\| (\d+) \| ([a-z-]+) \|/gm)].map(([, number, name]) => [name, Number(number)]);
    expect(Object.fromEntries(rows)).toEqual(V386ExitNumber);
  });
});
