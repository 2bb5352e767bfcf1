import { describe, expect, it } from 'vitest';
import { CPU_MODELS, CR0, CR4, CpuidFeature, Debug6, Debug7, Feature, Flag, Register, Segment, Word, byteSource, composeFlags, decode, refreshSegment, storeFlags } from '../src/index.js';
import { Place, Sel, force, protectedMachine, realMachine, snapshot, virtual8086Machine } from './support/fake-silicon.js';
import type { FakeSilicon } from './support/fake-silicon.js';
import { GENERAL_DETECT } from '../src/system/debug.js';
import { NEXT, run } from './support/run.js';

const AT = 0x600;

function move(silicon: FakeSilicon, mnemonic: 'mov-to-cr' | 'mov-to-dr', target: number, value: number): string {
  silicon.state[Register.EBX] = value;
  run(silicon, mnemonic, { target, register: Register.EBX });
  return silicon.fault;
}

function read(silicon: FakeSilicon, mnemonic: 'mov-from-cr' | 'mov-from-dr', target: number): number {
  run(silicon, mnemonic, { target, register: Register.EBX });
  return silicon.state[Register.EBX];
}

describe('privileged instructions', () => {
  it.each(['lgdt', 'lidt', 'lldt', 'ltr', 'lmsw', 'clts', 'mov-from-cr', 'mov-to-cr', 'mov-from-dr', 'mov-to-dr', 'invlpg', 'wbinvd', 'invd', 'rdmsr', 'wrmsr', 'hlt'] as const)('%s outside ring 0 is #GP(0) and nothing else', (mnemonic) => {
    const silicon = protectedMachine(3);
    const before = snapshot(silicon);
    expect(run(silicon, mnemonic, { memory: true, offset: AT })).toBe(false);
    expect([silicon.fault, snapshot(silicon), silicon.log]).toEqual(['13(0)', before, []]);
  });
});

describe('control registers', () => {
  it.each([
    [0, CR0.PG, '13(0)'], [0, CR0.PE | CR0.NW, '13(0)'], [0, CR0.PE | CR0.NW | CR0.CD, 'none'], [0, CR0.PE | CR0.PG, 'none'], [1, 0, '6(0)'], [5, 0, '6(0)'], [4, CR4.PAE, '13(0)'], [4, CR4.VME, '13(0)'], [4, CR4.PSE | CR4.PGE | CR4.TSD | CR4.DE, 'none'],
  ] as const)('MOV CR%i, %i: %s', (register, value, fault) => {
    expect(move(protectedMachine(), 'mov-to-cr', register, value)).toBe(fault);
  });

  it('a control register that does not exist is #UD even outside ring 0', () => {
    expect(move(protectedMachine(3), 'mov-to-cr', 1, 0)).toBe('6(0)');
  });

  it('CR0 keeps ET and ignores reserved bits; paging flushes all', () => {
    const silicon = protectedMachine();
    move(silicon, 'mov-to-cr', 0, CR0.PE | CR0.PG | 0x100);
    expect([silicon.state[Word.CR0], silicon.log]).toEqual([CR0.PE | CR0.PG | CR0.ET, ['flush', 'paging']]);
  });

  it('leaving protected mode lifts the type checks of the segments', () => {
    const silicon = protectedMachine();
    expect(silicon.state[Word.WRITE_TOP + Segment.CS]).toBe(0);
    move(silicon, 'mov-to-cr', 0, 0);
    expect([silicon.state[Word.WRITE_TOP + Segment.CS], silicon.log.filter((entry) => entry.startsWith('segment')).length]).toEqual([-8, 8]);
  });

  it('CR3 and CR4 tell the machine, CR2 does not', () => {
    const silicon = protectedMachine();
    move(silicon, 'mov-to-cr', 2, 0x1234567);
    expect([silicon.log, read(silicon, 'mov-from-cr', 2)]).toEqual([[], 0x1234567]);
    move(silicon, 'mov-to-cr', 3, 0x12345fff);
    expect([silicon.log, read(silicon, 'mov-from-cr', 3)]).toEqual([['paging'], 0x12345018]);
    move(silicon, 'mov-to-cr', 4, CR4.TSD);
    expect(silicon.log).toEqual(['paging']);
    move(silicon, 'mov-to-cr', 4, CR4.PGE);
    expect(silicon.log).toEqual(['paging', 'flush', 'paging']);
  });

  it('LMSW sets PE and cannot clear it; SMSW and CLTS', () => {
    const silicon = realMachine();
    silicon.state[Register.ECX] = CR0.PE | CR0.TS | CR0.NE;
    run(silicon, 'lmsw', { register: Register.ECX });
    silicon.state[Register.ECX] = 0;
    run(silicon, 'lmsw', { register: Register.ECX });
    expect(silicon.state[Word.CR0]).toBe(CR0.PE | CR0.ET);
    silicon.state[Word.CR0] |= CR0.TS | CR0.PG;
    run(silicon, 'clts');
    run(silicon, 'smsw', { register: Register.EDX });
    expect(silicon.state[Register.EDX]).toBe(CR0.PE | CR0.ET | CR0.PG);
  });

  it('INVLPG passes the linear address and checks nothing', () => {
    const silicon = protectedMachine();
    silicon.state[Word.BASE + Segment.FS] = 0x1000;
    run(silicon, 'invlpg', { memory: true, segment: Segment.FS, offset: -1 });
    expect(silicon.log).toEqual(['invalidate fff']);
  });
});

