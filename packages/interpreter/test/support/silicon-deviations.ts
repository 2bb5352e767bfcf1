import { Flag, Register, Segment, Vector, type Instruction } from '@ringbench/isa';
import type { Outcome, SiliconCase } from './silicon-machine.ts';
import { CODE_AT, faultOfRead, faultOfWrite } from './silicon-memory.ts';
import { descriptorOf, refusalOf } from './silicon-segments.ts';

/**
 * Where the silicon may do otherwise than we do, beyond the flags of a row's trait: the manuals leave it open, and the processor that was asked decided
 * differently, or they demand what this processor does not do. A deviation says from the case and the manual alone, never from our answer, what the
 * outcome has to be; all of it is compared. Only `anyOrder` looks at our answer, to choose among those that the manual permits.
 */
interface Deviation {
  readonly mnemonics: readonly string[];
  readonly reason: string;
  /** The outcome to compare with; undefined where the deviation does not apply. */
  readonly adjust: (test: SiliconCase, instruction: Instruction, seen: Outcome) => Outcome | undefined;
}
type MemoryOperand = Extract<Instruction['operands'][number], { kind: 'memory' }>;

const BITS = 8;
const SELECTOR_BYTES = 2;
/** Of the 32-bit stack slot of a selector. */
const SLOT_BYTES = 4;
const OFFSET_MASK_16 = 0xffff;
const RPL = 3;
const USER_LEVEL = 3;
const IRET_WORDS = 3;
const RETF_WORDS = 2;
/** ESP and SS of the outer level. */
const OUTER_WORDS = 2;
/** SDM vol. 2, LAR: bits 19:16 of the result are undefined. */
const LAR_UNDEFINED = 0xf0000;
const USER_DATA = 0x2b;

const bytesOf = (hex: string): number[] => (hex.match(/../g) ?? []).map((pair) => parseInt(pair, 16));
const pageFaultOf = ({ silicon }: SiliconCase): number | undefined => (silicon.vector === Vector.PF ? silicon.cr2 : undefined);

/** An outcome in which nothing has changed but that a fault was raised. */
function refused({ silicon, registers, eflags }: SiliconCase, vector: number, error: number, cr2 = 0): Outcome {
  return { ...silicon, vector, error, cr2, eip: CODE_AT, registers, eflags, writes: [] };
}
/** An outcome of an instruction that has come to its end and leaves EFLAGS and memory as they are. */
function completed({ silicon, eflags }: SiliconCase, { length }: Instruction, registers: readonly number[], selectors = silicon.selectors): Outcome {
  return { vector: Vector.DB, error: 0, cr2: 0, eip: CODE_AT + length, registers, eflags, writes: [], ...(selectors !== undefined && { selectors }) };
}
const withRegister = (registers: readonly number[], register: number, value: number): readonly number[] => registers.map((old, i) => (i === register ? value >>> 0 : old));

/** The selector of the segment that an operand is in; SS and CS are flat. */
function selectorOf({ segments }: SiliconCase, segment: number): number {
  const place = [Segment.ES, Segment.DS, Segment.FS, Segment.GS].indexOf(segment as typeof Segment.ES);
  if (segments === undefined || place < 0) return USER_DATA;
  return segments[place];
}
/** Linear address of a memory operand, with these general registers. */
function linearOf(test: SiliconCase, { base, index, scale, displacement, segment }: MemoryOperand, addressSize: number, registers: readonly number[]): number {
  const offset = (base < 0 ? 0 : registers[base]) + (index < 0 ? 0 : registers[index] << scale) + displacement;
  return ((addressSize === 16 ? offset & OFFSET_MASK_16 : offset) + (descriptorOf(selectorOf(test, segment))?.base ?? 0)) >>> 0;
}

/** The words that CMPS or a return reads, each as address and bytes. `registers` are those at the fault: CMPS may have repeated. */
function reads(test: SiliconCase, { row, operands, operandSize, addressSize }: Instruction, registers: readonly number[]): (readonly [address: number, bytes: number])[] {
  if (row.mnemonic === 'cmps') return operands.flatMap((operand) => (operand.kind === 'memory' ? [[linearOf(test, operand, addressSize, registers), operand.size / BITS] as const] : []));
  const words = row.mnemonic === 'iret' ? IRET_WORDS : RETF_WORDS;
  return Array.from({ length: words }, (_, i) => [(registers[Register.ESP] + (i * operandSize) / BITS) >>> 0, operandSize / BITS] as const);
}

/** Our CR2 is accepted where it is that of another word that is read and cannot be. The error code is the same for all reads. */
function anyOrder(test: SiliconCase, instruction: Instruction, seen: Outcome): Outcome | undefined {
  const cr2 = pageFaultOf(test);
  const faults = reads(test, instruction, test.silicon.registers).map(([address, bytes]) => faultOfRead(address, bytes));
  const isPermitted = (address: number): boolean => faults.includes(address >>> 0);
  return cr2 !== undefined && isPermitted(cr2) && isPermitted(seen.cr2) ? { ...test.silicon, cr2: seen.cr2 } : undefined;
}

/** The return's selector in the case's stack, where it names a more privileged level: refused before anything above it is read. */
function innerReturn(test: SiliconCase, instruction: Instruction): Outcome | undefined {
  const cr2 = pageFaultOf(test);
  const esp = test.registers[Register.ESP];
  const wordBytes = instruction.operandSize / BITS;
  const [low, high] = bytesOf(test.pokes.findLast(([address]) => address === esp)?.[1] ?? '').slice(wordBytes);
  if (cr2 === undefined || high === undefined) return undefined;
  const selector = low | (high << BITS);
  const words = reads(test, instruction, test.registers);
  const [released] = instruction.operands;
  const outer = (esp + words.length * wordBytes + (released?.kind === 'immediate' ? released.value & OFFSET_MASK_16 : 0)) >>> 0;
  const isReadAhead = Array.from({ length: OUTER_WORDS }, (_, i) => faultOfRead(outer + i * wordBytes, wordBytes)).includes(cr2);
  const areRead = words.every(([address, bytes]) => faultOfRead(address, bytes) === undefined);
  return isReadAhead && areRead && (selector & RPL) < USER_LEVEL ? refused(test, Vector.GP, selector & ~RPL) : undefined;
}

