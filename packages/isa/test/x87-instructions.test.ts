import { describe, expect, it } from 'vitest';
import { CR0, Feature, Flag, Register, SYSTEM_PROCEDURES, Segment, SystemOperands, Vector, Word, byteSource, composeFlags, decode, resetX87, storeArithmeticFlags, type SystemMnemonic } from '../src/index.js';
import { protectedMachine, realMachine, snapshot, virtual8086Machine, type FakeSilicon } from './support/fake-silicon.js';

/** What surrounds the arithmetic: availability, exceptions and when they are reported, pointers, images in memory, faults that change nothing. */

const OPERAND = 0x30000;
const PAGE = 0x1000;
const NEXT = 2;

interface Options { offset?: number; stack?: number; size?: 16 | 32; escape?: number; segment?: number }

/** Executes one instruction; with an offset it has a memory operand. Returns whether it completed. */
function run(silicon: FakeSilicon, mnemonic: SystemMnemonic, { offset, stack = 0, size = 32, escape = 0, segment = Segment.DS }: Options = {}): boolean {
  const op = new SystemOperands();
  op.nextEip = silicon.state[Word.EIP] + NEXT;
  op.operandSize = size;
  op.escape = escape;
  op.stack = stack;
  op.segment = segment;
  if (offset !== undefined) {
    op.memory = true;
    op.offset = offset;
  }
  return SYSTEM_PROCEDURES[mnemonic](silicon, op);
}

function machine(): FakeSilicon {
  const silicon = protectedMachine(0);
  resetX87(silicon.state);
  silicon.state[Word.CR0] |= CR0.NE;
  return silicon;
}

const top = (silicon: FakeSilicon, i = 0): string => {
  const at = Word.X87_REGISTERS + ((silicon.state[Word.X87_TOP] + i) & 7) * 3;
  const [low, high, rest] = silicon.state.subarray(at, at + 3);
  return `${rest.toString(16)}:${(high >>> 0).toString(16).padStart(8, '0')}${(low >>> 0).toString(16).padStart(8, '0')}`;
};
const ONE = '3fff:8000000000000000';
const INDEFINITE = 'ffff:c000000000000000';

function status(silicon: FakeSilicon): number {
  run(silicon, 'fnstsw');
  return silicon.state[Register.EAX] & 0xffff;
}

function setControl(silicon: FakeSilicon, control: number): void {
  silicon.setHalf(OPERAND, control);
  run(silicon, 'fldcw', { offset: OPERAND });
}

/** Leaves a divide-by-zero pending. */
function pend(silicon: FakeSilicon): void {
  run(silicon, 'fld1');
  run(silicon, 'fldz');
  setControl(silicon, 0x37b);
  run(silicon, 'fdiv-to', { stack: 1 });
}

describe('availability', () => {
  it.each([['EM', CR0.EM], ['TS', CR0.TS]] as const)('CR0.%s makes every ESC instruction #NM, with and without x87', (_name, bit) => {
    for (const features of [Feature.FPU, 0]) {
      for (const mnemonic of ['fld1', 'fninit', 'fnstsw', 'fnop', 'fsin'] as const) {
        const silicon = machine();
        silicon.state[Word.FEATURES] = features;
        silicon.state[Word.CR0] |= bit;
        const before = snapshot(silicon);
        expect(run(silicon, mnemonic)).toBe(false);
        expect(silicon.fault).toBe(`${Vector.NM}(0)`);
        expect(snapshot(silicon)).toEqual(before);
      }
    }
  });

  it('without x87 and with EM clear, ESC instructions do nothing, so that a probe finds its sentinels', () => {
    const silicon = machine();
    silicon.state[Word.FEATURES] = 0;
    silicon.state[Register.EAX] = 0x5a5a;
    silicon.setHalf(OPERAND, 0x5a5a);
    for (const mnemonic of ['fninit', 'fnstsw', 'fld1'] as const) expect(run(silicon, mnemonic)).toBe(true);
    expect(run(silicon, 'fnstcw', { offset: OPERAND })).toBe(true);
    expect([silicon.state[Register.EAX], silicon.half(OPERAND), silicon.fault]).toEqual([0x5a5a, 0x5a5a, 'none']);
    expect(silicon.state[Word.EIP]).toBe(0x500 + 4 * NEXT);
  });

  it('FXSAVE is undefined without its feature', () => {
    const silicon = machine();
    silicon.state[Word.FEATURES] = Feature.FPU;
    expect(run(silicon, 'fxsave', { offset: OPERAND })).toBe(false);
    expect(silicon.fault).toBe(`${Vector.UD}(0)`);
  });
});

