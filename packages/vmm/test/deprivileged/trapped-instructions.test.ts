import fc from 'fast-check';
import { Access, Debug6, Flag, Register, Segment, Vector, Word } from '@ringbench/isa';
import { describe, expect, it, test } from 'vitest';
import { describeSoup, soups } from '../../../interpreter/test/support/soup-programs.js';
import { TrappedInstructions } from '../../src/deprivileged/trapped-instructions.js';
import { VmFixture } from '../support.js';
import { SoupLockstep } from './soup-lockstep.js';

/** RINGBENCH_SOUPS runs more of them, RINGBENCH_SOUP_SEED others. */
const RUNS = Number(process.env.RINGBENCH_SOUPS ?? 250);
const SEED = Number(process.env.RINGBENCH_SOUP_SEED ?? 1);
const MOST_INSTRUCTIONS = 40;
/** Mnemonics of the instruction set that so many soups reach. */
const FEWEST_MNEMONICS = 150;

test('whatever a guest’s instruction is, interpreting it does what executing it does', () => {
  let lockstep = new SoupLockstep();
  const completed = new Set<string>();
  const property = fc.property(soups, (soup) => {
    const { found } = lockstep.run(soup, MOST_INSTRUCTIONS);
    for (const mnemonic of lockstep.completed) completed.add(mnemonic);
    if (found.length === 0) return;
    lockstep = new SoupLockstep();
    throw new Error(`${describeSoup(soup)}\n${found.join('\n')}`);
  });
  fc.assert(property, { numRuns: RUNS, seed: SEED });
  expect(completed.size).toBeGreaterThan(FEWEST_MNEMONICS);
  for (const mnemonic of ['ret', 'call', 'call-indirect', 'jmp-indirect', 'iret', 'cmpxchg8b', 'div', 'movs', 'pusha', 'fadd', 'fnsave']) expect(completed).toContain(mnemonic);
}, 60_000 + RUNS * 1000);

const CODE_PAGE = 5;
const CODE = CODE_PAGE * 4096;
const NEXT_PAGE = CODE + 4096;
const RET = 0xc3;
const PUSH_IMMEDIATE = 0x68;
const INT1 = 0xf1;
const LOCK = 0xf0;

/** A guest with paging, and its EIP at these bytes. */
function guestAt(eip: number, bytes: readonly number[], entries: Readonly<Record<number, number>> = {}): { fixture: VmFixture; instructions: TrappedInstructions } {
  const fixture = new VmFixture();
  fixture.page(entries);
  fixture.memory.writeBytes(eip, Uint8Array.from(bytes));
  fixture.state[Word.EIP] = eip;
  fixture.state[Register.ESP] = 0x8000;
  return { fixture, instructions: new TrappedInstructions(fixture.machine.memory, fixture.vm) };
}

describe('interpretAny', () => {
  it('advances time by the instruction, counts it as interpreted, and leaves nothing pending', () => {
    const { fixture, instructions } = guestAt(CODE, [RET]);
    fixture.memory.write(8, 0, 4, 0x1234);
    expect(instructions.interpretAny()).toBe(true);
    expect([fixture.state[Word.EIP], fixture.state[Register.ESP], fixture.clock.now(), fixture.counters.interpreted, fixture.vm.pending]).toEqual([0x1234, 0x8004, 1, 1, undefined]);
  });

  it('executes what is there now at an address and an EIP that it has seen before', () => {
    const { fixture, instructions } = guestAt(CODE, [0xeb, 0x10], { 9: (CODE_PAGE << 12) | 7 });
    instructions.interpretAny();
    expect(fixture.state[Word.EIP]).toBe(CODE + 0x12);
    fixture.state[Word.EIP] = 0x9000;
    instructions.interpretAny();
    expect(fixture.state[Word.EIP]).toBe(0x9012);
    fixture.memory.writeBytes(CODE, Uint8Array.of(0xeb, 0x20));
    fixture.state[Word.EIP] = CODE;
    instructions.interpretAny();
    expect(fixture.state[Word.EIP]).toBe(CODE + 0x22);
  });

  it.each([
    ['on a page that is not mapped', CODE, [RET], { [CODE_PAGE]: 0 }, { vector: Vector.PF, errorCode: 0 }, CODE],
    ['whose second page is not mapped', NEXT_PAGE - 2, [PUSH_IMMEDIATE, 1], { [CODE_PAGE + 1]: 0 }, { vector: Vector.PF, errorCode: 0 }, NEXT_PAGE],
    ['that does not exist', CODE, [0x0f, 0xff], {}, { vector: Vector.UD, errorCode: 0 }, 0],
    ['that is too long', CODE, Array.from({ length: 15 }, () => 0x66).concat(RET), {}, { vector: Vector.GP, errorCode: 0 }, 0],
    ['that must not be locked', CODE, [LOCK, RET], {}, { vector: Vector.UD, errorCode: 0 }, 0],
    ['where the guest has no memory', CODE, [RET], { [CODE_PAGE]: 0x7000007 }, { vector: Vector.UD, errorCode: 0 }, 0],
  ] as const)('an instruction %s faults', (_what, eip, bytes, entries, fault, address) => {
    const { fixture, instructions } = guestAt(eip, bytes, entries);
    expect(instructions.interpretAny()).toBe(false);
    expect([fixture.vm.pending, fixture.state[Word.CR2], fixture.state[Word.EIP], fixture.clock.now()]).toEqual([{ kind: 'exception', ...fault }, address, eip, 0]);
  });

  it('an instruction whose last byte is beyond the limit of CS faults', () => {
    const { fixture, instructions } = guestAt(CODE, [0xeb, 0]);
    fixture.state[Word.LIMIT + Segment.CS] = CODE;
    expect(instructions.interpretAny()).toBe(false);
    expect(fixture.vm.pending).toEqual({ kind: 'exception', vector: Vector.GP, errorCode: 0 });
  });

  it('traps behind an instruction that began with TF set, but not behind INT1, which has entered the handler already', () => {
    const stepped = guestAt(CODE, [0x90]);
    stepped.fixture.state[Word.FLAG_SYSTEM] |= Flag.TF;
    expect(stepped.instructions.interpretAny()).toBe(true);
    expect([stepped.fixture.vm.pending, stepped.fixture.state[Word.DR + 6] & Debug6.BS]).toEqual([{ kind: 'exception', vector: Vector.DB, errorCode: 0 }, Debug6.BS]);
    const { fixture, instructions } = guestAt(CODE, [INT1]);
    Object.assign(fixture.state, { [Word.IDTR_BASE]: 0x6000, [Word.IDTR_LIMIT]: 0xff, [Word.GDTR_BASE]: 0x7000, [Word.GDTR_LIMIT]: 0xf });
    fixture.memory.write(6, 8, 4, (8 << 16) | 0x1000);
    fixture.memory.write(6, 12, 4, 0x8e00);
    fixture.memory.write(7, 8, 4, 0xffff);
    fixture.memory.write(7, 12, 4, 0x00cf9b00);
    fixture.state[Word.ACCESS + Segment.CS] |= Access.BIG;
    fixture.state[Word.FLAG_SYSTEM] |= Flag.TF;
    expect(instructions.interpretAny()).toBe(true);
    expect([fixture.vm.pending, fixture.state[Word.EIP]]).toEqual([undefined, 0x1000]);
  });
});
