import { describe, expect, it } from 'vitest';
import { Access, Flag, Register, Segment, Word, composeFlags, encodingRows, segmentAllows } from '../src/index.js';
import { FakeSilicon, Place, Sel, protectedMachine, realMachine, snapshot, virtual8086Machine } from './support/fake-silicon.js';
import { NEXT, run } from './support/run.js';

const LDT_SELECTOR = 4;
const SENSITIVE = ['sgdt', 'sidt', 'sldt', 'smsw', 'str', 'pushf', 'popf', 'lar', 'lsl', 'verr', 'verw', 'mov-sreg', 'load-sreg', 'push-sreg', 'pop-sreg', 'load-far-pointer', 'callf', 'jmpf', 'retf', 'int', 'iret'] as const;

/** Loads a segment register from ECX and says what fault came of it. */
function load(silicon: FakeSilicon, target: number, selector: number): string {
  silicon.state[Register.ECX] = selector;
  run(silicon, 'load-sreg', { target, register: Register.ECX });
  return silicon.fault;
}

describe('loading DS, ES, FS, GS', () => {
  it.each([
    ['flat data', 0, Sel.DATA0, 'none'],
    ['null', 0, 3, 'none'],
    ['beyond the GDT limit', 0, 0x100, '13(256)'],
    ['beyond the LDT limit', 0, 0x100 | LDT_SELECTOR, '13(260)'],
    ['a system descriptor', 0, Sel.TSS, `13(${Sel.TSS})`],
    ['execute-only code', 0, Sel.EXECUTE_ONLY0, `13(${Sel.EXECUTE_ONLY0})`],
    ['readable code', 0, Sel.CODE0, 'none'],
    ['ring-0 data from ring 3', 3, Sel.DATA0, `13(${Sel.DATA0})`],
    ['RPL 3 with a ring-0 descriptor', 0, Sel.DATA0 | 3, `13(${Sel.DATA0})`],
    ['conforming code whatever the privilege', 3, Sel.CONFORMING0 | 3, 'none'],
    ['absent', 0, Sel.ABSENT_DATA0, `11(${Sel.ABSENT_DATA0})`],
    ['absent and denied: the privilege check comes first', 3, Sel.ABSENT_DATA0, `13(${Sel.ABSENT_DATA0})`],
  ] as const)('%s', (_, cpl, selector, fault) => {
    const silicon = protectedMachine(cpl);
    expect(load(silicon, Segment.ES, selector)).toBe(fault);
    expect(silicon.state[Word.SELECTOR + Segment.ES]).toBe(fault === 'none' ? selector : cpl === 0 ? Sel.DATA0 : Sel.DATA3 | 3);
  });

  it('a descriptor must lie within the table to its last byte', () => {
    for (const [limit, fault] of [[Sel.DATA0 + 6, `13(${Sel.DATA0})`], [Sel.DATA0 + 7, 'none']] as const) {
      const silicon = protectedMachine();
      silicon.state[Word.GDTR_LIMIT] = limit;
      expect(load(silicon, Segment.ES, Sel.DATA0)).toBe(fault);
    }
  });

  it('sets the accessed bit in the table and in the cache', () => {
    const silicon = protectedMachine();
    load(silicon, Segment.FS, Sel.READ_ONLY0);
    expect(silicon.memory.getUint8(Place.GDT + Sel.READ_ONLY0 + 5)).toBe(0x91);
    expect(silicon.state[Word.ACCESS + Segment.FS] & Access.ACCESSED).toBe(1);
  });

  it('reports a page fault on the descriptor and changes nothing', () => {
    const silicon = protectedMachine();
    silicon.absentPages.add(Place.GDT >>> 12);
    const before = snapshot(silicon);
    expect(load(silicon, Segment.ES, Sel.READ_ONLY0)).toBe('14(0)');
    before[Register.ECX] = Sel.READ_ONLY0;
    expect(snapshot(silicon)).toEqual(before);
  });

  it('a null selector makes every access slow and refused', () => {
    const silicon = protectedMachine();
    load(silicon, Segment.GS, 0);
    expect(silicon.state[Word.READ_TOP + Segment.GS]).toBe(0);
    expect(segmentAllows(silicon.state, Segment.GS, 0, 1, false)).toBe(false);
  });
});