describe('pending exceptions', () => {
  it('are reported by the next waiting instruction as #MF when CR0.NE is set, and by FWAIT', () => {
    for (const mnemonic of ['fld1', 'fwait', 'fnop', 'fxch'] as const) {
      const silicon = machine();
      pend(silicon);
      expect(status(silicon) & 0x80ff).toBe(0x8084);
      const before = snapshot(silicon);
      expect(run(silicon, mnemonic)).toBe(false);
      expect(silicon.fault).toBe(`${Vector.MF}(0)`);
      expect(snapshot(silicon)).toEqual(before);
    }
  });

  it('are not reported by instructions that do not wait', () => {
    const silicon = machine();
    pend(silicon);
    for (const mnemonic of ['fnstcw', 'fnstsw-m16', 'fnstenv', 'fnsave'] as const) {
      expect(run(silicon, mnemonic, { offset: OPERAND }), mnemonic).toBe(true);
    }
    pend(silicon);
    expect(run(silicon, 'fnclex')).toBe(true);
    expect(status(silicon) & 0x80ff).toBe(0);
    expect(run(silicon, 'fld1')).toBe(true);
  });

  it('appear when FLDCW unmasks an exception whose flag is set', () => {
    const silicon = machine();
    run(silicon, 'fld1');
    run(silicon, 'fldz');
    run(silicon, 'fdiv-to', { stack: 1 });
    expect(status(silicon) & 0x80ff).toBe(4);
    setControl(silicon, 0x37b);
    expect(status(silicon) & 0x80ff).toBe(0x8084);
    expect(run(silicon, 'fld1')).toBe(false);
  });

  it('with CR0.NE clear assert FERR#: ignored without the pins, executed under IGNNE#, else the instruction stays', () => {
    const silicon = machine();
    silicon.state[Word.CR0] &= ~CR0.NE;
    pend(silicon);
    expect(run(silicon, 'fld1')).toBe(true);
    expect(top(silicon)).toBe(ONE);
    let asserted = 0;
    let ignored = false;
    const pins = Object.assign(silicon, { floatingPointError: () => (asserted++, ignored) });
    const eip = silicon.state[Word.EIP];
    expect(run(pins, 'fldz')).toBe(true);
    expect([asserted, silicon.state[Word.EIP], top(silicon)]).toEqual([1, eip, ONE]);
    expect(run(pins, 'fwait')).toBe(true);
    expect(silicon.state[Word.EIP]).toBe(eip);
    ignored = true;
    expect(run(pins, 'fldz')).toBe(true);
    expect([silicon.state[Word.EIP], top(silicon)]).toEqual([eip + NEXT, '0:0000000000000000']);
  });
});

describe('stack faults', () => {
  it('overflow sets C1, underflow clears it; masked, the indefinite is delivered', () => {
    const silicon = machine();
    for (let count = 0; count < 9; count++) run(silicon, 'fld1');
    expect(status(silicon)).toBe(0x3a41);
    expect(top(silicon)).toBe(INDEFINITE);
    run(silicon, 'fninit');
    run(silicon, 'fadd', { stack: 1 });
    expect(status(silicon)).toBe(0x41);
    expect(top(silicon)).toBe(INDEFINITE);
  });

  it('unmasked, the stack stays as it is', () => {
    const silicon = machine();
    setControl(silicon, 0x37e);
    run(silicon, 'fstp', { stack: 3 });
    expect([status(silicon), silicon.state[Word.X87_VALID]]).toEqual([0x80c1, 0]);
  });
});

