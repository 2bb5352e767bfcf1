import { Word, type AccessSize, type Expression, type ParameterName, type WordName } from '@ringbench/isa';
import { pseudoShape } from './lowering.js';
import { recordSequence } from './operations.js';
import { StatementPrinter, STORE, LOAD, TABLE_OFFSET, type TranslationTable } from './statement-printer.js';
import { CodeBuffer, EMPTY_BLOCK, encodeModule, Op, type FunctionBody } from './wasm-encoder.js';

/**
 * INT and IRET as functions: long, and the same at each place of a guest, so that generated code calls them. With everything in its state words they do all of the
 * instruction, BUDGET apart, and return 1; or nothing, and return 0.
 */
export interface RingTransitions {
  readonly interrupt: (vector: number, next: number) => number;
  readonly interruptReturn: () => number;
}

/** Recorded instructions that are such functions, when their operand size is 32. */
export const RING_TRANSITIONS: ReadonlySet<string> = new Set(['int', 'iret']);

const Local = { VECTOR: 0, NEXT: 1 } as const;
const PAGE_OFFSET_MASK = 0xfff;
const PAGE_BYTES = 0x1000;

class TransitionPrinter extends StatementPrinter {
  private readonly entryLocal: number;

  constructor(private readonly parameters: number) {
    super(new CodeBuffer(), parameters + 1, parameters);
    this.entryLocal = parameters;
  }

  print(name: string, mnemonic: string): FunctionBody {
    const { out } = this;
    out.op(Op.block, EMPTY_BLOCK);
    for (const statement of recordSequence([pseudoShape(mnemonic)])) {
      if (statement.kind === 'jump-to') this.setMemoryWord('EIP', statement.target);
      else if (!this.plain(statement)) throw new Error(`statement ${statement.kind} in a ring transition`);
    }
    out.constant(1).op(Op.return, Op.end).constant(0);
    return { name, parameters: this.parameters, locals: 1 + this.temporaries, wideLocals: 0, code: out };
  }

  protected override parameter(name: ParameterName): void {
    if (this.parameters === 0) throw new Error(`IRET has no parameter ${name}`);
    this.out.get(name === 'next' ? Local.NEXT : Local.VECTOR);
  }
  protected override leave(): void { this.out.branch(Op.brIf, 0); }
  protected override keptWord(): boolean { return false; }
  protected override setWord(word: WordName, value: Expression): void { this.setMemoryWord(word, value); }
  protected override register(size: AccessSize, offset: Expression): void {
    this.out.constant(0).memory(LOAD[size][0], LOAD[size][1], addressOf(offset));
  }
  protected override setRegister(size: AccessSize, offset: Expression, value: Expression): void {
    this.out.constant(0);
    this.expression(value);
    this.out.memory(STORE[size][0], STORE[size][1], addressOf(offset));
  }
  protected override translate(address: Expression, size: number, table: TranslationTable): void {
    const { out } = this;
    this.expression(address);
    out.constant(10).op(Op.i32ShrU).constant(-4).op(Op.i32And);
    if (!table.startsWith('system')) out.constant(0).memory(Op.i32Load, 2, Word.DATA_TLB * 4).op(Op.i32Add);
    out.memory(Op.i32Load, 2, TABLE_OFFSET[table]).tee(this.entryLocal).constant(PAGE_OFFSET_MASK).op(Op.i32And);
    this.expression(address);
    out.constant(PAGE_OFFSET_MASK).op(Op.i32And, Op.i32Add).constant(PAGE_BYTES - size / 8).op(Op.i32GtU);
    this.leave();
  }
  protected override bulk(): void { throw new Error('a ring transition has no repetition'); }
  protected override privilegeChanged(): void { /* The level's words are read from memory each time. */ }
}

function addressOf(offset: Expression): number {
  if (offset.kind !== 'constant') throw new Error('a ring transition uses a register whose number is not known');
  return offset.value;
}

let compiled: WebAssembly.Module | undefined;

/** The same code for all machines of a process; compiled at its first use. */
export function createRingTransitions(memory: WebAssembly.Memory): RingTransitions {
  compiled ??= new WebAssembly.Module(encodeModule([new TransitionPrinter(2).print('interrupt', 'int'), new TransitionPrinter(0).print('interruptReturn', 'iret')]));
  const { interrupt, interruptReturn } = new WebAssembly.Instance(compiled, { machine: { memory } }).exports;
  return { interrupt: interrupt as RingTransitions['interrupt'], interruptReturn: interruptReturn as RingTransitions['interruptReturn'] };
}