describe('debug registers', () => {
  it('4 and 5 are 6 and 7 until CR4.DE', () => {
    const silicon = protectedMachine();
    move(silicon, 'mov-to-dr', 5, 0x55);
    expect([read(silicon, 'mov-from-dr', 7), read(silicon, 'mov-from-dr', 5)]).toEqual([0x455, 0x455]);
    silicon.state[Word.CR4] = CR4.DE;
    expect(move(silicon, 'mov-to-dr', 4, 0)).toBe('6(0)');
  });

  it('GD turns an access into #DB with BD', () => {
    const silicon = protectedMachine();
    move(silicon, 'mov-to-dr', 7, Debug7.GD);
    expect(move(silicon, 'mov-to-dr', 0, 1)).toBe(`1(${GENERAL_DETECT})`);
    expect([silicon.state[Word.DR + 6] & Debug6.BD, silicon.state[Word.EIP], silicon.state[Word.DR]]).toEqual([Debug6.BD, NEXT, 0]);
  });
});

describe('descriptor table registers', () => {
  it('a 16-bit load takes 24 base bits, a store gives all', () => {
    const silicon = protectedMachine();
    silicon.setHalf(AT, 0x7f);
    silicon.setWord(AT + 2, 0x12345678);
    run(silicon, 'lidt', { memory: true, offset: AT, operandSize: 16 });
    expect([silicon.state[Word.IDTR_BASE], silicon.state[Word.IDTR_LIMIT]]).toEqual([0x345678, 0x7f]);
    run(silicon, 'lgdt', { memory: true, offset: AT });
    run(silicon, 'sgdt', { memory: true, offset: AT + 8, operandSize: 16 });
    expect([silicon.half(AT + 8), silicon.word(AT + 10)]).toEqual([0x7f, 0x12345678]);
  });

  it('SIDT works outside ring 0, and not on a register', () => {
    const silicon = protectedMachine(3);
    expect(run(silicon, 'sidt', { memory: true, offset: AT })).toBe(true);
    expect([silicon.half(AT), silicon.word(AT + 2)]).toEqual([0x7ff, Place.IDT]);
    expect(decode(byteSource(Uint8Array.of(0x0f, 0x01, 0xc8)), 0, { code32: true })).toBe('undefined'); // SIDT EAX: #UD
  });

  it('a table that straddles the segment limit loads nothing', () => {
    const silicon = protectedMachine();
    silicon.state[Word.LIMIT + Segment.DS] = AT + 4;
    expect(run(silicon, 'lgdt', { memory: true, offset: AT })).toBe(false);
    expect([silicon.fault, silicon.state[Word.GDTR_BASE]]).toEqual(['13(0)', Place.GDT]);
  });
});

