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
  stack.openCurrent(state);
  if (!pushChecked(silicon, bytes, state[Register.EBP])) return false;
  const frame = stack.pointer;
  if (!copyDisplay(silicon, level, bytes, frame)) return false;
  stack.release(-op.immediate);
  // The end of the frame must be writable now: the instruction faults here rather than the next push (SDM vol. 2, ENTER).
  const end = stack.pointer & stack.mask;
  if (!segmentAllows(state, Segment.SS, end, bytes, true)) return silicon.raise(Vector.SS, 0);
  if (!proveWritable(silicon, (stack.base + end) | 0, bytes)) return false;
  // The operand size decides how much goes to EBP; the stack's size only what the stack pointer is (SDM vol. 2, ENTER).
  writeRegister(state, Register.EBP, op.operandSize, frame);
  state[Register.ESP] = stack.pointer;
  return advance(silicon, op);
}

function pushChecked(silicon: Silicon, bytes: 2 | 4, value: number): boolean {
  if (!stack.hasRoom(1, bytes)) return silicon.raise(Vector.SS, 0);
  return stack.push(silicon, bytes, value);
}

/** Copies `level - 1` frame pointers of the enclosing procedures and adds the new one. */
function copyDisplay(silicon: Silicon, level: number, bytes: 2 | 4, frame: number): boolean {
  let from = silicon.state[Register.EBP];
  for (let index = 1; index < level; index++) {
    from -= bytes;
    const value = loadSegmented(silicon, Segment.SS, from & stack.mask, bytes);
    if (silicon.faulted || !pushChecked(silicon, bytes, value)) return false;
  }
  return level === 0 || pushChecked(silicon, bytes, frame);
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
