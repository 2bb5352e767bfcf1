import { CR0, Flag, Segment, Word } from '@ringbench/isa';
import type { Engine, Exit, GuestView } from '@ringbench/engine';
import { Disassembler, readLinear } from './disassembler.js';
import type { ListedInstruction } from './disassembler.js';

/**
 * Executes a guest one instruction at a time and says of each what it was. An engine runs until an instruction has *retired*, so one step may begin with
 * an instruction that faults and end behind the first one of the handler; both are listed then. A step may also end with an interrupt that was taken
 * behind the instruction. Everything is derived from views, which are the same on every core.
 */

/** What a step listed. */
export interface Step {
  /** Instructions that have retired before this one; of a faulting instruction and the first of its handler, both the same. */
  readonly number: number;
  readonly instruction: ListedInstruction;
  /** Processor state before and after. Of a faulting instruction, which changes nothing, both are the same. */
  readonly before: Int32Array;
  readonly after: Int32Array;
  /** What else happened, for people: `#PF`, `interrupt`. */
  readonly events: readonly string[];
  readonly retired: boolean;
}

const LOW_WORD = 0xffff;
/** Mnemonics of the manual by vector (SDM vol. 3, table 6-1). */
const EXCEPTION_NAMES: readonly (string | undefined)[] = [
  '#DE', '#DB', 'NMI', '#BP', '#OF', '#BR', '#UD', '#NM', '#DF', undefined, '#TS', '#NP', '#SS', '#GP', '#PF', undefined, '#MF', '#AC', '#MC',
];
const nameOf = (vector: number): string => EXCEPTION_NAMES[vector] ?? `exception ${vector}`;

/** Vectors of the exceptions that the guest took between two views, in rising order, once each. */
export function exceptionsBetween(before: GuestView, after: GuestView): readonly number[] {
  return [...after.exceptions.keys()].filter((vector) => after.exceptions[vector] !== before.exceptions[vector]);
}

interface Entry {
  readonly selector: number;
  readonly offset: number;
}

const VECTOR_BYTES = 4;
const GATE_BYTES = 8;
const GATE_SELECTOR = 2;
const GATE_TYPE = 5;
const GATE_OFFSET_HIGH = 6;
const GATE_TYPE_MASK = 0x0f;
const GATE_32_BIT = 0x08;
const TASK_GATE = 0x05;

/** Where an exception's handler begins (SDM vol. 3, 6.10 and 20.1.4); undefined for a task gate, or where the table cannot be read. */
export function handlerEntry(view: GuestView, vector: number): Entry | undefined {
  const { state } = view;
  const isProtected = (state[Word.CR0] & CR0.PE) !== 0;
  const bytes = isProtected ? GATE_BYTES : VECTOR_BYTES;
  const gate = readLinear(view, (state[Word.IDTR_BASE] + vector * bytes) >>> 0, bytes);
  if (gate.length < bytes) return undefined;
  const data = new DataView(gate.buffer, gate.byteOffset, gate.byteLength);
  if (!isProtected) return { selector: data.getUint16(2, true), offset: data.getUint16(0, true) };
  const type = gate[GATE_TYPE] & GATE_TYPE_MASK;
  if (type === TASK_GATE) return undefined;
  const high = (type & GATE_32_BIT) === 0 ? 0 : data.getUint16(GATE_OFFSET_HIGH, true);
  return { selector: data.getUint16(GATE_SELECTOR, true), offset: ((high << 16) | data.getUint16(0, true)) >>> 0 };
}

/** Whether a processor stands at the handler's first instruction, apart from the privilege level that the selector gets. */
function standsAt(state: Int32Array, entry: Entry): boolean {
  return state[Word.EIP] >>> 0 === entry.offset && ((state[Word.SELECTOR + Segment.CS] ^ entry.selector) & LOW_WORD & ~3) === 0;
}

/**
 * Whether an interrupt was taken behind the instruction: execution is not where the instruction leads or, where that is not known, interrupts have been
 * switched off on the way. INT, IRET and POPF can do so themselves.
 */
function wasInterrupted({ instruction, before, after }: Pick<Step, 'instruction' | 'before' | 'after'>): boolean {
  if (instruction.successors !== undefined) return !instruction.successors.includes(after[Word.EIP] >>> 0);
  const own = /^(?:int|iret|popf|into)/.test(instruction.text);
  return !own && (before[Word.FLAG_SYSTEM] & ~after[Word.FLAG_SYSTEM] & Flag.IF) !== 0;
}

export class Stepper {
  private readonly disassembler = new Disassembler();
  private view: GuestView;

  /** @param engine has been run to where stepping begins; nobody else runs it from here on. */
  constructor(private readonly engine: Engine) {
    this.view = engine.inspect();
  }

  /** Where the processor stands. */
  get state(): Int32Array { return this.view.state; }

  /** Executes one instruction. The exit is `budget` as long as the guest goes on. */
  step(): { readonly steps: readonly Step[]; readonly exit: Exit } {
    const { engine, view } = this;
    const number = engine.retired;
    const instruction = this.disassembler.list(view);
    const exit = engine.run(1);
    const after = engine.inspect();
    const vectors = exceptionsBetween(view, after);
    this.view = after;
    const whole = { number, instruction, before: view.state, after: after.state };
    if (engine.retired === number) return { steps: this.unretired(whole, vectors, exit), exit };
    return { steps: this.retired(whole, vectors, view), exit };
  }

  /** Nothing retired: a HLT's sleep that never ends, or a fault that ended the guest. */
  private unretired(whole: Omit<Step, 'events' | 'retired'>, vectors: readonly number[], exit: Exit): readonly Step[] {
    if (exit.kind !== 'shutdown') return [];
    return [{ ...whole, after: whole.before, events: [...vectors.map(nameOf), 'shutdown'], retired: false }];
  }

  private retired(whole: Omit<Step, 'events' | 'retired'>, vectors: readonly number[], view: GuestView): readonly Step[] {
    const [vector] = vectors;
    if (vector === undefined) return [{ ...whole, events: wasInterrupted(whole) ? ['interrupt'] : [], retired: true }];
    const names = vectors.map(nameOf);
    const entry = handlerEntry(view, vector);
    // A trap comes behind its instruction, and the processor stands at the handler (SDM vol. 3, 6.5).
    if (entry !== undefined && vectors.length === 1 && standsAt(whole.after, entry)) return [{ ...whole, events: names, retired: true }];
    const faulting: Step = { ...whole, after: whole.before, events: names, retired: false };
    return [faulting, { ...whole, instruction: this.firstOfHandler(vectors.length === 1 ? entry : undefined), events: [], retired: true }];
  }

  /** The handler's code is read behind the step, by the handler's segment: its first instruction has not changed itself. */
  private firstOfHandler(entry: Entry | undefined): ListedInstruction {
    const { state } = this.view;
    if (entry === undefined) return { selector: state[Word.SELECTOR + Segment.CS] & LOW_WORD, offset: 0, linear: 0, bytes: new Uint8Array(), text: '(first instruction of a handler)', successors: undefined };
    const selector = state[Word.SELECTOR + Segment.CS] & LOW_WORD;
    return this.disassembler.listAt(this.view, selector, entry.offset, (state[Word.BASE + Segment.CS] + entry.offset) >>> 0);
  }

  free(): void { this.disassembler.free(); }
}
