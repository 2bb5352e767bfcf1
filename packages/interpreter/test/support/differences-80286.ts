import { Flag, Vector } from '@ringbench/isa';
import type { Bytes, Mode, RealModeMachine, Recording, RegisterName80286, Registers80286, Replay } from './real-mode-machine.js';

/**
 * Where an 80286 and the processors from the 80386 on differ in real mode, and how a recording of the former is judged nevertheless. Three tables:
 * what is not comparable is skipped; where the 80386's answer follows from the recording it is put in the recorded answer's place and compared in
 * full; flags that the manuals leave undefined are masked. What an 80286 does otherwise is described in SDM vol. 3, "Architecture Compatibility".
 *
 * Imports packages only: plain node runs this file too (scripts/oracle/real-80286.mjs).
 */

const ARITHMETIC = Flag.CF | Flag.PF | Flag.AF | Flag.ZF | Flag.SF | Flag.OF;
/** Flags that only the 80386 keeps in real mode, and what an 80286 has: the recordings start with arbitrary bits above and show zeros. */
const NEW_FLAGS = Flag.IOPL | Flag.NT;
const FLAGS_80286 = 0x0fff;
const LOW_WORD = 0xffff;
const COUNT_MASK = 31;
const VECTOR_BYTES = 4;
const FRAME_BYTES = 6;
const LONGEST_80286 = 10;
const Prefix = { ES: 0x26, CS: 0x2e, SS: 0x36, DS: 0x3e, LOCK: 0xf0, REPNE: 0xf2, REPE: 0xf3 } as const;
const SEGMENT_PREFIXES: readonly number[] = [Prefix.ES, Prefix.CS, Prefix.SS, Prefix.DS];
const REPEATS: readonly number[] = [Prefix.REPNE, Prefix.REPE];

/** A recording with its bytes taken apart. */
export interface Parsed {
  readonly recording: Recording;
  readonly prefixes: readonly number[];
  readonly modrm: number;
  /** Without the HLT behind it. */
  readonly length: number;
}

/** The registers after the instruction: those before it with the changes. */
function recordedRegisters({ init, final }: Recording): Registers80286 {
  return { ...init, ...final };
}

export function parse(original: Recording): Parsed {
  const recording = { ...original, init: { ...original.init, flags: original.init.flags & FLAGS_80286 } };
  const bytes = [...Buffer.from(recording.bytes, 'hex')];
  const isPrefix = (byte: number): boolean => byte === Prefix.LOCK || SEGMENT_PREFIXES.includes(byte) || REPEATS.includes(byte);
  const opcode = bytes.findIndex((byte) => !isPrefix(byte));
  return { recording, prefixes: bytes.slice(0, opcode), modrm: bytes[opcode + 1], length: bytes.length - 1 };
}

const isMemory = ({ modrm }: Parsed): boolean => modrm < 0xc0;
const regField = ({ modrm }: Parsed): number => (modrm >>> 3) & 7;
const opcodeOf = ({ recording }: Parsed): string => recording.op.slice(0, 2);

// ---- not comparable

export interface Skip { readonly reason: string; readonly applies: (parsed: Parsed) => boolean }
export const SKIPS: readonly Skip[] = [
  { reason: 'an x87 instruction, recorded without a coprocessor: the 80286 lets it pass without effect', applies: (parsed) => opcodeOf(parsed) === 'D8' },
  // The limit became 15 bytes (SDM vol. 2, 2.3.11).
  { reason: 'longer than 10 bytes: #GP on an 80286, legal since', applies: ({ length, recording }) => length > LONGEST_80286 && recording.exception === Vector.GP },
  { reason: 'names FS or GS, which an 80286 lacks', applies: (parsed) => ['8C', '8E'].includes(opcodeOf(parsed)) && (regField(parsed) === 4 || regField(parsed) === 5) },
];

// ---- the 80386's answer instead

