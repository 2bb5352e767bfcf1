import { describe, expect, it } from 'vitest';
import { CPU_MODELS, CPU_MODEL_NAMES, CR0, CR4, CpuidFeature, Feature, Flag, Register, Word, composeFlags, modelOf, storeFlags, type CpuModelName } from '../src/index.js';
import { Sel, Place, protectedMachine, type FakeSilicon } from './support/fake-silicon.js';
import { run } from './support/run.js';

/** What the system instructions find on each CPU model. */

const ALL_ONES = -1;
const EIP = 0x700;
const { EAX, EBX, ECX, EDX } = Register;

function machine(model: CpuModelName, options = 0): FakeSilicon {
  const silicon = protectedMachine();
  silicon.state[Word.FEATURES] = CPU_MODELS[model].features | options;
  return silicon;
}

/** The value of a control register after MOV of another, or the fault. */
function moved(model: CpuModelName, target: number, value: number): number | string {
  const silicon = machine(model);
  silicon.state[EBX] = value;
  if (!run(silicon, 'mov-to-cr', { target, register: EBX })) return silicon.fault;
  run(silicon, 'mov-from-cr', { target, register: EDX });
  return silicon.state[EDX];
}
const onAll = <Result>(ask: (model: CpuModelName) => Result): Result[] => CPU_MODEL_NAMES.map(ask);

describe('the model of a processor', () => {
  it('is that of its latest generation, whatever its options', () => {
    for (const name of CPU_MODEL_NAMES) {
      for (const options of [0, Feature.V386, Feature.FXSR | Feature.V386]) expect(modelOf(machine(name, options).state)).toBe(CPU_MODELS[name]);
    }
  });

  it('has a signature of its family', () => {
    expect(onAll((model) => (CPU_MODELS[model].signature >> 8) & 15)).toEqual([3, 4, 5, 6]);
  });
});

describe('control registers', () => {
  const OF_386 = CR0.PE | CR0.MP | CR0.EM | CR0.TS | CR0.ET | CR0.PG;
  const OF_486 = OF_386 | CR0.NE | CR0.WP | CR0.AM | CR0.NW | CR0.CD;

  it('CR0 keeps the bits that exist', () => {
    expect(onAll((model) => moved(model, 0, ALL_ONES))).toEqual([OF_386, OF_486, OF_486, OF_486]);
  });
  it('CR0.ET is the software\'s on the 80386 and one on its successors', () => {
    expect(onAll((model) => moved(model, 0, CR0.PE))).toEqual([CR0.PE, CR0.PE | CR0.ET, CR0.PE | CR0.ET, CR0.PE | CR0.ET]);
  });
  it('NW without CD is a fault where they exist', () => {
    expect(onAll((model) => moved(model, 0, CR0.PE | CR0.NW))).toEqual([CR0.PE, '13(0)', '13(0)', '13(0)']);
  });
  it('LMSW and CLTS leave ET as it is', () => {
    const silicon = machine('i386');
    silicon.state[Word.CR0] = CR0.PE;
    silicon.state[EBX] = CR0.PE | CR0.TS | CR0.ET;
    run(silicon, 'lmsw', { register: EBX });
    run(silicon, 'clts');
    expect(silicon.state[Word.CR0]).toBe(CR0.PE);
  });
  it('CR3 has PWT and PCD since the i486', () => {
    expect(onAll((model) => moved(model, 3, ALL_ONES))).toEqual([0xfffff000 | 0, 0xfffff018 | 0, 0xfffff018 | 0, 0xfffff018 | 0]);
  });

  const PENTIUM_FAULT = ['6(0)', '6(0)', '13(0)', '13(0)'];
  it.each([
    ['VME', PENTIUM_FAULT], ['PVI', PENTIUM_FAULT], ['PAE', PENTIUM_FAULT], ['MCE', PENTIUM_FAULT],
    ['TSD', ['6(0)', '6(0)', CR4.TSD, CR4.TSD]], ['DE', ['6(0)', '6(0)', CR4.DE, CR4.DE]], ['PSE', ['6(0)', '6(0)', CR4.PSE, CR4.PSE]],
    ['PGE', ['6(0)', '6(0)', '13(0)', CR4.PGE]], ['PCE', ['6(0)', '6(0)', '13(0)', CR4.PCE]],
  ] as const)('CR4.%s', (bit, expected) => {
    expect(onAll((model) => moved(model, 4, CR4[bit]))).toEqual(expected);
  });
  it('a CR4 that does not exist is #UD outside ring 0 too, and cannot be read', () => {
    const silicon = machine('i486');
    silicon.state[Word.CPL] = 3;
    run(silicon, 'mov-from-cr', { target: 4, register: EBX });
    expect(silicon.fault).toBe('6(0)');
  });
});

