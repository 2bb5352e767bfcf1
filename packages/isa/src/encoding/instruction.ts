import type { Generation } from '../cpu-models.js';
import type { SegmentIndex } from '../state.js';

/**
 * Why an instruction is sensitive: the requirement of Robin & Irvine (USENIX Security 2000) that it violates when a guest kernel runs
 * deprivileged. 3A mode or machine state, 3B sensitive registers, 3C protection, memory or relocation system.
 */
export type SensitiveReason = '3A' | '3B' | '3C';

/** Models whose successors dropped an instruction or a form of it. */
export type LastModel = 'i386' | 'i486';

/** What the consumers of a row must know beyond its semantics. Absent means false. */
export interface Traits {
  /** The generation that introduced it; absent: the 80386 has it. On an earlier processor the bytes are #UD. */
  readonly since?: Generation;
  /** The last model that has it; on later ones the bytes mean something else or are #UD. Absent: none took it away. */
  readonly until?: LastModel;
  /** Faults with #GP(0) outside CPL 0 (SDM vol. 3, 5.9). */
  readonly privileged?: true;
  /** Obeys IOPL (IN, OUT, INS, OUTS, CLI, STI). */
  readonly ioSensitive?: true;
  /** Sensitive but not privileged. */
  readonly sensitive?: SensitiveReason;
  /** Number of its entry in the list of sensitive unprivileged instructions (sensitive.ts); present exactly when `sensitive` is. */
  readonly sensitiveEntry?: number;
  /**
   * Ends a block: control flow, or something that fetching, decoding or the next boundary depends on may change
   * (CS.D and SS.B, the translation of the code's own page, IF and TF).
   */
  readonly endsBlock?: true;
  /** May be prefixed with LOCK when its destination is memory. */
  readonly lockable?: true;
  /** Takes REP (string moves) or REPE/REPNE (string compares). */
  readonly repeat?: 'rep' | 'repe';
  /** Arithmetic flags it always writes with a defined value, as an EFLAGS mask. */
  readonly writes?: number;
  /** Arithmetic flags it may write or leave alone, depending on an operand (shift by CL, repeated compare). Disjoint from `writes`. */
  readonly mayWrite?: number;
  /** Arithmetic flags it reads. */
  readonly reads?: number;
  /**
   * Arithmetic flags that the manuals leave undefined afterwards, for some operand values at least. Disjoint from `writes`; a flag that is
   * in `mayWrite` too is undefined for some operand values only (OF after a shift by a count other than 1).
   */
  readonly undefined?: number;
  /** Its memory operand is an address that is not accessed (LEA, INVLPG, the hint NOPs). */
  readonly addressOnly?: true;
  /** A register operand is illegal where memory is expected, or the reverse: #UD. */
  readonly memoryOnly?: true;
  readonly registerOnly?: true;
  /** What a reader of the tables should know besides. Documentation only. */
  readonly note?: string;
}

/**
 * Operand notation of the Intel opcode maps (SDM vol. 2, appendix A.2): E = ModR/M register or memory, G = ModR/M register, I = immediate,
 * J = relative, M = memory only, O = moffs, R = ModR/M register only, S = segment, C/D/T = control/debug/test register, X/Y = string source/destination, A = far pointer;
 * then the size b w d v z p. Plain register names and `1` stand for themselves. Ibs is a byte sign-extended to the operand size;
 * BB is XLAT's byte, addressed by (E)BX plus AL.
 */