export interface Replacement { readonly reason: string; readonly applies: (parsed: Parsed) => boolean; readonly replace: (parsed: Parsed) => Recording }

/** Forms that take LOCK when their destination is memory (SDM vol. 2, LOCK), in the recordings' notation. */
const LOCKABLE = new Set([
  '00', '01', '08', '09', '10', '11', '18', '19', '20', '21', '28', '29', '30', '31', '86', '87', 'F6.2', 'F6.3', 'F7.2', 'F7.3', 'FE.0', 'FE.1', 'FF.0', 'FF.1',
  ...['80', '81', '82', '83'].flatMap((opcode) => [0, 1, 2, 3, 4, 5, 6].map((reg) => `${opcode}.${reg}`)),
]);
const littleEndian = (value: number): number[] => [value & 0xff, (value >>> 8) & 0xff];
const wordAt = (bytes: Bytes, address: number): number => {
  const found = new Map(bytes);
  return (found.get(address) ?? 0) | ((found.get(address + 1) ?? 0) << 8);
};
function put(bytes: Bytes, at: readonly (readonly [address: number, value: number])[]): Bytes {
  return [...new Map([...bytes, ...at])];
}

/** The recording of a #UD whose handler is the HLT behind the instruction. */
function undefinedOpcode({ recording, length }: Parsed): Recording {
  const { init } = recording;
  const handler = (init.ip + length) & LOW_WORD;
  const sp = (init.sp - FRAME_BYTES) & LOW_WORD;
  const entry = [...littleEndian(handler), ...littleEndian(init.cs)].map((value, i) => [Vector.UD * VECTOR_BYTES + i, value] as const);
  const frame = [...littleEndian(init.ip), ...littleEndian(init.cs), ...littleEndian(init.flags)].map((value, i) => [init.ss * 16 + ((sp + i) & LOW_WORD), value] as const);
  return { ...recording, ram: put(recording.ram, entry), final: { sp, ip: (handler + 1) & LOW_WORD, flags: init.flags & ~(Flag.IF | Flag.TF) }, ramFinal: frame, exception: Vector.UD };
}

/** Instructions that read the stack of their own accord. */
const STACK_OPCODES = ['07', '17', '1F', '61', 'C2', 'C3', 'C9', 'CA', 'CB', 'CF', '9D'];
const DIRECT_OPCODES = ['A1', 'A3'];
/** Word string instructions by the registers that they use. */
const STRING_SOURCES = ['6F', 'A5', 'A7', 'AD'];
const STRING_DESTINATIONS = ['6D', 'A5', 'A7', 'AB', 'AF'];
const isString = ({ recording }: Parsed): boolean => STRING_SOURCES.includes(recording.op) || STRING_DESTINATIONS.includes(recording.op);
const segmentOverride = ({ prefixes }: Parsed): number | undefined => prefixes.findLast((prefix) => SEGMENT_PREFIXES.includes(prefix));

/** Whether the operand that crossed the end of its segment was in SS (SDM vol. 1, table 3-5). Not for string instructions. */
function faultsInStack(parsed: Parsed): boolean {
  const opcode = opcodeOf(parsed);
  if (STACK_OPCODES.includes(opcode)) return true;
  const override = segmentOverride(parsed);
  if (override !== undefined || DIRECT_OPCODES.includes(opcode)) return override === Prefix.SS;
  const [mod, rm] = [parsed.modrm >>> 6, parsed.modrm & 7];
  return rm === 2 || rm === 3 || (rm === 6 && mod !== 0);
}

/** The same handler at the vector for faults of the stack segment. */
function stackFault(recording: Recording): Recording {
  const entry = Array.from({ length: VECTOR_BYTES }, (_, i) => [Vector.SS * VECTOR_BYTES + i, new Map(recording.ram).get(Vector.GP * VECTOR_BYTES + i) ?? 0] as const);
  return { ...recording, ram: put(recording.ram, entry), exception: Vector.SS };
}

