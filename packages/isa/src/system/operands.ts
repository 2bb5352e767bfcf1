import type { Silicon } from './silicon.js';

/**
 * What the decoder knows about one system instruction. An executor keeps one record per processor and refills the fields that the
 * mnemonic reads (README.md of this folder), so that executing one allocates nothing.
 */
export class SystemOperands {
  operandSize: 16 | 32 = 32;
  addressSize: 16 | 32 = 32;
  /** Bytes of the instruction, prefixes included. */
  length = 1;
  /** EIP after success, if the instruction does not transfer control. A repeated string instruction with iterations left passes its own EIP. */
  nextEip = 0;
  /** True when the ModR/M r/m operand is memory at `segment`:`offset`, false when it is general register `register`. */
  memory = false;
  /** Segment register number of the memory operand after overrides; for OUTS that of the source. */
  segment = 3;
  /** Effective address of the memory operand, already truncated to the address size. */
  offset = 0;
  /** General register number of the r/m operand (ModR/M.rm), when `memory` is false. */
  register = 0;
  /** Number in ModR/M.reg or in the opcode: general, segment, control or debug register. */
  target = 0;
  /** i of an x87 instruction's ST(i). */
  stack = 0;
  /** An x87 instruction's last-opcode word (`Instruction.escape`). */
  escape = 0;
  /** INT's vector, RETF's byte count, ENTER's frame size. */
  immediate = 0;
  /** ENTER's nesting level. */
  level = 0;
  /** A far pointer in the instruction (JMPF, CALLF when `memory` is false). */
  selector = 0;
  farOffset = 0;
  /** Port in the instruction, or -1: the port is in DX. */
  port = -1;
  /** Bytes that IN, OUT, INS, OUTS transfer. */
  width: 1 | 2 | 4 = 1;
  /** True when INS or OUTS has a REP prefix. */
  repeated = false;
}

/**
 * The meaning of one mnemonic. True: completed, EIP is that of the next instruction. False: a fault was recorded (`silicon.faulted`), EIP and all
 * else are as before, and the executor calls `deliverFault` with the recorded vector and error code. Two exceptions that the manuals make: a
 * fault after the commit point of a task switch, and its T-bit trap, are recorded in the new task's context with the new task's EIP.
 */
export type SystemProcedure = (silicon: Silicon, op: SystemOperands) => boolean;