describe('model-specific registers, TSC and CPUID', () => {
  function wrmsr(silicon: FakeSilicon, index: number, low: number, high = 0): string {
    Object.assign(silicon.state, { [Register.ECX]: index, [Register.EAX]: low, [Register.EDX]: high });
    run(silicon, 'wrmsr');
    return silicon.fault;
  }

  function pair(silicon: FakeSilicon): number[] {
    return [silicon.state[Register.EAX], silicon.state[Register.EDX]];
  }

  it('the TSC is the instruction clock plus an offset', () => {
    const silicon = protectedMachine();
    silicon.clock = 0x1_8000_0005;
    run(silicon, 'rdtsc');
    expect(pair(silicon)).toEqual([0x80000005 | 0, 1]);
    wrmsr(silicon, 0x10, 7, 99);
    silicon.clock += 3;
    run(silicon, 'rdtsc');
    expect(pair(silicon)).toEqual([10, 0]);
  });

  it('CR4.TSD reserves RDTSC and CR4.PCE opens RDPMC', () => {
    const silicon = protectedMachine(3);
    run(silicon, 'rdpmc');
    expect(silicon.fault).toBe('13(0)');
    silicon.clearFault();
    silicon.state[Word.CR4] = CR4.TSD | CR4.PCE;
    expect(run(silicon, 'rdpmc')).toBe(true);
    run(silicon, 'rdtsc');
    expect(silicon.fault).toBe('13(0)');
  });

  it.each([[0x174, 'none'], [0x175, 'none'], [0x176, 'none'], [0x8b, 'none'], [0x1b, '13(0)'], [0x999, '13(0)'], [0x386, '13(0)']] as const)('WRMSR of %i: %s', (index, fault) => {
    expect(wrmsr(protectedMachine(), index, 0x1000)).toBe(fault);
  });

  it('RDMSR reads what was written, and faults on what does not exist', () => {
    const silicon = protectedMachine();
    wrmsr(silicon, 0x175, -5);
    run(silicon, 'rdmsr');
    expect(pair(silicon)).toEqual([-5, 0]);
    silicon.state[Register.ECX] = 0x999;
    run(silicon, 'rdmsr');
    expect(silicon.fault).toBe('13(0)');
  });

  it('CPUID: a Pentium Pro with the features of CpuidFeature and nothing more', () => {
    const silicon = protectedMachine(3);
    run(silicon, 'cpuid');
    const words = new Int32Array([silicon.state[Register.EBX], silicon.state[Register.EDX], silicon.state[Register.ECX]]);
    expect([silicon.state[Register.EAX], String.fromCharCode(...new Uint8Array(words.buffer))]).toEqual([2, 'GenuineIntel']);
    silicon.state[Register.EAX] = 1;
    run(silicon, 'cpuid');
    expect((silicon.state[Register.EAX] >>> 8) & 15).toBe(6);
    const all = Object.values(CpuidFeature).reduce((mask, bit) => mask | bit, 0);
    expect(silicon.state[Register.EDX]).toBe(all);
    silicon.state[Word.FEATURES] = CPU_MODELS.i686.features & ~Feature.FPU;
    silicon.state[Register.EAX] = 1;
    run(silicon, 'cpuid');
    expect(silicon.state[Register.EDX]).toBe(all & ~(CpuidFeature.FPU | CpuidFeature.V386 | CpuidFeature.FXSR));
  });
});