/** SI, DI and CX before the iteration that faulted, in which one of the indexes is FFFF; an 80286 had already moved them on. */
function beforeIteration(parsed: Parsed): Recording {
  const { init, final, op } = parsed.recording;
  const step = (init.flags & Flag.DF) === 0 ? 2 : -2;
  const source = (done: number): number => (init.si + (STRING_SOURCES.includes(op) ? done * step : 0)) & LOW_WORD;
  const destination = (done: number): number => (init.di + (STRING_DESTINATIONS.includes(op) ? done * step : 0)) & LOW_WORD;
  const crosses = (done: number): boolean => (STRING_SOURCES.includes(op) && source(done) === LOW_WORD) || (STRING_DESTINATIONS.includes(op) && destination(done) === LOW_WORD);
  let done = 0;
  while (!crosses(done) && done < LOW_WORD) done++;
  const recording = { ...parsed.recording, final: { ...final, cx: init.cx - done, si: source(done), di: destination(done) } };
  const inStack = segmentOverride(parsed) === Prefix.SS && STRING_SOURCES.includes(op) && source(done) === LOW_WORD;
  return inStack ? stackFault(recording) : recording;
}

/** The frame of the exception where SP was before the POP. */
function beforePop({ recording }: Parsed): Recording {
  const { init, final, ramFinal } = recording;
  return { ...recording, final: { ...final, sp: (init.sp - FRAME_BYTES) & LOW_WORD }, ramFinal: ramFinal.map(([address, value]) => [address - 2, value]) };
}

/** POPF, and IRET, whose image is the third word. */
function withNewFlags({ recording }: Parsed): Recording {
  const { init, ram } = recording;
  const offset = (init.sp + (recording.op === 'CF' ? 4 : 0)) & LOW_WORD;
  return { ...recording, final: { ...recording.final, flags: (recording.final.flags ?? init.flags) | (wordAt(ram, init.ss * 16 + offset) & NEW_FLAGS) } };
}

const hasIllegalLock = (parsed: Parsed): boolean => parsed.prefixes.includes(Prefix.LOCK) && !(LOCKABLE.has(parsed.recording.op) && isMemory(parsed));

export const REPLACEMENTS: readonly Replacement[] = [
  // SDM vol. 2, LOCK.
  { reason: 'LOCK where the 80386 makes it #UD', applies: hasIllegalLock, replace: undefinedOpcode },
  {
    // SDM vol. 3, table 20-1 and "Segment Wraparound": an 80286 reports all of these as vector 13 in real mode.
    reason: 'a stack operand across the end of the segment: #SS instead of #GP',
    applies: (parsed) => parsed.recording.exception === Vector.GP && parsed.recording.op !== 'CD' && !isString(parsed) && faultsInStack(parsed),
    replace: ({ recording }) => stackFault(recording),
  },
  {
    // SDM vol. 3, 6.5: a fault leaves the state as it was before the instruction; vol. 2, REP: before the iteration.
    reason: 'a string instruction that faults leaves SI, DI and CX alone',
    applies: (parsed) => parsed.recording.exception === Vector.GP && isString(parsed),
    replace: beforeIteration,
  },
  {
    // SDM vol. 3, 6.5. A POP whose destination is in SS is among the stack operands above.
    reason: 'POP to memory that faults leaves SP alone',
    applies: ({ recording }) => recording.exception === Vector.GP && recording.op === '8F',
    replace: beforePop,
  },
  {
    // SDM vol. 3, "EFLAGS Pushed on the Stack": an 80286 keeps these bits zero in real mode.
    reason: 'IOPL and NT can be loaded in real mode',
    applies: ({ recording }) => (recording.op === '9D' || recording.op === 'CF') && recording.exception === undefined,
    replace: withNewFlags,
  },
];

// ---- undefined flags