describe('loading SS', () => {
  it.each([
    ['null', 0, 0, '13(0)'], ['RPL differs', 0, Sel.DATA0 | 1, `13(${Sel.DATA0})`], ['read-only', 0, Sel.READ_ONLY0, `13(${Sel.READ_ONLY0})`], ['code', 0, Sel.CODE0, `13(${Sel.CODE0})`],
    ['DPL differs', 0, Sel.DATA3, `13(${Sel.DATA3})`], ['absent', 0, Sel.ABSENT_DATA0, `12(${Sel.ABSENT_DATA0})`], ['good', 3, Sel.DATA3 | 3, 'none'],
  ] as const)('%s', (_, cpl, selector, fault) => {
    expect(load(protectedMachine(cpl), Segment.SS, selector)).toBe(fault);
  });

  it('holds interrupts off for one instruction, ES does not', () => {
    const silicon = protectedMachine();
    load(silicon, Segment.ES, Sel.DATA0);
    expect(silicon.log).not.toContain('inhibit');
    load(silicon, Segment.SS, Sel.DATA0);
    expect(silicon.log).toContain('inhibit with debug');
  });
});

describe('bounds of the fast path', () => {
  it.each([
    ['flat data', Sel.DATA0, -8, -8], ['read-only', Sel.READ_ONLY0, -8, 0], ['readable code', Sel.CODE0, -8, 0], ['expand-down', Sel.EXPAND_DOWN0, 0, 0],
  ] as const)('%s', (_, selector, read, write) => {
    const silicon = protectedMachine();
    load(silicon, Segment.ES, selector);
    expect([silicon.state[Word.READ_TOP + Segment.ES], silicon.state[Word.WRITE_TOP + Segment.ES]]).toEqual([read, write]);
  });

  it('an expand-down segment begins behind its limit', () => {
    const silicon = protectedMachine();
    load(silicon, Segment.ES, Sel.EXPAND_DOWN0);
    expect([0xffe, 0xfff, 0x1000].map((offset) => segmentAllows(silicon.state, Segment.ES, offset, 1, true))).toEqual([false, false, true]);
  });
});

describe('real and virtual-8086 mode', () => {
  it('real mode keeps the limit that protected mode left', () => {
    const silicon = realMachine();
    silicon.state[Word.LIMIT + Segment.DS] = -1;
    load(silicon, Segment.DS, 0x1234);
    expect([silicon.state[Word.BASE + Segment.DS], silicon.state[Word.LIMIT + Segment.DS]]).toEqual([0x12340, -1]);
  });

  it('virtual-8086 mode makes a 64 KB ring-3 segment', () => {
    const silicon = virtual8086Machine(0);
    load(silicon, Segment.SS, 0xffff);
    expect([silicon.state[Word.BASE + Segment.SS], silicon.state[Word.LIMIT + Segment.SS], silicon.state[Word.ACCESS + Segment.SS]]).toEqual([0xffff0, 0xffff, 0xf3]);
  });

  it.each(['lar', 'lsl', 'verr', 'verw', 'arpl', 'sldt', 'str', 'lldt', 'ltr'] as const)('%s is undefined there', (mnemonic) => {
    for (const silicon of [realMachine(), virtual8086Machine(3)]) {
      run(silicon, mnemonic);
      expect(silicon.fault).toBe('6(0)');
    }
  });
});

