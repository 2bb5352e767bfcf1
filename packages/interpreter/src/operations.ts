import {
  canLeave, constant, dropFlagWrites, flagUse, isTerminal, recordInstruction, Recorder, removeDeadTemporaries, Register, SEMANTICS,
  type AccessSize, type Expression, type FlagUse, type OperandSource, type ParameterName, type RecordingContext, type Statement,
} from '@ringbench/isa';
import type { LoweredInstruction } from './lowering.js';
import { fieldOfParameter, FIRST_ENTRY_OPERATION, INVALID_OPERATION } from './micro-op.js';

/**
 * Where an operand is: r the first register operand, s a later one, c the register CL, i an immediate, k an immediate known not to be 0,
 * m flat memory without index, n flat memory with index, g memory in a segment with base and limit, x a segment or control register by number.
 */
export type Place = 'r' | 's' | 'c' | 'i' | 'k' | 'm' | 'n' | 'g' | 'x';
export interface OperandShape { readonly place: Place; readonly size: number }

/** What one operation's code depends on. Two instructions of the same shape share an operation; what differs is in their micro-ops. */
export interface Shape {
  readonly mnemonic: string;
  readonly size: AccessSize;
  readonly addressSize: 16 | 32;
  readonly stackSize: 16 | 32;
  readonly flat: boolean;
  readonly repeat: 'none' | 'repe' | 'repne';
  /** The string source has a segment override or segments are not flat. */
  readonly segmentedString: boolean;
  readonly operands: readonly OperandShape[];
  readonly dropFlags: boolean;
}

/** What follows from a shape alone, whichever interpreter executes it. */
interface Recording {
  readonly key: string;
  readonly shape: Shape;
  /** Recorded code, or undefined when a system procedure executes it. */
  readonly code: readonly Statement[] | undefined;
  readonly flags: FlagUse;
  readonly canLeave: boolean;
  readonly terminal: boolean;
  readonly stores: boolean;
  /** A system procedure takes over where the recorded code leaves (`leave-if`). */
  readonly hasProcedure: boolean;
  readonly hasMemoryOperand: boolean;
}

export interface Operation extends Recording {
  /** Its number in one interpreter's table. */
  readonly id: number;
}

const READS_ALL_FLAGS: FlagUse = { readsResult: true, readsCarry: true, writesResult: false, writesCarry: false };

/** A readable name, unique per shape: `add.32:r,m`, with `!` for dropped flags and the context where it is not flat 32-bit. */
export function shapeKey(shape: Shape): string {
  const operands = shape.operands.map(({ place, size }) => (place === 'i' || place === 'k' || place === 'c' || size === shape.size ? place : `${place}${size}`)).join(',');
  const context = shape.flat && shape.addressSize === 32 ? '' : `@${shape.addressSize}/${shape.stackSize}${shape.flat ? 'f' : ''}`;
  const repeat = shape.repeat === 'none' ? '' : `${shape.repeat} `;
  return `${repeat}${shape.mnemonic}.${shape.size}:${operands}${shape.segmentedString ? '~' : ''}${context}${shape.dropFlags ? '!' : ''}`;
}

/** Shape of a key without context suffix: hot operations are flat and 32-bit. Throws on a malformed key, which is a bug of ours. */
export function parseHotKey(key: string): Shape {
  const match = /^(?:(repe|repne) )?([a-z0-9-]+)\.(8|16|32):([^!@~]*)(!?)$/.exec(key);
  if (match === null) throw new Error(`not the key of a flat operation: ${key}`);
  const size = Number(match[3]) as AccessSize;
  const operands = match[4] === '' ? [] : match[4].split(',').map((text): OperandShape => {
    const place = text[0] as Place;
    return { place, size: text.length > 1 ? Number(text.slice(1)) : place === 'c' ? 8 : size };
  });
  return {
    mnemonic: match[2], size, addressSize: 32, stackSize: 32, flat: true, repeat: (match[1] as 'repe' | 'repne' | undefined) ?? 'none',
    segmentedString: false, operands, dropFlags: match[5] === '!',
  };
}