describe('flags', () => {
  it.each([[0, 0, 'none'], [3, 0, '13(0)'], [3, 3, 'none']] as const)('CLI and STI at CPL %i with IOPL %i: %s', (cpl, iopl, fault) => {
    for (const mnemonic of ['cli', 'sti'] as const) {
      const silicon = protectedMachine(cpl, iopl << Flag.IOPL_SHIFT);
      run(silicon, mnemonic);
      expect(silicon.fault).toBe(fault);
    }
  });

  it('STI shadows only when it turns interrupts on', () => {
    const silicon = protectedMachine();
    run(silicon, 'sti');
    expect(silicon.log).toEqual(['interrupt-flag', 'inhibit']);
    run(silicon, 'sti');
    expect(silicon.log).toEqual(['interrupt-flag', 'inhibit']);
    run(silicon, 'cli');
    expect(composeFlags(silicon.state) & Flag.IF).toBe(0);
  });

  it('PUSHF hides RF and VM', () => {
    const silicon = virtual8086Machine(3, Flag.RF | Flag.CF);
    run(silicon, 'pushf');
    expect(silicon.word(0x1020 + 0x7fc)).toBe(Flag.CF | Flag.IOPL | Flag.FIXED);
  });

  it.each([
    ['ring 0', 0, 0, 32, Flag.IF | Flag.IOPL | Flag.AC | Flag.ID], ['ring 3', 3, 0, 32, Flag.AC | Flag.ID], ['ring 3 with IOPL 3', 3, Flag.IOPL, 32, Flag.AC | Flag.ID | Flag.IF | Flag.IOPL], ['ring 0, 16 bits', 0, 0, 16, Flag.IF | Flag.IOPL],
  ] as const)('POPF of all ones in %s', (_, cpl, flags, operandSize, expected) => {
    const silicon = protectedMachine(cpl, flags | Flag.RF);
    silicon.setWord(silicon.state[Word.ESP], -1);
    expect(run(silicon, 'popf', { operandSize })).toBe(true);
    const always = Flag.CF | Flag.PF | Flag.AF | Flag.ZF | Flag.SF | Flag.OF | Flag.TF | Flag.DF | Flag.NT | Flag.FIXED;
    expect(composeFlags(silicon.state)).toBe(always | expected);
  });

  it('POPF outside ring 0 silently leaves IF: the sensitive case', () => {
    const silicon = protectedMachine(3, Flag.IF);
    silicon.setWord(Place.STACK3, 0);
    expect(run(silicon, 'popf')).toBe(true);
    expect([silicon.fault, composeFlags(silicon.state)]).toEqual(['none', Flag.IF | Flag.FIXED]);
  });

  it.each(['pushf', 'popf'] as const)('%s in virtual-8086 mode needs IOPL 3', (mnemonic) => {
    const silicon = virtual8086Machine(2);
    run(silicon, mnemonic);
    expect(silicon.fault).toBe('13(0)');
  });

  it('HLT halts and goes on behind itself', () => {
    const silicon = protectedMachine();
    expect(run(silicon, 'hlt')).toBe(true);
    expect([silicon.log, silicon.state[Word.EIP]]).toEqual([['halt'], NEXT]);
  });
});