describe('PUSH, POP and far pointers', () => {
  it('PUSH moves ESP by four and writes two bytes', () => {
    const silicon = protectedMachine();
    silicon.setWord(Place.STACK0 - 4, -1);
    expect(run(silicon, 'push-sreg', { target: Segment.CS })).toBe(true);
    expect([silicon.state[Word.ESP], silicon.word(Place.STACK0 - 4) >>> 0]).toEqual([Place.STACK0 - 4, 0xffff0000 + Sel.CODE0]);
  });

  it('POP leaves ESP alone when the load faults', () => {
    const silicon = protectedMachine();
    silicon.setWord(Place.STACK0, Sel.TSS);
    const before = snapshot(silicon);
    expect(run(silicon, 'pop-sreg', { target: Segment.DS })).toBe(false);
    expect(snapshot(silicon)).toEqual(before);
  });

  it('POP SS loads, moves the pointer and shadows interrupts', () => {
    const silicon = protectedMachine();
    silicon.setWord(Place.STACK0, Sel.STACK16);
    expect(run(silicon, 'pop-sreg', { target: Segment.SS })).toBe(true);
    expect([silicon.state[Word.SELECTOR + Segment.SS], silicon.state[Word.ESP], silicon.log.at(-1)]).toEqual([Sel.STACK16, Place.STACK0 + 4, 'inhibit with debug']);
  });

  it('LDS loads both halves or none', () => {
    const silicon = protectedMachine();
    silicon.setWord(0x600, 0x12345678);
    silicon.setHalf(0x604, Sel.ABSENT_DATA0);
    const fields = { memory: true, segment: Segment.DS, offset: 0x600, target: Segment.ES, register: Register.EBX };
    expect(run(silicon, 'load-far-pointer', fields)).toBe(false);
    expect([silicon.fault, silicon.state[Register.EBX]]).toEqual([`11(${Sel.ABSENT_DATA0})`, 0]);
    silicon.clearFault();
    silicon.setHalf(0x604, Sel.DATA0);
    expect(run(silicon, 'load-far-pointer', fields)).toBe(true);
    expect([silicon.state[Register.EBX], silicon.state[Word.EIP]]).toEqual([0x12345678, NEXT]);
  });

  it('CS cannot be loaded by MOV', () => {
    expect(load(protectedMachine(), Segment.CS, Sel.CODE0)).toBe('6(0)');
  });
});

describe('LLDT and LTR', () => {
  it.each([
    ['lldt', 3, Sel.LDT, '13(0)'], ['lldt', 0, Sel.LDT, 'none'], ['lldt', 0, 0, 'none'], ['lldt', 0, Sel.LDT | LDT_SELECTOR, `13(${Sel.LDT | LDT_SELECTOR})`], ['lldt', 0, Sel.TSS, `13(${Sel.TSS})`],
    ['ltr', 0, 0, '13(0)'], ['ltr', 0, Sel.TSS, `13(${Sel.TSS})`], ['ltr', 0, Sel.OTHER_TSS, 'none'], ['ltr', 0, Sel.TSS16, 'none'], ['ltr', 0, Sel.DATA0, `13(${Sel.DATA0})`],
  ] as const)('%s at CPL %i of %i: %s', (mnemonic, cpl, selector, fault) => {
    const silicon = protectedMachine(cpl);
    silicon.state[Register.ECX] = selector;
    run(silicon, mnemonic, { register: Register.ECX });
    expect(silicon.fault).toBe(fault);
  });

  it('LTR makes the TSS busy', () => {
    const silicon = protectedMachine();
    silicon.state[Register.ECX] = Sel.OTHER_TSS;
    run(silicon, 'ltr', { register: Register.ECX });
    expect([silicon.memory.getUint8(Place.GDT + Sel.OTHER_TSS + 5), silicon.state[Word.ACCESS + Segment.TR]]).toEqual([0x8b, 0x8b]);
  });
});