export interface Mask { readonly reason: string; readonly ops: readonly string[]; readonly flags: number; readonly applies?: (parsed: Parsed) => boolean }

const groups = (opcodes: readonly string[], regs: readonly number[]): string[] => opcodes.flatMap((opcode) => regs.map((reg) => `${opcode}.${reg}`));
const SHIFTS = groups(['C0', 'C1', 'D0', 'D1', 'D2', 'D3'], [4, 5, 6, 7]);
const RIGHT_SHIFTS = groups(['C0', 'C1', 'D2', 'D3'], [5]);

function shiftCount({ recording, length }: Parsed): number {
  const { op, bytes, init } = recording;
  if (op.startsWith('D0') || op.startsWith('D1')) return 1;
  return (op.startsWith('C') ? parseInt(bytes.slice(2 * (length - 1), 2 * length), 16) : init.cx) & COUNT_MASK;
}

/** SDM vol. 2, "Flags Affected" of each. A flag that is listed there and not here is the same on both. */
export const MASKS: readonly Mask[] = [
  { reason: 'DAA, DAS: OF', ops: ['27', '2F'], flags: Flag.OF },
  { reason: 'AAA, AAS: OF SF ZF PF', ops: ['37', '3F'], flags: Flag.OF | Flag.SF | Flag.ZF | Flag.PF },
  { reason: 'AAD: OF AF CF', ops: ['D5'], flags: Flag.OF | Flag.AF | Flag.CF },
  { reason: 'MUL, IMUL: SF ZF AF PF', ops: [...groups(['F6', 'F7'], [4, 5]), '69', '6B'], flags: Flag.SF | Flag.ZF | Flag.AF | Flag.PF },
  { reason: 'DIV, IDIV: all six', ops: groups(['F6', 'F7'], [6, 7]), flags: ARITHMETIC },
  { reason: 'shifts: AF', ops: SHIFTS, flags: Flag.AF, applies: (parsed) => shiftCount(parsed) !== 0 },
  { reason: 'SHR by more than 1: OF', ops: RIGHT_SHIFTS, flags: Flag.OF, applies: (parsed) => shiftCount(parsed) > 1 },
];

/** Undefined flags after the instruction, and in the image that an exception pushes. */
function masksOf(parsed: Parsed): readonly Mask[] {
  const { op, exception } = parsed.recording;
  // An instruction that faults has changed no flags, except that a division error is found out on the way.
  const faulted = exception !== undefined && exception !== 0;
  return faulted ? [] : MASKS.filter(({ ops, applies }) => ops.includes(op) && (applies?.(parsed) ?? true));
}
const flagsOf = (masks: readonly Mask[]): number => masks.reduce((all, mask) => all | mask.flags, 0);

// ---- judgement

/** `replaced`: why the recording's answer is not the one that was compared with. `masks`: without which the comparison fails. */
export type Verdict =
  | { readonly kind: 'passed'; readonly replaced: string | undefined; readonly masks: readonly string[] }
  | { readonly kind: 'skipped'; readonly reason: string }
  | { readonly kind: 'different'; readonly differences: readonly string[] };

const SOFTWARE_INTERRUPTS: Readonly<Record<string, (parsed: Parsed) => number>> = {
  CC: () => 3, // INT3
  CD: ({ modrm }) => modrm, // INT n: the byte behind the opcode
  CE: () => 4, // INTO
};
const hex = (value: number): string => value.toString(16);

/** What a replay is compared with. */
interface Expectation { readonly recording: Recording; readonly isSoftware: boolean }

function differingEvents({ recording: { exception }, isSoftware }: Expectation, replay: Replay): string[] {
  const vectors = exception === undefined || isSoftware ? [] : [exception];
  const found: string[] = [];
  if (!replay.halted) found.push('does not come to the HLT');
  if (replay.exceptions.join() !== vectors.join()) found.push(`exceptions ${replay.exceptions.join()} instead of ${vectors.join()}`);
  if (replay.softwareInterrupts !== (isSoftware ? 1 : 0)) found.push(`${replay.softwareInterrupts} software interrupts`);
  if (replay.upperHalves.length > 0) found.push(`upper half of ${replay.upperHalves.join()}`);
  return found;
}