function operandSource({ place, size }: OperandShape, parameter: (name: ParameterName) => Expression): OperandSource {
  switch (place) {
    case 'r': return { kind: 'register', size: size as AccessSize, offset: parameter('destination') };
    case 's': return { kind: 'register', size: size as AccessSize, offset: parameter('source') };
    case 'x': return { kind: 'numbered', number: parameter('source') };
    case 'c': return { kind: 'register', size: 8, offset: constant(Register.ECX * 4) };
    case 'i': return { kind: 'immediate', value: parameter('immediate'), nonZero: false };
    case 'k': return { kind: 'immediate', value: parameter('immediate'), nonZero: true };
    case 'm': return { kind: 'memory', size, base: parameter('base'), index: undefined, displacement: parameter('displacement'), segment: undefined };
    case 'n': return { kind: 'memory', size, base: parameter('base'), index: parameter('index'), displacement: parameter('displacement'), segment: undefined };
    case 'g': {
      const index = parameter('index');
      const segment: Expression = index.kind === 'constant' ? constant(index.value >>> 16) : { kind: 'binary', operator: 'shr', left: index, right: constant(16) };
      return { kind: 'memory', size, base: parameter('base'), index: parameter('index'), displacement: parameter('displacement'), segment };
    }
  }
}

/** `source`: the number of the segment of a string source with an override. */
function recordingContext(shape: Shape, source: Expression = { kind: 'parameter', name: 'source' }): RecordingContext {
  return {
    operandSize: shape.size, addressSize: shape.addressSize, stackSize: shape.stackSize, flat: shape.flat,
    stringSegment: shape.segmentedString ? source : undefined,
  };
}

function recordInto(recorder: Recorder, shape: Shape): void {
  recordInstruction(recorder, shape.mnemonic, shape.operands.map((operand) => operandSource(operand, (name) => recorder.parameter(name))), shape.repeat);
}

/** What `recordOccurrences` needs of an instruction. */
type Occurrence = Pick<LoweredInstruction, 'operation' | 'words'>;

const sourceOf = ({ words, operation }: Occurrence): Expression => constant(words[fieldOfParameter('source', operation.hasMemoryOperand)]);

/** Records with the parameters of each instruction filled in. */
class OccurrenceRecorder extends Recorder {
  constructor(private occurrence: Occurrence, private immediateAt: number) {
    super(recordingContext(occurrence.operation.shape, sourceOf(occurrence)));
  }
  next(occurrence: Occurrence, immediateAt: number): void {
    this.advance(recordingContext(occurrence.operation.shape, sourceOf(occurrence)));
    this.occurrence = occurrence;
    this.immediateAt = immediateAt;
  }
  override parameter(name: ParameterName): Expression {
    if (name === 'immediate' && this.immediateAt >= 0) return this.loadHost(constant(this.immediateAt), 32);
    const { words, operation } = this.occurrence;
    return constant(words[fieldOfParameter(name, operation.hasMemoryOperand)]);
  }
}

/**
 * Code of particular instructions recorded back to back, each with its micro-op's words as constants: nothing is left to be filled in, and a condition sees the
 * operands of the comparison before it however far away that is. Flags that nobody reads are still written.
 * `immediateAt` says where in memory the immediate of an instruction (by its place) is to be read each time, for one that keeps changing; -1: it is a constant too.
 */
export function recordOccurrences(instructions: readonly Occurrence[], immediateAt: (place: number) => number = () => -1): readonly Statement[] {
  const recorder = new OccurrenceRecorder(instructions[0], immediateAt(0));
  instructions.forEach((occurrence, place) => {
    if (place > 0) recorder.next(occurrence, immediateAt(place));
    recordInto(recorder, occurrence.operation.shape);
  });
  return recorder.statements;
}

/** Code of one operation, or of several recorded back to back; in a sequence, conditions see the operands of the comparison before them. */
export function recordSequence(shapes: readonly Shape[]): Statement[] {
  const recorder = new Recorder(recordingContext(shapes[0]));
  let from = 0;
  const code: Statement[] = [];
  shapes.forEach((shape, position) => {
    if (position > 0) recorder.advance(recordingContext(shape));
    recordInto(recorder, shape);
    const recorded = recorder.statements.slice(from);
    from = recorder.statements.length;
    code.push(...(shape.dropFlags ? recorded.filter((statement) => !(statement.kind === 'set-word' && statement.word.startsWith('FLAG_') && statement.word !== 'FLAG_SYSTEM')) : recorded));
  });
  return removeDeadTemporaries(code);
}

