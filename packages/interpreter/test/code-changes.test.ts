import { describe, expect, test } from 'vitest';
import { HOT_SET, type HotSet } from '@ringbench/interpreter';
import { BareMachine, CODE, collectHotSet, EXIT, randomPart, word, type Program, type Snapshot } from './support/bare-machine.js';
import { PROGRAMS, type NamedProgram } from './support/programs.js';

/** Changing code, changing translations, faults in mid-block, exact budgets: each program stopped at every instruction number in every way of executing. */

const NO_HOT_LOOP: HotSet = { operations: [], pairs: [] };
const SLICES = [1, 2, 3, 5, 7, 1000];
const MOST_INSTRUCTIONS = 10_000;

/** Shared by the programs: what one leaves in the code cache must not show in the next. */
const handlersOnly = new BareMachine(NO_HOT_LOOP);
const committed = new BareMachine(HOT_SET);

/** States after 0, 1, 2, … instructions, stepped one at a time by the handlers. */
function stepped(program: NamedProgram): Snapshot[] {
  const bare = handlersOnly;
  bare.load(program);
  const states = [bare.snapshot()];
  while (bare.run(1).kind === 'budget') {
    states.push(bare.snapshot());
    if (states.length > MOST_INSTRUCTIONS) throw new Error(`${program.name} does not end`);
  }
  return states;
}

describe.each(PROGRAMS)('$name', (program) => {
  const states = stepped(program);
  const everything = collectHotSet(handlersOnly.interpreter, () => {
    handlersOnly.load(program);
    handlersOnly.finish(SLICES[SLICES.length - 1]);
  });

  test('computes what it must', () => {
    const bare = committed;
    for (const slice of SLICES) {
      bare.load(program);
      bare.finish(slice);
      const seen = Object.fromEntries(Object.keys(program.expected).map((register) => [register, bare.register(Number(register))]));
      expect(seen, `slices of ${slice}`).toEqual(program.expected);
    }
  });

  test.each([
    ['handlers only', () => handlersOnly], ['the committed hot set', () => committed],
    ['everything hot and fused', () => new BareMachine(everything)], ['a part of it', () => new BareMachine(randomPart(everything, 1))],
  ] as const)('stops exactly at every instruction: %s', (_, make) => {
    const bare = make();
    for (let count = 0; count < states.length; count++) {
      bare.load(program);
      expect(bare.run(count).kind).toBe('budget');
      expect(bare.snapshot(), `after ${count} instructions`).toEqual(states[count]);
    }
  });
});

test('a budget that ends before an absent page leaves no fault behind', () => {
  const program = PROGRAMS.find(({ name }) => name === 'a jump to an absent page');
  if (program === undefined) throw new Error('the program is gone');
  committed.load(program);
  committed.run(2); // mov eax, page; call eax
  expect(committed.register(4)).toBe(0x6ffc);
  expect(committed.machine.processor.faulted).toBe(false);
});

test('more code than the micro-op area holds', { timeout: 20_000 }, () => {
  // A sled of INC EAX longer than 14 MiB of 32-byte micro-ops, walked twice.
  const start = 0x10000;
  const length = 0x1c0000;
  const sled = Array.from({ length }, () => 0x40);
  const back = start - (start + length + 3 + 6);
  const program: Program = {
    at: [[CODE, [0xba, ...word(2) /* mov edx, 2 */, 0xe9, ...word(start - CODE - 10)]], [start, sled], [start + length, [0x4a /* dec edx */, 0x90, 0x90, 0x0f, 0x85, ...word(back) /* jnz start */, 0x89, 0xc3 /* mov ebx, eax */, ...EXIT]]],
  };
  const bare = new BareMachine({ operations: ['inc.32:r', 'inc.32:r!'], pairs: [['inc.32:r!', 'inc.32:r!']] }, 0x200000);
  bare.load(program);
  bare.finish(1_000_003, 8_000_000);
  expect(bare.register(3)).toBe(2 * length);
  // mov, jmp; sleds; dec, nop, nop, jnz twice; mov, mov, out.
  expect(bare.retired).toBe(2 + 2 * length + 8 + 3);
});

test('an unlimited run and slices agree on what a sled that falls off its page counts', () => {
  // 4096 one-byte instructions a page: blocks of the greatest length, chained across pages.
  const program: Program = { at: [[CODE, Array.from({ length: 0x3000 }, () => 0x40)], [CODE + 0x3000, [0x89, 0xc3, ...EXIT]]] };
  for (const slice of [63, 64, 65, 4096, 1_000_000]) {
    committed.load(program);
    committed.finish(slice, 1_000_000);
    expect([committed.register(3), committed.retired], `slices of ${slice}`).toEqual([0x3000, 0x3003]);
  }
});

test('a link that waits for its target dies with its block, whose place another one has by then', () => {
  const [A, T, U] = [CODE + 0x100, CODE + 0x160, CODE + 0x140];
  const call = (at: number, target: number): number[] => [0xe8, ...word(target - at - 5)];
  const start = [0xb8, ...word(1)]; // mov eax, 1
  const change = [0xc7, 0x05, ...word(A), 0x89, 0xc0, 0xeb, U - A - 4]; // mov dword [A], "mov eax, eax; jmp U"
  const callAfter = (code: readonly number[], target: number): number[] => [...code, ...call(CODE + code.length, target)];
  // A jumps to T at first but does not take it; then to U. T is decoded only when A is another block.
  const main = [A].reduce(callAfter, start);
  const code = [...[A, T, A].reduce(callAfter, [...main, ...change]), ...EXIT];
  const program: Program = {
    at: [[CODE, code], [A, [0x39, 0xc8, 0x74, T - A - 4, 0xc3]] /* cmp eax, ecx; jz T; ret */, [T, [0x43, 0xc3]] /* inc ebx; ret */, [U, [0x46, 0xc3]] /* inc esi; ret */],
  };
  for (const bare of [handlersOnly, committed]) {
    bare.load(program);
    bare.finish(1_000_000);
    expect([bare.register(3), bare.register(6)]).toEqual([1, 2]);
  }
});

test('stepping over system instructions keeps nothing', () => {
  const program: Program = { at: [[CODE, [...Array.from({ length: 50 }, () => [0x0f, 0xa2]).flat() /* cpuid */, 0xeb, 0x9a /* jmp CODE */]]] };
  const bare = new BareMachine(NO_HOT_LOOP);
  bare.load(program);
  const step = (times: number): number => {
    for (let slice = 0; slice < times; slice++) bare.run(1);
    return bare.interpreter.decodedSystemInstructions;
  };
  // By the second round every block that begins at one of them is decoded.
  const afterFirst = step(60);
  expect(step(200)).toBe(afterFirst);
});

test('a store beside the code of its own page leaves the block as it is', () => {
  const rounds = 10;
  const storeAndQuery = [0xc7, 0x05, ...word(CODE + 0x800), ...word(1), 0x0f, 0x02, 0xc0 /* lar eax, ax */];
  const bare = new BareMachine(NO_HOT_LOOP);
  bare.load({ at: [[CODE, [...Array.from({ length: rounds }, () => storeAndQuery).flat(), ...EXIT]]] });
  bare.finish(1_000_000);
  // One for each LAR and one for OUT: were the block left at each store, what follows would be decoded again.
  expect(bare.interpreter.decodedSystemInstructions).toBe(rounds + 1);
});
