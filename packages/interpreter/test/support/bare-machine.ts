import { Interpreter, type HotSet } from '@ringbench/interpreter';
import { composeFlags, CR0, DEFAULT_CPU_MODEL, Word, type CpuModelName } from '@ringbench/isa';
import { Machine, Region, type MachineOptions, type MachineStop } from '@ringbench/machine';
import { digestMemory } from '../../../engine/src/digest.js';
import { startGuest } from '../../../engine/src/guest-start.js';

/** A machine for short programs given as bytes: flat 32-bit ring 0, optionally with paging, and everything that must not depend on how it is executed. */

export const CODE = 0x8000;
export const STACK_TOP = 0x7000;
const IDT = 0x1000;
const GDT = 0x1800;
const PAGE_DIRECTORY = 0x2000;
const PAGE_TABLE = 0x3000;
const PAGE = 0x1000;
const RAM_BYTES = 0x60000;
const INTERRUPT_GATE = 0x8e00;
/** mov al, 0; out F4, al: ends the run with status 0. */
export const EXIT: readonly number[] = [0xb0, 0x00, 0xe6, 0xf4];

/** A program: bytes by address, and where the handlers of exceptions are. `map` pages are linear page -> physical page (0: not present); without it there is no paging. */
export interface Program {
  readonly at: readonly (readonly [address: number, bytes: readonly number[]])[];
  readonly handlers?: Readonly<Record<number, number>>;
  /** Exceptions to an identity mapping of all memory. */
  readonly map?: Readonly<Record<number, number>>;
}
/** What a guest can see. */
export interface Snapshot {
  readonly registers: readonly number[];
  readonly eip: number;
  readonly eflags: number;
  readonly retired: number;
  readonly memory: string;
}

export const word = (value: number): number[] => [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, (value >>> 24) & 0xff];
/** Address of the page-table entry of a linear page. */
export const entryOf = (linear: number): number => PAGE_TABLE + (linear >>> 12) * 4;

export class BareMachine {
  readonly machine: Machine;
  readonly interpreter: Interpreter;
  private startedAt = 0;

  constructor(hot: HotSet, private readonly ramBytes = RAM_BYTES, cpu: CpuModelName = DEFAULT_CPU_MODEL, createExecutor: MachineOptions['createExecutor'] = (processor) => new Interpreter(processor, hot)) {
    this.machine = new Machine({ ramBytes, cpu, createExecutor });
    this.interpreter = this.machine.executor as Interpreter;
  }

  /** Clears memory and puts a program at its start; decoded code of an earlier one must go by itself. */
  load(program: Program): void {
    const { processor } = this.machine;
    const { mmu, state } = processor;
    if (processor.faulted) processor.clearFault();
    mmu.writePhysical(0, new Uint8Array(this.ramBytes));
    for (const [address, bytes] of program.at) mmu.writePhysical(address, Uint8Array.from(bytes));
    this.writeTables(program);
    state.fill(0, Word.CR0, Word.CR4 + 1);
    startGuest(processor, { entry: CODE, registers: [], codeSelector: 0x08, dataSelector: 0x10 });
    state[Word.EAX] = 0;
    state[Word.ESP] = STACK_TOP;
    state[Word.GDTR_BASE] = GDT;
    state[Word.GDTR_LIMIT] = 0x17;
    state[Word.IDTR_BASE] = IDT;
    state[Word.IDTR_LIMIT] = 0xff;
    if (program.map !== undefined) this.enablePaging(program.map);
    this.startedAt = this.machine.retired;
  }
  private writeTables(program: Program): void {
    const { mmu } = this.machine.processor;
    mmu.writePhysical(GDT + 8, Uint8Array.from([...word(0xffff), ...word(0x00cf9b00), ...word(0xffff), ...word(0x00cf9300)]));
    for (const [vector, handler] of Object.entries(program.handlers ?? {})) {
      mmu.writePhysical(IDT + Number(vector) * 8, Uint8Array.from([...word((0x08 << 16) | (handler & 0xffff)), ...word((handler & ~0xffff) | INTERRUPT_GATE)]));
    }
  }
  private enablePaging(map: Readonly<Record<number, number>>): void {
    const { processor } = this.machine;
    processor.mmu.writePhysical(PAGE_DIRECTORY, Uint8Array.from(word(PAGE_TABLE | 3)));
    for (let page = 0; page < this.ramBytes; page += PAGE) {
      const target = map[page] ?? page;
      processor.mmu.writePhysical(entryOf(page), Uint8Array.from(word(map[page] === 0 ? 0 : target | 3)));
    }
    processor.state[Word.CR3] = PAGE_DIRECTORY;
    processor.state[Word.CR0] |= CR0.PG;
    processor.pagingChanged();
  }

  run(instructions: number): MachineStop { return this.machine.run(instructions); }
  /** Runs to the program's exit in slices of some instructions; throws when it does not come to one. */
  finish(slice: number, limit = 100_000): void {
    for (let done = 0; done < limit; done += slice) {
      const stop = this.run(slice);
      if (stop.kind === 'exit') return;
      if (stop.kind !== 'budget') throw new Error(`the program stopped: ${stop.kind}`);
    }
    throw new Error('the program does not end');
  }

  get retired(): number { return this.machine.retired - this.startedAt; }
  register(index: number): number { return this.machine.memory.state[index] >>> 0; }
  snapshot(): Snapshot {
    const { memory } = this.machine;
    return {
      registers: Array.from(memory.state.subarray(Word.EAX, Word.EDI + 1), (value) => value >>> 0),
      eip: memory.state[Word.EIP] >>> 0, eflags: composeFlags(memory.state), retired: this.retired,
      memory: digestMemory(new Int32Array(memory.buffer, Region.RAM, memory.ramBytes / 4)),
    };
  }
}

const PLAIN_KEY = /^[^@~]*$/;
/** Everything that runs outside a hot loop with operations by `collect`: the hot set of exactly that, all neighbours as pairs. */
export function collectHotSet(interpreter: Interpreter, collect: () => void): HotSet {
  const operations = new Set<string>();
  const pairs = new Map<string, readonly [string, string]>();
  let previous: string | undefined;
  interpreter.onMicroOp = (_u, operation) => {
    const hot = operation?.code !== undefined && operation.shape.flat && PLAIN_KEY.test(operation.key) && !operation.key.startsWith('idiv.32') && !operation.shape.operands.some(({ place }) => place === 'g');
    if (hot) operations.add(operation.key);
    if (hot && previous !== undefined) pairs.set(`${previous} ${operation.key}`, [previous, operation.key]);
    previous = hot && !operation.terminal ? operation.key : undefined;
  };
  collect();
  interpreter.onMicroOp = undefined;
  return { operations: [...operations], pairs: [...pairs.values()] };
}

/** Small deterministic generator for choices of hot sets. */
export function createChooser(seed: number): (of: number) => number {
  let state = seed | 1;
  return (of) => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9 | 0;
    const mixed = Math.imul(state ^ (state >>> 13), 0x297a2d39);
    return ((mixed ^ (mixed >>> 15)) >>> 0) % of;
  };
}
export function randomPart(whole: HotSet, seed: number): HotSet {
  const choose = createChooser(seed);
  return { operations: whole.operations.filter(() => choose(2) === 0), pairs: whole.pairs.filter(() => choose(3) === 0) };
}