describe('constants', () => {
  it.each([
    ['fldpi', '4000:c90fdaa22168c234', '4000:c90fdaa22168c235'], ['fldl2t', '4000:d49a784bcd1b8afe', '4000:d49a784bcd1b8aff'], ['fldl2e', '3fff:b8aa3b295c17f0bb', '3fff:b8aa3b295c17f0bc'],
    ['fldlg2', '3ffd:9a209a84fbcff798', '3ffd:9a209a84fbcff799'], ['fldln2', '3ffe:b17217f7d1cf79ab', '3ffe:b17217f7d1cf79ac'],
  ] as const)('%s obeys the rounding control', (mnemonic, low, high) => {
    const nearest = mnemonic === 'fldl2t' || mnemonic === 'fldpi' ? undefined : high;
    for (const [control, expected] of [[0x77f, low], [0xf7f, low], [0xb7f, high], [0x37f, nearest]] as const) {
      const silicon = machine();
      setControl(silicon, control);
      run(silicon, mnemonic);
      if (expected !== undefined) expect(top(silicon), control.toString(16)).toBe(expected);
      expect(status(silicon)).toBe(0x3800);
    }
  });

  it('of FLDPI and FLDL2T to nearest', () => {
    const silicon = machine();
    run(silicon, 'fldpi');
    run(silicon, 'fldl2t');
    expect([top(silicon, 1), top(silicon)]).toEqual(['4000:c90fdaa22168c235', '4000:d49a784bcd1b8afe']);
  });
});

describe('pointers', () => {
  it('are those of the last numeric instruction and its last memory operand', () => {
    const silicon = machine();
    const { state } = silicon;
    run(silicon, 'fld-m32', { offset: OPERAND, escape: 0x105 });
    run(silicon, 'fadd', { escape: 0x0c0 });
    run(silicon, 'fnstsw', { escape: 0x7e0 });
    expect([state[Word.X87_FIP], state[Word.X87_FCS], state[Word.X87_FDP], state[Word.X87_FDS], state[Word.X87_FOP]]).toEqual([0x500 + NEXT, state[Word.SELECTOR + Segment.CS], OPERAND, state[Word.SELECTOR + Segment.DS], 0x0c0]);
  });
});