describe('PUSHA, POPA, ENTER, BOUND', () => {
  it.each([16, 32] as const)('POPA undoes PUSHA with %i bits', (operandSize) => {
    const silicon = protectedMachine();
    for (const register of [0, 1, 2, 3, 5, 6, 7]) silicon.state[register] = 0x11110000 * register + register + 1;
    const before = [...silicon.state.subarray(0, 8)];
    expect(run(silicon, 'pusha', { operandSize })).toBe(true);
    expect(silicon.state[Word.ESP]).toBe(Place.STACK0 - operandSize);
    for (const register of [0, 1, 2, 3, 5, 6, 7]) silicon.state[register] &= operandSize === 32 ? 0 : ~0xffff;
    expect(run(silicon, 'popa', { operandSize })).toBe(true);
    expect([...silicon.state.subarray(0, 8)]).toEqual(before);
  });

  it('a page fault within PUSHA or POPA changes no register', () => {
    for (const mnemonic of ['pusha', 'popa'] as const) {
      const silicon = protectedMachine();
      silicon.state[Word.ESP] = mnemonic === 'pusha' ? 0x7010 : 0x6ff8;
      silicon.absentPages.add(mnemonic === 'pusha' ? 6 : 7);
      const before = snapshot(silicon);
      expect(run(silicon, mnemonic)).toBe(false);
      expect(snapshot(silicon)).toEqual(before);
    }
  });

  it.each([['pusha', Place.STACK0 - 31, false], ['pusha', Place.STACK0 - 32, true], ['popa', Place.STACK0 + 30, false], ['popa', Place.STACK0 + 31, true]] as const)(
    '%s with the stack bounded at %i',
    (mnemonic, bound, fits) => {
      const silicon = protectedMachine();
      if (mnemonic === 'pusha') force(silicon, Segment.SS, Sel.EXPAND_DOWN0);
      silicon.state[Word.LIMIT + Segment.SS] = mnemonic === 'pusha' ? bound - 1 : bound;
      refreshSegment(silicon.state, Segment.SS);
      silicon.absentPages.add(mnemonic === 'pusha' && !fits ? (Place.STACK0 - 1) >>> 12 : 0); // the limit is looked at before the first push
      const before = snapshot(silicon);
      expect([run(silicon, mnemonic), silicon.fault]).toEqual(fits ? [true, 'none'] : [false, '12(0)']);
      if (!fits) expect(snapshot(silicon)).toEqual(before);
    },
  );

  it.each([[6, 'none'], [7, '13(0)'], [15, '13(0)'], [16, 'none'], [17, 'none']] as const)('PUSHA in real mode with SP %i: %s', (pointer, fault) => {
    const silicon = realMachine();
    silicon.state[Word.ESP] = pointer;
    run(silicon, 'pusha', { operandSize: 16 });
    expect([silicon.fault, silicon.state[Word.ESP]]).toEqual([fault, fault === 'none' ? (pointer - 16) & 0xffff : pointer]);
  });

  it('ENTER makes a frame with a display', () => {
    const silicon = protectedMachine();
    silicon.state[Register.EBP] = 0x8100;
    silicon.setWord(0x80fc, 0xd1);
    expect(run(silicon, 'enter', { immediate: 0x20, level: 2 })).toBe(true);
    const frame = Place.STACK0 - 4;
    expect([silicon.state[Register.EBP], silicon.state[Word.ESP]]).toEqual([frame, frame - 8 - 0x20]);
    expect([silicon.word(frame), silicon.word(frame - 4), silicon.word(frame - 8)]).toEqual([0x8100, 0xd1, frame]);
  });

  it('ENTER faults when the frame does not fit', () => {
    const silicon = protectedMachine();
    silicon.readOnlyPages.add((Place.STACK0 - 0x2000) >>> 12);
    const before = snapshot(silicon);
    expect(run(silicon, 'enter', { immediate: 0x1ffc, level: 0 })).toBe(false);
    expect(snapshot(silicon)).toEqual(before);
  });

  it('ENTER that faults in the middle has written nothing over the frames that it copies', () => {
    const silicon = protectedMachine();
    const page = Place.STACK0 & ~0xfff;
    const words = [0, 4, 8, 12];
    // Pushes go down from 16 bytes above a page border, over what is to be copied; the fifth is beyond the border.
    silicon.state[Word.ESP] = page + 16;
    silicon.state[Register.EBP] = page + 16;
    words.forEach((offset) => silicon.setWord(page + offset, 0xd0 + offset));
    silicon.absentPages.add((page >>> 12) - 1);
    expect(run(silicon, 'enter', { immediate: 0, level: 5 })).toBe(false);
    expect(words.map((offset) => silicon.word(page + offset))).toEqual(words.map((offset) => 0xd0 + offset));
  });

  it.each([[32, 5, true], [32, -6, false], [32, 11, false], [16, 0x1fffb, true], [16, 11, false]] as const)('BOUND with %i bits of %i: %s', (operandSize, index, inside) => {
    const silicon = protectedMachine();
    silicon.state[Register.EAX] = index;
    if (operandSize === 32) [-5, 10].forEach((bound, at) => silicon.setWord(AT + 4 * at, bound));
    else [-5, 10].forEach((bound, at) => silicon.setHalf(AT + 2 * at, bound));
    expect(run(silicon, 'bound', { memory: true, offset: AT, target: Register.EAX, operandSize })).toBe(inside);
    expect(silicon.fault).toBe(inside ? 'none' : '5(0)');
  });
});