describe('LAR, LSL, VERR, VERW, ARPL', () => {
  it.each([
    ['lar', 0, Sel.DATA0, true, 0xc09200], ['lar', 3, Sel.DATA0, false, 7], ['lar', 3, Sel.CONFORMING0, true, 0xc09e00], ['lar', 0, 0, false, 7], ['lar', 0, Sel.TASK_GATE, true, 0xe500], ['lar', 0, 0x100, false, 7],
    ['lsl', 0, Sel.SMALL_CODE0, true, 0xfff], ['lsl', 0, Sel.DATA0, true, -1], ['lsl', 0, Sel.TSS, true, 0x3ff], ['lsl', 0, Sel.TASK_GATE, false, 7], ['lsl', 0, Sel.ABSENT_DATA0, true, -1],
    ['verr', 0, Sel.EXECUTE_ONLY0, false, 7], ['verr', 0, Sel.CODE0, true, 7], ['verr', 3, Sel.DATA3, true, 7], ['verw', 0, Sel.READ_ONLY0, false, 7], ['verw', 0, Sel.DATA0, true, 7], ['verw', 3, Sel.DATA0, false, 7],
  ] as const)('%s at CPL %i of %i: ZF %s', (mnemonic, cpl, selector, zero, result) => {
    const silicon = protectedMachine(cpl);
    silicon.state[Register.ECX] = selector;
    silicon.state[Register.EDX] = 7;
    expect(run(silicon, mnemonic, { register: Register.ECX, target: Register.EDX })).toBe(true);
    expect([(composeFlags(silicon.state) & Flag.ZF) !== 0, silicon.state[Register.EDX], silicon.fault]).toEqual([zero, result, 'none']);
  });

  it('ARPL raises the requested privilege and never lowers it', () => {
    const silicon = protectedMachine();
    silicon.state[Register.ECX] = 0x10;
    silicon.state[Register.EDX] = 0x1b;
    run(silicon, 'arpl', { register: Register.ECX, target: Register.EDX });
    expect([silicon.state[Register.ECX], composeFlags(silicon.state) & Flag.ZF]).toEqual([0x13, Flag.ZF]);
    silicon.state[Register.EDX] = 1;
    run(silicon, 'arpl', { register: Register.ECX, target: Register.EDX });
    expect([silicon.state[Register.ECX], composeFlags(silicon.state) & Flag.ZF]).toEqual([0x13, 0]);
  });

  it.each([[3, 'none'], [2, 'none'], [1, '13(0)']] as const)('ARPL of RPL %i in a read-only segment, with RPL 2: %s', (privilege, fault) => {
    const silicon = protectedMachine();
    silicon.state[Register.EAX] = Sel.READ_ONLY0;
    expect(run(silicon, 'load-sreg', { target: Segment.ES, register: Register.EAX })).toBe(true);
    silicon.setWord(0x600, privilege);
    silicon.readOnlyPages.add(0);
    silicon.state[Register.EDX] = 2;
    expect(run(silicon, 'arpl', { memory: true, segment: Segment.ES, offset: 0x600, target: Register.EDX })).toBe(fault === 'none');
    expect([silicon.fault, silicon.word(0x600), composeFlags(silicon.state) & Flag.ZF]).toEqual([fault, privilege, 0]);
  });
});

describe('sensitive instructions', () => {
  it.each(SENSITIVE)(
    '%s traps when TRAP_SENSITIVE is set',
    (mnemonic) => {
      const silicon = protectedMachine(3);
      silicon.state[Word.TRAP_SENSITIVE] = 1;
      const before = snapshot(silicon);
      expect(run(silicon, mnemonic)).toBe(false);
      expect([silicon.fault, snapshot(silicon)]).toEqual(['13(0)', before]);
    },
  );

  it('are those that the encoding rows call sensitive, no more', () => {
    const listed = new Set(encodingRows.filter((row) => row.traits.sensitive !== undefined).map((row) => row.mnemonic));
    expect([...listed].toSorted()).toEqual([...SENSITIVE].toSorted());
    // The others do not look at TRAP_SENSITIVE: these need no operand to succeed.
    for (const mnemonic of ['int3', 'into', 'arpl', 'cpuid', 'rdtsc'] as const) {
      const results = [0, 1].map((trap) => {
        const silicon = protectedMachine(3);
        silicon.state[Word.TRAP_SENSITIVE] = trap;
        return [run(silicon, mnemonic), silicon.fault];
      });
      expect(results[1]).toEqual(results[0]);
    }
  });

  it('SLDT, STR and MOV from a segment register extend to 32 bits in a register, 16 in memory', () => {
    const silicon = protectedMachine();
    silicon.state[Register.ECX] = -1;
    run(silicon, 'sldt', { register: Register.ECX });
    expect(silicon.state[Register.ECX]).toBe(Sel.LDT);
    silicon.state[Register.ECX] = -1;
    run(silicon, 'str', { register: Register.ECX, operandSize: 16 });
    expect(silicon.state[Register.ECX] >>> 0).toBe(0xffff0000 + Sel.TSS);
    silicon.setWord(0x600, -1);
    run(silicon, 'mov-sreg', { target: Segment.CS, memory: true, offset: 0x600 });
    expect(silicon.word(0x600) >>> 0).toBe(0xffff0000 + Sel.CODE0);
  });
});