describe('environment images', () => {
  /** An environment with something in every field. */
  function prepared(silicon: FakeSilicon): FakeSilicon {
    const { state } = silicon;
    resetX87(state);
    run(silicon, 'fld1');
    run(silicon, 'fldz');
    state[Word.X87_FIP] = 0x1234;
    state[Word.X87_FCS] = 0x2008;
    state[Word.X87_FDP] = 0x5678;
    state[Word.X87_FDS] = 0x3010;
    state[Word.X87_FOP] = 0x5c3;
    return silicon;
  }
  const TAGS = 0x1fff; // the register behind TOP = 6 is zero, the other valid
  // Linear addresses: 2008h:1234h and 3010h:5678h, split at bit 16.
  const CODE_LOW = 0x12b4;
  const CODE_HIGH = 0x25c3;
  const DATA_LOW = 0x5778;
  const DATA_HIGH = 0x3000;
  const words = (silicon: FakeSilicon): number[] => Array.from({ length: 7 }, (_, index) => silicon.word(OFFSET + index * 4) >>> 0);
  const halves = (silicon: FakeSilicon): number[] => Array.from({ length: 7 }, (_, index) => silicon.half(OFFSET + index * 2));
  const OFFSET = 0x200;

  it('32-bit protected', () => {
    const silicon = prepared(protectedMachine(0));
    run(silicon, 'fnstenv', { offset: OFFSET });
    expect(words(silicon)).toEqual([0xffff037f, 0xffff3000, 0xffff0000 + TAGS, 0x1234, 0x05c32008, 0x5678, 0xffff3010]);
  });

  it('16-bit protected', () => {
    const silicon = prepared(protectedMachine(0));
    run(silicon, 'fnstenv', { offset: OFFSET, size: 16 });
    expect(halves(silicon)).toEqual([0x37f, 0x3000, TAGS, 0x1234, 0x2008, 0x5678, 0x3010]);
  });

  it('32-bit real', () => {
    const silicon = prepared(realMachine());
    run(silicon, 'fnstenv', { offset: OFFSET });
    expect(words(silicon)).toEqual([0xffff037f, 0xffff3000, 0xffff0000 + TAGS, 0xffff0000 + CODE_LOW, CODE_HIGH, 0xffff0000 + DATA_LOW, DATA_HIGH]);
  });

  it('16-bit real and virtual-8086', () => {
    for (const silicon of [prepared(realMachine()), prepared(virtual8086Machine(3))]) {
      const base = silicon.state[Word.BASE + Segment.DS];
      run(silicon, 'fnstenv', { offset: OFFSET, size: 16 });
      const image = Array.from({ length: 7 }, (_, index) => silicon.half(base + OFFSET + index * 2));
      expect(image).toEqual([0x37f, 0x3000, TAGS, CODE_LOW, CODE_HIGH, DATA_LOW, DATA_HIGH]);
    }
  });

  it.each([['protected', protectedMachine, 32], ['protected', protectedMachine, 16], ['real', realMachine, 32], ['real', realMachine, 16]] as const)('FRSTOR undoes FNSAVE: %s, %i%i', (_name, make, size) => {
    const silicon = prepared(make());
    silicon.state[Word.X87_STATUS] = 0x4541;
    run(silicon, 'fnsave', { offset: OFFSET, size });
    const image = Array.from({ length: 108 }, (_, index) => silicon.memory.getUint8(OFFSET + index));
    expect([silicon.state[Word.X87_CONTROL], silicon.state[Word.X87_VALID], status(silicon)]).toEqual([0x37f, 0, 0]);
    run(silicon, 'frstor', { offset: OFFSET, size });
    expect([top(silicon), top(silicon, 1), status(silicon)]).toEqual(['0:0000000000000000', ONE, 0x7541]);
    run(silicon, 'fnsave', { offset: OFFSET, size });
    expect(Array.from({ length: 108 }, (_, index) => silicon.memory.getUint8(OFFSET + index))).toEqual(image);
  });

  it('FNSTENV masks all exceptions and FLDENV brings the masks back', () => {
    const silicon = prepared(machine());
    setControl(silicon, 0x340);
    run(silicon, 'fnstenv', { offset: OFFSET });
    expect(silicon.state[Word.X87_CONTROL]).toBe(0x37f);
    run(silicon, 'fldenv', { offset: OFFSET });
    expect(silicon.state[Word.X87_CONTROL]).toBe(0x340);
  });

  it('FXSAVE and FXRSTOR keep everything, need 16-byte alignment and leave MXCSR and the XMM registers alone', () => {
    const silicon = prepared(machine());
    for (let at = 0; at < 512; at += 4) silicon.setWord(OPERAND + at, 0x77777777);
    run(silicon, 'fxsave', { offset: OPERAND });
    expect([silicon.word(OPERAND) >>> 0, silicon.word(OPERAND + 4) >>> 0, silicon.word(OPERAND + 24), silicon.word(OPERAND + 160)]).toEqual([0x3000037f, 0x05c300c0, 0x77777777, 0x77777777]);
    const before = snapshot(silicon);
    resetX87(silicon.state);
    silicon.state.fill(0, Word.X87_REGISTERS, Word.X87_REGISTERS + 24);
    run(silicon, 'fxrstor', { offset: OPERAND });
    before[Word.EIP] += NEXT;
    expect(snapshot(silicon)).toEqual(before);
    expect(run(silicon, 'fxsave', { offset: OPERAND + 8 })).toBe(false);
    expect(silicon.fault).toBe(`${Vector.GP}(0)`);
  });
});