describe('ports', () => {
  const IO_MAP = 0x68;

  /** Ring 3 with IOPL 0 and a map that denies what is in `denied`. */
  function mapped(...denied: number[]): FakeSilicon {
    const silicon = protectedMachine(3);
    silicon.setHalf(Place.TSS + 102, IO_MAP);
    for (const port of denied) silicon.memory.setUint8(Place.TSS + IO_MAP + (port >> 3), 1 << (port & 7));
    return silicon;
  }

  it.each([
    ['allowed by the map', mapped(0x64), 0x60, 1, 'none'], ['denied', mapped(0x64), 0x64, 1, '13(0)'], ['the last of four ports denied', mapped(0x63), 0x60, 4, '13(0)'], ['across a byte of the map', mapped(0x68), 0x67, 2, '13(0)'],
    ['beyond the TSS', mapped(), 0x2000, 1, '13(0)'], ['ring 0', protectedMachine(0), 0x60, 1, 'none'], ['IOPL 3', protectedMachine(3, Flag.IOPL), 0x60, 1, 'none'],
  ] as const)('%s', (_, silicon, port, width, fault) => {
    run(silicon, 'in', { port, width });
    expect(silicon.fault).toBe(fault);
    expect(silicon.log).toEqual(fault === 'none' ? [`in ${port.toString(16)} ${width}`] : []);
  });

  it('the map’s last byte needs a neighbour within the TSS', () => {
    for (const [limit, fault] of [[IO_MAP + 12, '13(0)'], [IO_MAP + 13, 'none']] as const) {
      const silicon = mapped();
      silicon.state[Word.LIMIT + Segment.TR] = limit;
      run(silicon, 'in', { port: 0x60, width: 1 });
      expect(silicon.fault).toBe(fault);
    }
  });

  it('virtual-8086 mode always asks the map, whatever IOPL is', () => {
    const silicon = mapped(0x60);
    storeFlags(silicon.state, Flag.VM | Flag.IOPL);
    run(silicon, 'out', { port: 0x60 });
    expect(silicon.fault).toBe('13(0)');
  });

  it('IN and OUT move the width, the port may be in DX', () => {
    const silicon = protectedMachine();
    silicon.state[Register.EAX] = -1;
    silicon.state[Register.EDX] = 0x123f8;
    run(silicon, 'in', { port: -1, width: 2 });
    expect(silicon.state[Register.EAX] >>> 0).toBe(0xffff3344);
    run(silicon, 'out', { port: 0x80, width: 1 });
    expect(silicon.log).toEqual(['in 23f8 2', 'out 80 1 44']);
  });

  it('a byte to the marker port never faults; a word does', () => {
    const silicon = mapped(0xe8);
    silicon.state[Register.EAX] = 1;
    expect(run(silicon, 'out', { port: 0xe8, width: 1 })).toBe(true);
    expect([silicon.log, [...silicon.counts]]).toEqual([['out e8 1 1'], []]);
    run(silicon, 'out', { port: 0xe8, width: 2 });
    expect(silicon.fault).toBe('13(0)');
  });

  it('INS and OUTS move one element and follow DF and the address size', () => {
    const silicon = protectedMachine(0, Flag.DF);
    Object.assign(silicon.state, { [Register.EDX]: 0x1f0, [Register.EDI]: 0x12340600, [Register.ESI]: AT });
    expect(run(silicon, 'ins', { width: 4, addressSize: 16 })).toBe(true);
    expect([silicon.word(AT), silicon.state[Register.EDI]]).toEqual([0x11223344, 0x123405fc]);
    expect(run(silicon, 'outs', { width: 2, segment: Segment.DS })).toBe(true);
    expect([silicon.log, silicon.state[Register.ESI]]).toEqual([['in 1f0 4', 'out 1f0 2 3344'], AT - 2]);
  });

  it('INS does not read the port when it cannot store', () => {
    const silicon = protectedMachine();
    silicon.state[Register.EDI] = AT;
    silicon.readOnlyPages.add(0);
    expect(run(silicon, 'ins', { width: 1 })).toBe(false);
    expect([silicon.fault, silicon.log, silicon.state[Register.EDI]]).toEqual(['14(2)', [], AT]);
    silicon.clearFault();
    force(silicon, Segment.ES, Sel.READ_ONLY0);
    run(silicon, 'ins', { width: 1 });
    expect([silicon.fault, silicon.log]).toEqual(['13(0)', []]);
  });
});