describe('EFLAGS.AC and EFLAGS.ID', () => {
  const RARE = Flag.AC | Flag.ID;
  const EXPECTED = [0, Flag.AC, RARE, RARE];
  const rareFlags = (silicon: FakeSilicon): number => composeFlags(silicon.state) & RARE;
  const push = (silicon: FakeSilicon, ...words: number[]): void => words.forEach((word, index) => silicon.setWord(silicon.state[Word.ESP] + 4 * index, word));

  it('POPF sets those that exist', () => {
    expect(onAll((model) => {
      const silicon = machine(model);
      push(silicon, RARE);
      run(silicon, 'popf');
      return rareFlags(silicon);
    })).toEqual(EXPECTED);
  });
  it('IRET sets those that exist', () => {
    expect(onAll((model) => {
      const silicon = machine(model);
      push(silicon, EIP, Sel.CODE0, RARE | Flag.FIXED);
      run(silicon, 'iret');
      return silicon.state[Word.EIP] === EIP ? rareFlags(silicon) : silicon.fault;
    })).toEqual(EXPECTED);
  });
  it('a return to virtual-8086 mode sets those that exist', () => {
    expect(onAll((model) => {
      const silicon = machine(model);
      push(silicon, EIP, 0x100, RARE | Flag.VM | Flag.FIXED, 0x80, 0, 0, 0, 0, 0);
      run(silicon, 'iret');
      return (silicon.state[Word.FLAG_SYSTEM] & Flag.VM) === 0 ? silicon.fault : rareFlags(silicon);
    })).toEqual(EXPECTED);
  });
  it('a task switch sets those that exist', () => {
    expect(onAll((model) => {
      const silicon = machine(model);
      silicon.setWord(Place.OTHER_TSS + 0x24, RARE | Flag.FIXED);
      run(silicon, 'jmpf', { selector: Sel.OTHER_TSS, farOffset: 0 });
      return rareFlags(silicon);
    })).toEqual(EXPECTED);
  });
  it('what exists can be cleared', () => {
    const silicon = machine('i686');
    storeFlags(silicon.state, RARE | Flag.FIXED);
    push(silicon, 0);
    run(silicon, 'popf');
    expect(rareFlags(silicon)).toBe(0);
  });
});

describe('CPUID', () => {
  function cpuid(model: CpuModelName, leaf: number, options = 0): number[] | string {
    const silicon = machine(model, options);
    silicon.state[EAX] = leaf;
    if (!run(silicon, 'cpuid')) return silicon.fault;
    return [EAX, EBX, ECX, EDX].map((register) => silicon.state[register]);
  }
  const { FPU, DE, PSE, TSC, MSR, CX8, PGE, CMOV, V386, FXSR } = CpuidFeature;
  const VENDOR = [0x756e6547, 0x6c65746e, 0x49656e69];
  const PENTIUM = [0x525, 0, 0, FPU | DE | PSE | TSC | MSR | CX8];
  const PENTIUM_PRO = [0x619, 0, 0, FPU | DE | PSE | TSC | MSR | CX8 | PGE | CMOV];

  it('says which leaves there are and who made it', () => {
    expect(onAll((model) => cpuid(model, 0))).toEqual(['6(0)', '6(0)', [1, ...VENDOR], [2, ...VENDOR]]);
  });
  it('leaf 1: signature and features', () => {
    expect(onAll((model) => cpuid(model, 1))).toEqual(['6(0)', '6(0)', PENTIUM, PENTIUM_PRO]);
  });
  it('answers beyond the last leaf like the last', () => {
    const caches = [0x03020101, 0, 0, 0x06040a42];
    for (const leaf of [2, 3, 0x80000000 | 0]) expect(onAll((model) => cpuid(model, leaf))).toEqual(['6(0)', '6(0)', PENTIUM, caches]);
  });
  it('shows the options', () => {
    expect(cpuid('i586', 1, Feature.V386 | Feature.FXSR)).toEqual([PENTIUM[0], 0, 0, PENTIUM[3] | V386 | FXSR]);
  });
});

describe('model-specific registers', () => {
  const access = (model: CpuModelName, mnemonic: 'rdmsr' | 'wrmsr', index: number): string => {
    const silicon = machine(model);
    Object.assign(silicon.state, { [ECX]: index, [EAX]: 0, [EDX]: 0 });
    run(silicon, mnemonic);
    return silicon.fault;
  };
  it.each([
    ['P5_MC_ADDR', 0x0, 'none', '13(0)'], ['P5_MC_TYPE', 0x1, 'none', '13(0)'], ['TSC', 0x10, 'none', 'none'], ['APIC_BASE', 0x1b, '13(0)', 'none'], ['BIOS_SIGN_ID', 0x8b, '13(0)', 'none'],
    ['SYSENTER_CS', 0x174, '13(0)', 'none'], ['SYSENTER_ESP', 0x175, '13(0)', 'none'], ['SYSENTER_EIP', 0x176, '13(0)', 'none'],
  ] as const)('%s (%i): Pentium %s, Pentium Pro %s', (_, index, pentium, pentiumPro) => {
    for (const mnemonic of ['rdmsr', 'wrmsr'] as const) expect([access('i586', mnemonic, index), access('i686', mnemonic, index)]).toEqual([pentium, pentiumPro]);
  });
});

describe('test registers', () => {
  const move = (silicon: FakeSilicon, target: number, value: number): void => {
    silicon.state[EBX] = value;
    run(silicon, 'mov-to-tr', { target, register: EBX });
  };
  const read = (silicon: FakeSilicon, target: number): number => {
    run(silicon, 'mov-from-tr', { target, register: EDX });
    return silicon.state[EDX];
  };
  it('keep what is written', () => {
    const silicon = machine('i486');
    for (const target of [3, 4, 5, 6, 7]) move(silicon, target, 0x1000 * target);
    expect([3, 4, 5, 6, 7].map((target) => read(silicon, target))).toEqual([0x3000, 0x4000, 0x5000, 0x6000, 0x7000]);
  });
  it('a TLB look-up misses', () => {
    const silicon = machine('i386');
    move(silicon, 7, 0x12345010);
    move(silicon, 6, 0x1000); // a TLB write
    expect(read(silicon, 7)).toBe(0x12345010);
    move(silicon, 6, 0x1001);
    expect(read(silicon, 7)).toBe(0x12345000);
  });
  it('are privileged', () => {
    const silicon = protectedMachine(3);
    for (const mnemonic of ['mov-from-tr', 'mov-to-tr'] as const) {
      run(silicon, mnemonic, { target: 6, register: EBX });
      expect(silicon.fault).toBe('13(0)');
      silicon.clearFault();
    }
  });
});