describe('a memory operand that faults leaves everything as it was', () => {
  const CROSSING = OPERAND + PAGE - 3;
  const stores = ['fst-m32', 'fst-m64', 'fstp-m80', 'fistp-m64', 'fbstp', 'fnstenv', 'fnsave'] as const;
  const loads = ['fld-m64', 'fld-m80', 'fild-m64', 'fbld', 'fadd-m64', 'fcomp-m64', 'fldenv', 'frstor'] as const;

  it.each([...stores, ...loads])('%s across into an absent page', (mnemonic) => {
    const silicon = machine();
    run(silicon, 'fldpi');
    silicon.absentPages.add((OPERAND + PAGE) >>> 12);
    const before = snapshot(silicon);
    const memory = silicon.word(OPERAND + PAGE - 4);
    expect(run(silicon, mnemonic, { offset: CROSSING })).toBe(false);
    expect(silicon.fault).toBe(`${Vector.PF}(0)`);
    expect(snapshot(silicon)).toEqual(before);
    expect(silicon.word(OPERAND + PAGE - 4)).toBe(memory);
  });

  it.each(['fst-m64', 'fstp-m80', 'fistp-m64', 'fbstp', 'fnstenv', 'fnsave'] as const)('%s across into a read-only page', (mnemonic) => {
    const silicon = machine();
    run(silicon, 'fldpi');
    silicon.readOnlyPages.add((OPERAND + PAGE) >>> 12);
    const before = snapshot(silicon);
    expect(run(silicon, mnemonic, { offset: OPERAND + PAGE - 4 })).toBe(false);
    expect(silicon.fault).toBe(`${Vector.PF}(2)`);
    expect(snapshot(silicon)).toEqual(before);
    expect(silicon.word(OPERAND + PAGE - 4)).toBe(0);
  });

  it.each(stores)('%s from a read-only page', (mnemonic) => {
    const silicon = machine();
    run(silicon, 'fldpi');
    silicon.readOnlyPages.add(OPERAND >>> 12);
    const before = snapshot(silicon);
    expect(run(silicon, mnemonic, { offset: OPERAND })).toBe(false);
    expect(silicon.fault).toBe(`${Vector.PF}(2)`);
    expect(snapshot(silicon)).toEqual(before);
  });

  it('the segment limit counts for the whole operand', () => {
    const silicon = machine();
    run(silicon, 'fldpi');
    silicon.state[Word.LIMIT + Segment.DS] = OPERAND + 8;
    silicon.state[Word.READ_TOP + Segment.DS] = OPERAND + 1;
    silicon.state[Word.WRITE_TOP + Segment.DS] = OPERAND + 1;
    expect(run(silicon, 'fstp-m80', { offset: OPERAND })).toBe(false);
    expect(silicon.fault).toBe(`${Vector.GP}(0)`);
    silicon.clearFault();
    expect(run(silicon, 'fstp-m64', { offset: OPERAND })).toBe(true);
    expect(silicon.word(OPERAND + 4)).toBe(0x400921fb);
  });
});