/** Whether silicon's page fault is at the half of the 32-bit slot of a selector that ours does not touch. */
function isSlotCut(test: SiliconCase, { operandSize }: Instruction, slot: number): boolean {
  const cr2 = pageFaultOf(test);
  return operandSize === 32 && cr2 !== undefined && faultOfRead(slot, SELECTOR_BYTES) === undefined && ((cr2 - slot) | 0) >= SELECTOR_BYTES && ((cr2 - slot) | 0) < SLOT_BYTES;
}

function shortPop(test: SiliconCase, instruction: Instruction): Outcome | undefined {
  const esp = test.registers[Register.ESP];
  const [operand] = instruction.operands;
  const [low, high] = bytesOf(test.pokes.findLast(([address]) => address === esp)?.[1] ?? '');
  if (!isSlotCut(test, instruction, esp) || operand.kind !== 'segment' || high === undefined) return undefined;
  const selector = low | (high << BITS);
  const refusal = refusalOf(operand.index === Segment.SS, selector);
  if (refusal !== undefined) return refused(test, refusal.vector, refusal.error);
  return completed(test, instruction, withRegister(test.registers, Register.ESP, esp + SLOT_BYTES), test.silicon.selectors?.map((old, i) => (i === operand.index ? selector : old)));
}

/** The selector's 16 bits are written, and what is above them stays; silicon has written zeros there. */
function shortPush(test: SiliconCase, instruction: Instruction): Outcome | undefined {
  const [operand] = instruction.operands;
  const slot = (test.registers[Register.ESP] - SLOT_BYTES) >>> 0;
  if (instruction.operandSize === 16 || operand.kind !== 'segment') return undefined;
  const done = completed(test, instruction, withRegister(test.registers, Register.ESP, slot));
  if (isSlotCut(test, instruction, slot)) {
    const selector = test.silicon.selectors?.[operand.index];
    const isWritten = selector !== undefined && faultOfWrite(slot, SELECTOR_BYTES) === undefined;
    return isWritten ? { ...done, writes: [[slot, [selector & 0xff, selector >>> BITS].map((byte) => byte.toString(16).padStart(2, '0')).join('')]] } : undefined;
  }
  if (test.silicon.vector !== Vector.DB) return undefined;
  const written = test.silicon.writes.flatMap(([address, hex]) => bytesOf(hex).map((byte, i) => [address + i, byte] as const));
  const isUpper = ([address]: readonly [number, number]): boolean => address >= slot + SELECTOR_BYTES && address < slot + SLOT_BYTES;
  if (written.some((change) => isUpper(change) && change[1] !== 0)) return undefined;
  return { ...test.silicon, writes: written.filter((change) => !isUpper(change)).map(([address, byte]) => [address, byte.toString(16).padStart(2, '0')]) };
}

/** Bits 19:16 of a valid 32-bit result are zero on ours. */
function accessRights({ silicon }: SiliconCase, { operands: [destination], operandSize }: Instruction): Outcome | undefined {
  if (destination.kind !== 'register' || operandSize === 16 || (silicon.eflags & Flag.ZF) === 0) return undefined;
  return { ...silicon, registers: withRegister(silicon.registers, destination.index, silicon.registers[destination.index] & ~LAR_UNDEFINED) };
}

export const DEVIATIONS: readonly Deviation[] = [
  { mnemonics: ['cmps', 'retf', 'iret'], reason: 'which of several words is read first, no manual says (SDM vol. 2, CMPS, RET and IRET): CR2 is that of another word that cannot be read', adjust: anyOrder },
  {
    mnemonics: ['retf', 'iret'], reason: 'a return to a more privileged segment reads the outer stack pointer, above what it pops, before it is refused; SDM vol. 2, RET and IRET, Operation, have #GP(selector) for RPL < CPL first',
    adjust: innerReturn,
  },
  {
    mnemonics: ['pop-sreg'], reason: 'of the 32-bit slot of a segment register POP reads the 16 bits that count on ours, so that a page missing behind them is not noticed; SDM vol. 2, POP, does not say',
    adjust: shortPop,
  },
  {
    mnemonics: ['popa'], reason: 'a POPA that faults leaves registers behind that it had popped; a fault restores the state of before (SDM vol. 3, 6.5), as on ours',
    adjust: (test) => (test.silicon.vector === Vector.DB ? undefined : { ...test.silicon, registers: test.registers }),
  },
  { mnemonics: ['push-sreg'], reason: 'a 32-bit PUSH of a segment register writes 16 bits on ours, as on the P6, and zeros above them there; SDM vol. 2, PUSH, permits both', adjust: shortPush },
  { mnemonics: ['lar'], reason: 'bits 19:16 of what LAR gives are undefined (SDM vol. 2, LAR)', adjust: accessRights },
];

/** The deviation that a case may be explained by, and the outcome that is then right. */
export function adjustmentOf(test: SiliconCase, instruction: Instruction, seen: Outcome): { readonly reason: string; readonly silicon: Outcome } | undefined {
  for (const { mnemonics, reason, adjust } of DEVIATIONS) {
    const silicon = mnemonics.includes(test.mnemonic) ? adjust(test, instruction, seen) : undefined;
    if (silicon !== undefined) return { reason, silicon };
  }
  return undefined;
}
