import { Register, Segment, Vector } from '../state.js';
import { advance, loadSegmented, proveWritable, segmentAllows } from './access.js';
import { writeRegister } from './modes.js';
import type { SystemOperands } from './operands.js';
import type { Silicon } from './silicon.js';
import { Stack } from './stack.js';

const NESTING_MASK = 31;

const stack = new Stack();

/** ENTER: `op.immediate` bytes of locals, `op.level` frame pointers copied (SDM vol. 2, ENTER). */
export function enterFrame(silicon: Silicon, op: SystemOperands): boolean {
  const state = silicon.state;
  const bytes = op.operandSize === 32 ? 4 : 2;
  const level = op.level & NESTING_MASK;
  // A copy may overwrite what is copied: begun again behind a fault, a guest's own or one that its monitor hides, the instruction would copy something else.
  if (!proveFrame(silicon, level, bytes, op.immediate)) return false;
  stack.openCurrent(state);
  if (!stack.push(silicon, bytes, state[Register.EBP])) return false;
  const frame = stack.pointer;
  if (!copyDisplay(silicon, level, bytes, frame)) return false;
  stack.release(-op.immediate);
  // The operand size decides how much goes to EBP; the stack's size only what the stack pointer is (SDM vol. 2, ENTER).
  writeRegister(state, Register.EBP, op.operandSize, frame);
  state[Register.ESP] = stack.pointer;
  return advance(silicon, op);
}

/** Makes all accesses of ENTER in their order without writing anything. False after a fault. */
function proveFrame(silicon: Silicon, level: number, bytes: 2 | 4, locals: number): boolean {
  const { state } = silicon;
  stack.openCurrent(state);
  if (!provePush(silicon, bytes)) return false;
  for (let index = 1; index < level; index++) {
    loadSegmented(silicon, Segment.SS, (state[Register.EBP] - index * bytes) & stack.mask, bytes);
    if (silicon.faulted || !provePush(silicon, bytes)) return false;
  }
  if (level > 0 && !provePush(silicon, bytes)) return false;
  stack.release(-locals);
  // The end of the frame must be writable now: the instruction faults here rather than the next push (SDM vol. 2, ENTER).
  const end = stack.pointer & stack.mask;
  if (!segmentAllows(state, Segment.SS, end, bytes, true)) return silicon.raise(Vector.SS, 0);
  return proveWritable(silicon, (stack.base + end) | 0, bytes);
}

function provePush(silicon: Silicon, bytes: 2 | 4): boolean {
  if (!stack.hasRoom(1, bytes)) return silicon.raise(Vector.SS, 0);
  stack.release(-bytes);
  return proveWritable(silicon, (stack.base + (stack.pointer & stack.mask)) | 0, bytes);
}

/** Copies `level - 1` frame pointers of the enclosing procedures and adds the new one. */
function copyDisplay(silicon: Silicon, level: number, bytes: 2 | 4, frame: number): boolean {
  let from = silicon.state[Register.EBP];
  for (let index = 1; index < level; index++) {
    from -= bytes;
    const value = loadSegmented(silicon, Segment.SS, from & stack.mask, bytes);
    if (silicon.faulted || !stack.push(silicon, bytes, value)) return false;
  }
  return level === 0 || stack.push(silicon, bytes, frame);
}

/** BOUND: general register `op.target` against a pair of signed bounds in memory; outside is #BR. */
export function checkBounds(silicon: Silicon, op: SystemOperands): boolean {
  if (!op.memory) return silicon.raise(Vector.UD, 0);
  const bytes = op.operandSize === 32 ? 4 : 2;
  const lower = loadSegmented(silicon, op.segment, op.offset, bytes);
  if (silicon.faulted) return false;
  const upper = loadSegmented(silicon, op.segment, op.offset + bytes, bytes);
  if (silicon.faulted) return false;
  const shift = op.operandSize === 32 ? 0 : 16;
  const index = silicon.state[op.target] << shift;
  if (index < lower << shift || index > upper << shift) return silicon.raise(Vector.BR, 0);
  return advance(silicon, op);
}
