import type { AccessSize, Expression, WordName } from '@ringbench/isa';
import { FillAccess, recordFill } from '@ringbench/machine';
import { StatementPrinter } from './statement-printer.js';
import { CodeBuffer, EMPTY_BLOCK, encodeModule, Op, type FunctionBody } from './wasm-encoder.js';

/** Fills the data TLB for an access at a linear address, if that is the common case, and says whether it did (1 or 0). `access`: bits of `FillAccess`. */
export type QuickFill = (linear: number, access: number) => number;

const Local = { LINEAR: 0, ACCESS: 1, FIRST_TEMPORARY: 2 } as const;
const VARIANTS = 4;

/** Prints a recorded fill (machine, quick-fill.ts) as a function of the address. */
class FillPrinter extends StatementPrinter {
  constructor() {
    super(new CodeBuffer(), Local.FIRST_TEMPORARY, Local.ACCESS);
  }
  print(access: number): FunctionBody {
    const { out } = this;
    out.op(Op.block, EMPTY_BLOCK);
    for (const statement of recordFill((access & FillAccess.WRITE) !== 0, (access & FillAccess.USER) !== 0)) {
      if (!this.plain(statement)) throw new Error(`statement ${statement.kind} in a fill`);
    }
    out.constant(1).op(Op.return, Op.end).constant(0);
    return { name: `fill${access}`, parameters: 2, locals: this.temporaries, wideLocals: 0, code: out };
  }
  protected override parameter(): void { this.out.get(Local.LINEAR); }
  protected override leave(): void { this.out.branch(Op.brIf, 0); }
  protected override keptWord(): boolean { return false; }
  protected override setWord(word: WordName, value: Expression): void { this.setMemoryWord(word, value); }
  protected override register(_size: AccessSize, _offset: Expression): void { unused(); }
  protected override setRegister(_size: AccessSize, _offset: Expression, _value: Expression): void { unused(); }
  protected override translate(_address: Expression): void { unused(); }
  protected override bulk(): void { unused(); }
  protected override privilegeChanged(): void { unused(); }
}

function unused(): never {
  throw new Error('a fill has neither registers nor accesses of its own');
}

/** Calls the variant for an access. */
function chooser(): FunctionBody {
  const code = new CodeBuffer();
  for (let access = 1; access < VARIANTS; access++) {
    code.get(Local.ACCESS).constant(access).op(Op.i32Eq, Op.if, EMPTY_BLOCK);
    code.get(Local.LINEAR).constant(access).op(Op.call).unsigned(access).op(Op.return, Op.end);
  }
  code.get(Local.LINEAR).constant(0).op(Op.call).unsigned(0);
  return { name: 'fill', parameters: 2, locals: 0, wideLocals: 0, code };
}

let compiled: WebAssembly.Module | undefined;

/** The same code for all machines of a process; compiled at its first use. */
export function createQuickFill(memory: WebAssembly.Memory): QuickFill {
  if (compiled === undefined) {
    const variants = Array.from({ length: VARIANTS }, (_, access) => new FillPrinter().print(access));
    compiled = new WebAssembly.Module(encodeModule([...variants, chooser()]));
  }
  return new WebAssembly.Instance(compiled, { machine: { memory } }).exports.fill as QuickFill;
}
