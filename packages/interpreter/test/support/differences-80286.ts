import { Flag } from '@ringbench/isa';
import { recordedRegisters, type Bytes, type RealModeMachine, type Recording, type RegisterName80286, type Replay } from './real-mode-machine.ts';

/**
 * Where an 80286 and the processors from the 80386 on differ in real mode, and how a recording of the former is judged nevertheless. Three tables:
 * what is not comparable is skipped; where the 80386's answer follows from the recording it is put in the recorded answer's place and compared in
 * full; flags that both manuals leave undefined are masked. References: SDM vol. 3, chapter 20 (the 8086 emulation) and 22 (the differences between the
 * generations; section numbers of the edition that the rest of the project cites), iAPX 286 Programmer's Reference Manual.
 *
 * Imports packages only: plain node runs this file too (scripts/oracle/real-80286.mjs).
 */

const ARITHMETIC = Flag.CF | Flag.PF | Flag.AF | Flag.ZF | Flag.SF | Flag.OF;
/** Flags that only the 80386 keeps in real mode. */
const NEW_FLAGS = Flag.IOPL | Flag.NT;
const LOW_WORD = 0xffff;
const COUNT_MASK = 31;
const Vector = { UD: 6, SS: 12, GP: 13 } as const;
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

export function parse(recording: Recording): Parsed {
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
  ...['00', '01', '08', '09', '10', '11', '18', '19', '20', '21', '28', '29', '30', '31', '86', '87', 'F6.2', 'F6.3', 'F7.2', 'F7.3', 'FE.0', 'FE.1', 'FF.0', 'FF.1'],
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
  const { flags } = recordedRegisters({ ...recording, final: {} });
  const entry = [...littleEndian(handler), ...littleEndian(init.cs)].map((value, i) => [Vector.UD * VECTOR_BYTES + i, value] as const);
  const frame = [...littleEndian(init.ip), ...littleEndian(init.cs), ...littleEndian(flags)].map((value, i) => [init.ss * 16 + ((sp + i) & LOW_WORD), value] as const);
  return { ...recording, ram: put(recording.ram, entry), final: { sp, ip: (handler + 1) & LOW_WORD, flags: flags & ~(Flag.IF | Flag.TF) }, ramFinal: frame, exception: Vector.UD };
}

/** Instructions that read or write the stack of their own accord, and those whose only memory operand has no ModR/M byte. */
const STACK_OPCODES = ['07', '17', '1F', '61', 'C2', 'C3', 'C9', 'CA', 'CB', 'CF', '9D'];
const STRING_OPCODES = ['6C', '6D', '6E', '6F', 'A4', 'A5', 'A6', 'A7', 'AA', 'AB', 'AC', 'AD', 'AE', 'AF'];
const DIRECT_OPCODES = ['A1', 'A3'];

/** Whether the operand that crossed the end of its segment was in SS (SDM vol. 1, table 3-5). */
function faultsInStack(parsed: Parsed): boolean {
  const opcode = opcodeOf(parsed);
  if (STACK_OPCODES.includes(opcode)) return true;
  const override = parsed.prefixes.findLast((prefix) => SEGMENT_PREFIXES.includes(prefix));
  if (override !== undefined) return override === Prefix.SS;
  if (STRING_OPCODES.includes(opcode) || DIRECT_OPCODES.includes(opcode)) return false;
  const [mod, rm] = [parsed.modrm >>> 6, parsed.modrm & 7];
  return rm === 2 || rm === 3 || (rm === 6 && mod !== 0);
}

/** The same handler at the vector for faults of the stack segment. */
function stackFault({ recording }: Parsed): Recording {
  const entry = Array.from({ length: VECTOR_BYTES }, (_, i) => [Vector.SS * VECTOR_BYTES + i, new Map(recording.ram).get(Vector.GP * VECTOR_BYTES + i) ?? 0] as const);
  return { ...recording, ram: put(recording.ram, entry), exception: Vector.SS };
}

/** SI, DI and CX before the iteration that faulted; an 80286 had already moved them on. */
function beforeIteration({ recording, prefixes }: Parsed): Recording {
  const { init, final, op } = recording;
  const repeated = prefixes.some((prefix) => REPEATS.includes(prefix));
  const done = repeated ? init.cx - (final.cx ?? init.cx) - 1 : 0;
  const width = parseInt(op, 16) % 2 === 0 ? 1 : 2;
  const distance = done * width * ((init.flags & Flag.DF) === 0 ? 1 : -1);
  const moved = (register: 'si' | 'di', users: readonly string[]): number => (users.includes(op) ? (init[register] + distance) & LOW_WORD : init[register]);
  return { ...recording, final: { ...final, cx: init.cx - done, si: moved('si', ['6F', 'A5', 'A7', 'AD']), di: moved('di', ['6D', 'A5', 'A7', 'AB', 'AF']) } };
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
  return { ...recording, final: { ...recording.final, flags: recordedRegisters(recording).flags | (wordAt(ram, init.ss * 16 + offset) & NEW_FLAGS) } };
}