export type OperandType =
  | 'Eb' | 'Ew' | 'Ev' | 'Gb' | 'Gw' | 'Gv' | 'Ib' | 'Ibs' | 'Iw' | 'Iz' | 'Jb' | 'Jz' | 'M' | 'Mp' | 'Ma' | 'Ms' | 'Mq' | 'Ob' | 'Ov' | 'Rd' | 'Rv' | 'Sw' | 'Cd' | 'Dd' | 'Td' | 'Ap'
  | 'Mw' | 'Md' | 'Mt' | 'Me' | 'Mf' | 'Mx' | 'ST0' | 'STi' // x87: memory of 16, 32 and 80 bits, environment, whole state, FXSAVE's; registers
  | 'Xb' | 'Xv' | 'Yb' | 'Yv' | 'BB' | 'Zb' | 'Zv' // Z: register in the opcode's low three bits
  | 'AL' | 'CL' | 'AX' | 'DX' | 'eAX' | '1' | 'ES' | 'CS' | 'SS' | 'DS' | 'FS' | 'GS';

/** One line of the instruction set: a bit pattern, its operands, its traits. `mnemonic` names the semantic function. */
export interface EncodingRow {
  readonly mnemonic: string;
  /** As the manuals print it: `01 /r`, `80 /0`, `50+r`, `0F A4 /r`. Immediates follow from the operands. */
  readonly opcode: string;
  readonly operands: readonly OperandType[];
  readonly traits: Traits;
}

export type OperandSize = 8 | 16 | 32;

/**
 * A decoded operand; sizes in bits.
 * - memory: the sum of base, scaled index and displacement is truncated to the instruction's address size. The size is 0 when nothing is accessed;
 *   48 for a pseudo-descriptor (Ms) and a 16:32 pointer, the bits of the whole image for x87's environment and state, 32 for a 16:16 pointer, twice the operand size for BOUND's pair. XLAT's operand has
 *   base (E)BX; adding AL, zero-extended, is left to its semantics, because no index register says that.
 * - displacement, immediate and relative: sign-extended to 32 bits from the size they were encoded with. So the `80` of INT 80h is -128
 *   and users of an immediate as a number (vectors, ports, counts, frame sizes) mask it with its size.
 * - far: selector and offset zero-extended, except that a 32-bit offset is a signed pattern.
 */
export type Operand =
  | { readonly kind: 'register'; readonly size: OperandSize; readonly index: number } // size 8: 4-7 are AH CH DH BH
  | { readonly kind: 'segment'; readonly index: SegmentIndex }
  | { readonly kind: 'control'; readonly index: number }
  | { readonly kind: 'debug'; readonly index: number }
  | { readonly kind: 'test'; readonly index: number }
  | { readonly kind: 'stack'; readonly index: number } // x87 register ST(index)
  | { readonly kind: 'memory'; readonly size: number; readonly segment: SegmentIndex; readonly base: number; readonly index: number; readonly scale: number; readonly displacement: number }
  | { readonly kind: 'immediate'; readonly size: OperandSize; readonly value: number }
  | { readonly kind: 'relative'; readonly value: number }
  | { readonly kind: 'far'; readonly selector: number; readonly offset: number };

/** One decoded instruction. `base` and `index` of a memory operand are -1 when absent; `scale` is the shift 0-3. */
export interface Instruction {
  readonly row: EncodingRow;
  /** Bytes, prefixes included, at most 15. */
  readonly length: number;
  readonly operandSize: 16 | 32;
  readonly addressSize: 16 | 32;
  readonly lock: boolean;
  /** F3 is 'repe', F2 'repne'; on a row without the `repeat` trait the prefixes mean nothing and this is 'none'. REP on a string move is either. */
  readonly repeat: 'none' | 'repe' | 'repne';
  /**
   * x87: the last-opcode word, that is the low three bits of the opcode and the ModR/M byte (SDM vol. 1, 8.1.9). Of no meaning for other instructions.
   */
  readonly escape: number;
  /** In the row's order. The segment of a memory operand is the effective one, overrides and defaults applied. */
  readonly operands: readonly Operand[];
}

/** Why bytes did not decode. `truncated`: the byte source ended (the fetch faulted); `too-long` is #GP(0) (SDM vol. 2, 2.3.11); the others are #UD. */
export type DecodeFailure = 'truncated' | 'too-long' | 'undefined' | 'bad-lock';