function differingRegisters(recording: Recording, replay: Replay, undefinedBits: number): string[] {
  const recorded = recordedRegisters(recording);
  const names = Object.keys(recorded) as RegisterName80286[];
  const maskOf = (name: RegisterName80286): number => (name === 'flags' ? ~undefinedBits : -1);
  return names.filter((name) => ((recorded[name] ^ replay.registers[name]) & maskOf(name)) !== 0).map((name) => `${name} ${hex(replay.registers[name])} instead of ${hex(recorded[name])}`);
}

function differingMemory(recording: Recording, replay: Replay, undefinedBits: number): string[] {
  const { ss, sp } = recordedRegisters(recording);
  const image = ss * 16 + ((sp + 4) & LOW_WORD);
  const pushed = recording.exception !== undefined;
  const maskAt = (address: number): number => (pushed && address === image ? ~undefinedBits : pushed && address === image + 1 ? ~(undefinedBits >>> 8) : -1);
  return replay.memory.filter(([address, recorded, own]) => ((recorded ^ own) & maskAt(address)) !== 0).map(([address, recorded, own]) => `[${hex(address)}] ${hex(own)} instead of ${hex(recorded)}`);
}

function differencesFrom(expected: Expectation, replay: Replay, undefinedBits: number): string[] {
  return [...differingEvents(expected, replay), ...differingRegisters(expected.recording, replay, undefinedBits), ...differingMemory(expected.recording, replay, undefinedBits)];
}

/** Opcodes that mean something else in protected mode: they load segment registers or go through the vector table. */
const MODE_OPCODES = ['07', '17', '1F', '8E', '9A', 'C4', 'C5', 'CA', 'CB', 'CC', 'CD', 'CE', 'CF', 'EA'];
const MODE_FORMS = ['FF.3', 'FF.5'];

/** True when 16-bit protected mode at CPL 0 must give the same result: no exception, and nothing written through CS. */
export function isSameInProtectedMode(recording: Recording): boolean {
  const parsed = parse(recording);
  if (recording.exception !== undefined || parsed.prefixes.includes(Prefix.CS)) return false;
  return !MODE_OPCODES.includes(opcodeOf(parsed)) && !MODE_FORMS.includes(recording.op) && !hasIllegalLock(parsed);
}

/** Replays one recording and says what came of it. */
export function judge(machine: RealModeMachine, original: Recording, mode: Mode = 'real'): Verdict {
  const parsed = parse(original);
  const skip = SKIPS.find(({ applies }) => applies(parsed));
  if (skip !== undefined) return { kind: 'skipped', reason: skip.reason };
  const replacement = REPLACEMENTS.find(({ applies }) => applies(parsed));
  const recording = replacement === undefined ? parsed.recording : replacement.replace(parsed);
  const isSoftware = replacement === undefined && recording.exception !== undefined && SOFTWARE_INTERRUPTS[recording.op]?.(parsed) === recording.exception;
  const replay = machine.replay(recording, mode);
  const differencesUnder = (masks: readonly Mask[]): string[] => differencesFrom({ recording, isSoftware }, replay, flagsOf(masks));
  if (differencesUnder([]).length === 0) return { kind: 'passed', replaced: replacement?.reason, masks: [] };
  const masks = masksOf({ ...parsed, recording });
  const differences = differencesUnder(masks);
  if (differences.length > 0) return { kind: 'different', differences };
  const needed = masks.filter((mask) => differencesUnder(masks.filter((other) => other !== mask)).length > 0);
  return { kind: 'passed', replaced: replacement?.reason, masks: needed.map(({ reason }) => reason) };
}