export const REPLACEMENTS: readonly Replacement[] = [
  {
    // SDM vol. 2, LOCK; 22.14 of vol. 3 for the change.
    reason: 'LOCK where the 80386 makes it #UD',
    applies: (parsed) => parsed.prefixes.includes(Prefix.LOCK) && !(LOCKABLE.has(parsed.recording.op) && isMemory(parsed)),
    replace: undefinedOpcode,
  },
  {
    // SDM vol. 3, table 20-1 and 22.33: real mode of an 80286 has no vector 12.
    reason: 'a stack operand across the end of the segment: #SS instead of #GP',
    applies: (parsed) => parsed.recording.exception === Vector.GP && parsed.recording.op !== 'CD' && faultsInStack(parsed),
    replace: stackFault,
  },
  {
    // SDM vol. 3, 6.5: a fault leaves the state as it was before the instruction; vol. 2, REP: before the iteration.
    reason: 'a string instruction that faults leaves SI, DI and CX alone',
    applies: (parsed) => parsed.recording.exception === Vector.GP && STRING_OPCODES.includes(opcodeOf(parsed)),
    replace: beforeIteration,
  },
  {
    reason: 'POP to memory that faults leaves SP alone',
    applies: (parsed) => parsed.recording.exception === Vector.GP && parsed.recording.op === '8F' && parsed.recording.init.sp !== LOW_WORD,
    replace: beforePop,
  },
  {
    // SDM vol. 3, 22.19 (EFLAGS): the 80286 keeps these bits zero in real mode.
    reason: 'IOPL and NT can be loaded in real mode',
    applies: ({ recording }) => (recording.op === '9D' || recording.op === 'CF') && recording.exception === undefined,
    replace: withNewFlags,
  },
];

// ---- undefined flags

export interface Mask { readonly reason: string; readonly ops: readonly string[]; readonly flags: number; readonly applies?: (parsed: Parsed) => boolean }

const groups = (opcodes: readonly string[], regs: readonly number[]): string[] => opcodes.flatMap((opcode) => regs.map((reg) => `${opcode}.${reg}`));
const SHIFTS = groups(['C0', 'C1', 'D0', 'D1', 'D2', 'D3'], [4, 5, 6, 7]);
const ROTATES = groups(['C0', 'C1', 'D2', 'D3'], [0, 1, 2, 3]);

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
  { reason: 'shifts and rotates by more than 1: OF', ops: [...SHIFTS, ...ROTATES], flags: Flag.OF, applies: (parsed) => shiftCount(parsed) > 1 },
];

/** Undefined flags after the instruction, and in the image that an exception pushes. */
export function undefinedFlags(parsed: Parsed): { readonly flags: number; readonly masks: readonly Mask[] } {
  const { op, exception } = parsed.recording;
  // An instruction that faults has changed no flags, except that a division error is found out on the way.
  const faulted = exception !== undefined && exception !== 0;
  const masks = faulted ? [] : MASKS.filter(({ ops, applies }) => ops.includes(op) && (applies?.(parsed) ?? true));
  return { flags: masks.reduce((all, mask) => all | mask.flags, 0), masks };
}

// ---- judgement

export type Verdict =
  | { readonly kind: 'passed'; readonly replaced: string | undefined }
  | { readonly kind: 'masked'; readonly reason: string; readonly replaced: string | undefined }
  | { readonly kind: 'skipped'; readonly reason: string }
  | { readonly kind: 'different'; readonly differences: readonly string[] };

const SOFTWARE_INTERRUPTS: readonly string[] = ['CC', 'CD', 'CE'];
const hex = (value: number): string => value.toString(16);

function differingEvents({ op, exception }: Recording, replay: Replay): string[] {
  const isSoftware = exception !== undefined && SOFTWARE_INTERRUPTS.includes(op) && exception !== Vector.GP && (op === 'CD' || exception !== Vector.UD);
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

function differencesFrom(recording: Recording, replay: Replay, undefinedBits: number): string[] {
  return [...differingEvents(recording, replay), ...differingRegisters(recording, replay, undefinedBits), ...differingMemory(recording, replay, undefinedBits)];
}

/** Replays one recording and says what came of it. */
export function judge(machine: RealModeMachine, original: Recording): Verdict {
  const parsed = parse(original);
  const skip = SKIPS.find(({ applies }) => applies(parsed));
  if (skip !== undefined) return { kind: 'skipped', reason: skip.reason };
  const replacement = REPLACEMENTS.find(({ applies }) => applies(parsed));
  const recording = replacement === undefined ? original : replacement.replace(parsed);
  const replaced = replacement?.reason;
  const replay = machine.replay(recording);
  if (differencesFrom(recording, replay, 0).length === 0) return { kind: 'passed', replaced };
  const { flags, masks } = undefinedFlags({ ...parsed, recording });
  const differences = differencesFrom(recording, replay, flags);
  if (differences.length > 0) return { kind: 'different', differences };
  return { kind: 'masked', reason: masks.map(({ reason }) => reason).join(' + '), replaced };
}