describe('NaNs', () => {
  /** Puts an 80-bit value on the stack. */
  function pushValue(silicon: FakeSilicon, exponent: number, high: number, low: number): void {
    silicon.setWord(OPERAND, low);
    silicon.setWord(OPERAND + 4, high);
    silicon.setHalf(OPERAND + 8, exponent);
    run(silicon, 'fld-m80', { offset: OPERAND });
  }
  const QUIET = 0xc0000000 | 0;
  const SIGNALLING = 0x80000000 | 0;

  it.each([
    ['the larger significand of two QNaNs', [0x7fff, QUIET | 1, 5], [0xffff, QUIET | 2, 3], 'ffff:c000000200000003', 0],
    ['of equal ones the positive, on top', [0x7fff, QUIET | 1, 5], [0xffff, QUIET | 1, 5], '7fff:c000000100000005', 0],
    ['of equal ones the positive, below', [0xffff, QUIET | 1, 5], [0x7fff, QUIET | 1, 5], '7fff:c000000100000005', 0],
    ['the QNaN before an SNaN of larger significand', [0x7fff, QUIET, 1], [0xffff, SIGNALLING | 0x3fffffff, 9], '7fff:c000000000000001', 1],
    ['the larger of two SNaNs, quiet', [0x7fff, SIGNALLING | 1, 0], [0xffff, SIGNALLING | 2, 0], 'ffff:c000000200000000', 1],
    ['an SNaN before a number', [0x3fff, SIGNALLING, 0], [0xffff, SIGNALLING | 2, 0], 'ffff:c000000200000000', 1],
    ['the indefinite of an unsupported operand before a NaN', [0x7fff, QUIET, 1], [0x4000, 1, 0], INDEFINITE, 1],
  ] as const)('%s', (_name, first, second, expected, flags) => {
    for (const mnemonic of ['fadd', 'fsubr', 'fmul', 'fdiv', 'fprem', 'fscale'] as const) {
      const silicon = machine();
      pushValue(silicon, ...first);
      pushValue(silicon, ...second);
      run(silicon, mnemonic, { stack: 1 });
      expect([top(silicon), status(silicon) & 0x3f], mnemonic).toEqual([expected, flags]);
    }
  });
});

describe('comparisons', () => {
  it('FCOMI clears the flags that it does not set; FCMOV reads them', () => {
    const silicon = machine();
    run(silicon, 'fld1');
    run(silicon, 'fldz');
    storeArithmeticFlags(silicon.state, Flag.OF | Flag.SF | Flag.AF | Flag.ZF);
    run(silicon, 'fcomi', { stack: 1 });
    expect(composeFlags(silicon.state) & (Flag.OF | Flag.SF | Flag.ZF | Flag.AF | Flag.PF | Flag.CF)).toBe(Flag.CF);
    run(silicon, 'fcmovnb', { stack: 1 });
    expect(top(silicon)).toBe('0:0000000000000000');
    run(silicon, 'fcmovb', { stack: 1 });
    expect(top(silicon)).toBe(ONE);
  });

  it('an unmasked invalid operation leaves conditions, flags and stack alone, as the manual says', () => {
    const silicon = machine();
    run(silicon, 'fld1');
    setControl(silicon, 0x37e);
    silicon.state[Word.X87_STATUS] |= 0x100;
    run(silicon, 'fcompp');
    expect(status(silicon) & 0x7fff).toBe(0x39c1);
  });
});

describe('decoding', () => {
  it('gives the last-opcode word, ST(i) and the sizes of memory operands', () => {
    const decoded = (...bytes: number[]) => {
      const result = decode(byteSource(Uint8Array.from(bytes)), 0, { code32: true });
      if (typeof result === 'string') throw new Error(result);
      return result;
    };
    expect(decoded(0xde, 0xc3)).toMatchObject({ escape: 0x6c3, operands: [{ kind: 'stack', index: 3 }, { kind: 'stack', index: 0 }] });
    const size = (...bytes: number[]): number => {
      const [operand] = decoded(...bytes).operands;
      return operand.kind === 'memory' ? operand.size : -1;
    };
    expect([size(0xdb, 0x28), size(0xdd, 0x00), size(0xd9, 0x30), size(0x66, 0xd9, 0x30), size(0xdd, 0x30), size(0x66, 0xdd, 0x30), size(0x0f, 0xae, 0x00)]).toEqual([80, 64, 224, 112, 864, 752, 4096]);
  });
});
