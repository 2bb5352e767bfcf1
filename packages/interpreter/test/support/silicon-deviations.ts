import { Flag, Register, Vector, type Instruction } from '@ringbench/isa';
import type { Outcome, SiliconCase } from './silicon-machine.ts';

/**
 * Where the silicon may do otherwise than we do, beyond the flags of a row's trait: the manuals leave it open, and the processor that was asked decided
 * differently. A deviation puts into the silicon's outcome what is ours there; everything else still has to agree.
 */
/** The outcome to compare with; `ours` where what we do is accepted as it is; undefined where the deviation does not apply. */
type Adjusted = Outcome | 'ours' | undefined;

interface Deviation {
  readonly mnemonics: readonly string[];
  readonly reason: string;
  readonly adjust: (test: SiliconCase, instruction: Instruction, seen: Outcome) => Adjusted;
}

/** SDM vol. 2, LAR: bits 19:16 of the result are undefined. */
const LAR_UNDEFINED = 0xf0000;
const SELECTOR_BYTES = 2;
const IRET_WORDS = 3;
const RETF_WORDS = 2;
const BITS = 8;

function withCr2({ silicon }: SiliconCase, _instruction: Instruction, seen: Outcome): Outcome | undefined {
  return silicon.vector === Vector.PF && seen.vector === Vector.PF ? { ...silicon, cr2: seen.cr2, error: seen.error } : undefined;
}

/** Silicon's page fault, which ours does not have, is at the second half of the 32-bit slot of a selector. */
function isSlotCut({ silicon }: SiliconCase, seen: Outcome, slot: number): boolean {
  const offset = (silicon.cr2 - slot) | 0;
  return silicon.vector === Vector.PF && seen.vector !== Vector.PF && offset >= SELECTOR_BYTES && offset < 2 * SELECTOR_BYTES;
}

/** Silicon's page fault is above the words that a return to the same privilege pops, and ours has refused the selector. */
function isReadAhead({ silicon, registers, mnemonic }: SiliconCase, { operandSize }: Instruction, seen: Outcome): boolean {
  const popped = ((mnemonic === 'iret' ? IRET_WORDS : RETF_WORDS) * operandSize) / BITS;
  return silicon.vector === Vector.PF && seen.vector === Vector.GP && ((silicon.cr2 - registers[Register.ESP]) | 0) >= popped;
}

function withoutUpperHalf(test: SiliconCase, instruction: Instruction, seen: Outcome): Adjusted {
  if (instruction.operandSize === 16) return undefined;
  if (isSlotCut(test, seen, test.registers[Register.ESP] - 2 * SELECTOR_BYTES)) return 'ours';
  const from = test.silicon.registers[Register.ESP] + SELECTOR_BYTES;
  const writes = test.silicon.writes.flatMap(([address, bytes]) => {
    const pairs = bytes.match(/../g) ?? [];
    return pairs.map((pair, i) => [address + i, pair] as const).filter(([at]) => at < from || at >= from + SELECTOR_BYTES);
  });
  return { ...test.silicon, writes };
}

export const DEVIATIONS: readonly Deviation[] = [
  { mnemonics: ['cmps', 'retf', 'iret'], reason: 'no manual says which of several words is read first: where two would fault, CR2 can be that of either', adjust: withCr2 },
  {
    mnemonics: ['retf', 'iret'], reason: 'a return to a more privileged segment reads the outer stack pointer, above what it pops, before it is refused; SDM vol. 2, RET and IRET, refuse first',
    adjust: (test, instruction, seen) => (isReadAhead(test, instruction, seen) ? 'ours' : undefined),
  },
  {
    mnemonics: ['pop-sreg'], reason: 'of the 32-bit slot of a segment register POP reads the 16 bits that count on ours, so that a page missing behind them is not noticed; SDM vol. 2, POP, does not say',
    adjust: (test, _instruction, seen) => (isSlotCut(test, seen, test.registers[Register.ESP]) ? 'ours' : undefined),
  },
  {
    mnemonics: ['popa'], reason: 'a POPA that faults leaves registers behind that it had popped, and none on ours',
    adjust: ({ silicon }, _instruction, seen) => (silicon.vector === Vector.DB ? undefined : { ...silicon, registers: silicon.registers.map((value, i) => (i === Register.ESP ? value : seen.registers[i])) }),
  },
  { mnemonics: ['push-sreg'], reason: 'a 32-bit PUSH of a segment register writes 16 bits on ours, as on the P6, and 32 there; SDM vol. 2, PUSH, permits both', adjust: withoutUpperHalf },
  {
    mnemonics: ['lar'], reason: 'bits 19:16 of what LAR gives are undefined (SDM vol. 2, LAR)',
    adjust: ({ silicon }, instruction) => {
      const [destination] = instruction.operands;
      return destination.kind === 'register' ? { ...silicon, registers: silicon.registers.map((value, i) => (i === destination.index ? value & ~LAR_UNDEFINED : value)) } : undefined;
    },
  },
  {
    mnemonics: ['arpl'], reason: 'an ARPL that changes nothing needs no write access there; SDM vol. 2, ARPL, has #GP(0) for a segment that is not writable without that condition',
    adjust: ({ silicon }, _instruction, seen) => (silicon.vector === Vector.DB && (silicon.eflags & Flag.ZF) === 0 && seen.vector !== Vector.DB ? 'ours' : undefined),
  },
];

/** The deviation that a case may be explained by. */
export function adjustmentOf(test: SiliconCase, instruction: Instruction, seen: Outcome): { readonly reason: string; readonly silicon: Outcome | 'ours' } | undefined {
  for (const { mnemonics, reason, adjust } of DEVIATIONS) {
    const silicon = mnemonics.includes(test.mnemonic) ? adjust(test, instruction, seen) : undefined;
    if (silicon !== undefined) return { reason, silicon };
  }
  return undefined;
}