/** Recordings by key. Nothing changes one, so that the interpreters of a process share them; there are only as many as shapes. */
const recordings = new Map<string, Recording>();

function recordingOf(key: string, shape: Shape): Recording {
  const known = recordings.get(key);
  if (known !== undefined) return known;
  const recording = record(key, shape);
  recordings.set(key, recording);
  return recording;
}

function record(key: string, shape: Shape): Recording {
  const isRecorded = SEMANTICS[shape.mnemonic] !== undefined;
  const full = isRecorded ? recordSequence([{ ...shape, dropFlags: false }]) : undefined;
  const code = full !== undefined && shape.dropFlags ? dropFlagWrites(full) : full;
  return {
    key, shape, code,
    flags: code === undefined ? READS_ALL_FLAGS : flagUse(code),
    canLeave: code === undefined || canLeave(code),
    terminal: code !== undefined && code.some(isTerminal),
    stores: code !== undefined && code.some(({ kind }) => kind === 'store' || kind === 'store-system' || kind === 'translate-write'),
    hasProcedure: code === undefined || code.some(({ kind }) => kind === 'leave-if' || kind === 'load-system' || kind === 'probe-system' || kind === 'store-system'),
    hasMemoryOperand: shape.operands.some(({ place }) => place === 'm' || place === 'n' || place === 'g'),
  };
}

const OPERAND_BITS = 18;
const OPERAND_SIZE_BITS = 13;
const LETTER_BEFORE_A = 96;
const MOST_NUMBERED_OPERANDS = 2;

/** A number for each shape of a mnemonic, or -1 for the few with more operands than it has bits for: code is lowered too often to print a key each time. */
function shapeNumber({ size, addressSize, stackSize, flat, repeat, segmentedString, dropFlags, operands }: Shape): number {
  if (operands.length > MOST_NUMBERED_OPERANDS) return -1;
  const context = (size >> 4) | (addressSize === 32 ? 4 : 0) | (stackSize === 32 ? 8 : 0) | (flat ? 16 : 0);
  let number = context | (repeat === 'none' ? 0 : repeat === 'repe' ? 32 : 64) | (segmentedString ? 128 : 0) | (dropFlags ? 256 : 0);
  for (const operand of operands) number = number * (1 << OPERAND_BITS) + ((operand.place.charCodeAt(0) - LETTER_BEFORE_A) << OPERAND_SIZE_BITS) + operand.size;
  return number;
}

/** All operations of one interpreter, numbered densely in order of first use; the hot ones come first, because V8 builds a jump table from them. */
export class OperationTable {
  private readonly byKey = new Map<string, Operation>();
  /** The same by mnemonic and `shapeNumber`. */
  private readonly byNumber = new Map<string, Map<number, Operation>>();
  private readonly flagless = new Map<Operation, Operation>();
  readonly all: (Operation | undefined)[] = [undefined];

  /** Nothing is numbered yet. */
  get isEmpty(): boolean { return this.byKey.size === 0; }

  get(shape: Shape): Operation {
    const number = shapeNumber(shape);
    let numbered = this.byNumber.get(shape.mnemonic);
    const known = numbered?.get(number);
    if (known !== undefined) return known;
    const key = shapeKey(shape);
    const operation = this.byKey.get(key) ?? this.add(key, shape);
    if (number < 0) return operation;
    if (numbered === undefined) this.byNumber.set(shape.mnemonic, (numbered = new Map<number, Operation>()));
    numbered.set(number, operation);
    return operation;
  }

  /** The same operation without its writes to the arithmetic flags. */
  withoutFlags(operation: Operation): Operation {
    const known = this.flagless.get(operation);
    if (known !== undefined) return known;
    const flagless = this.get({ ...operation.shape, dropFlags: true });
    this.flagless.set(operation, flagless);
    return flagless;
  }

  /** Reserves a number for a fused sequence, whose code the hot loop alone has. */
  reserve(): number {
    this.all.push(undefined);
    return this.all.length - 1;
  }

  private add(key: string, shape: Shape): Operation {
    const id = this.all.length;
    if (id === INVALID_OPERATION || id >= FIRST_ENTRY_OPERATION) throw new Error(`operation ${id} is reserved`);
    const operation: Operation = { ...recordingOf(key, shape), id };
    this.all.push(operation);
    this.byKey.set(key, operation);
    return operation;
  }
}
