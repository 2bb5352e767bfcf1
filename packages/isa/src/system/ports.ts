import { Access, Flag, Register, Segment, Vector, Word } from '../state.js';
import { advance, raiseSegmentFault, segmentAllows } from './access.js';
import { SystemType } from './descriptors.js';
import { LOW_WORD, ioPrivilege, isProtected, isVirtual8086 } from './modes.js';
import type { SystemOperands } from './operands.js';
import type { Silicon } from './silicon.js';
import { V386Block, V386Control, V386Io } from './v386-block.js';
import { loadField, requestV386Exit, storeField } from './v386-exit.js';

// Hot path: a constant of this module folds into the code, a property of an imported object does not.
const { CPL, IN_V386 } = Word;
const { EAX, EDX } = Register;
const { IN } = V386Io;

/** A byte written here marks the measured region. The write never traps or faults, in any mode of any core, and is no port I/O. */
export const MARKER_PORT = 0xe8;

/** Offset in a 32-bit TSS of the I/O map's base (SDM vol. 1, 19.5.2). */
const IO_MAP_BASE = 102;
const SMALLEST_TSS_LIMIT = 103;

/** Whether every port is open to the code that runs, without a look at the TSS (SDM vol. 1, 19.5.1). */
export function hasPortPrivilege(state: Int32Array): boolean {
  return !isProtected(state) || (state[CPL] <= ioPrivilege(state) && !isVirtual8086(state));
}

/** SDM vol. 1, 19.5: CPL against IOPL, then the TSS's bit map. Records #GP(0), or the page fault of the map. */
function isPermitted(silicon: Silicon, port: number, width: 1 | 2 | 4): boolean {
  const state = silicon.state;
  if (hasPortPrivilege(state)) return true;
  const access = state[Word.ACCESS + Segment.TR];
  const limit = state[Word.LIMIT + Segment.TR] >>> 0;
  const base = state[Word.BASE + Segment.TR];
  if ((access & Access.UNUSABLE) !== 0 || (access & SystemType.WIDE) === 0 || limit < SMALLEST_TSS_LIMIT) return silicon.raise(Vector.GP, 0);
  const map = silicon.load((base + IO_MAP_BASE) | 0, 2, true);
  if (silicon.faulted) return false;
  const at = map + (port >>> 3);
  // Two bytes are always read, so the map's last byte must have a neighbour.
  if (at + 1 > limit) return silicon.raise(Vector.GP, 0);
  const bits = silicon.load((base + at) | 0, 2, true);
  if (silicon.faulted) return false;
  return !hasBits(bits, port, width) || silicon.raise(Vector.GP, 0);
}

/** True when the map's two bytes at `port` have one of the bits of `width` ports set. */
function hasBits(bits: number, port: number, width: 1 | 2 | 4): boolean {
  return ((bits >>> (port & 7)) & ((1 << width) - 1)) !== 0;
}

/** V386 mode: every access exits unless the block's map lets all of its ports through. */
function passesV386(silicon: Silicon, op: SystemOperands, port: number, direction: number): boolean {
  const state = silicon.state;
  if (state[IN_V386] === 0) return true;
  if ((loadField(silicon, V386Block.CONTROLS) & V386Control.IO_BITMAP) !== 0 && !isMapped(silicon, port, op.width)) return true;
  storeField(silicon, V386Block.EXIT_VALUE, state[EAX] & widthMask(op.width));
  return requestV386Exit(silicon, 'io', op, direction | op.width | (port << V386Io.PORT_SHIFT));
}

function isMapped(silicon: Silicon, port: number, width: 1 | 2 | 4): boolean {
  const map = loadField(silicon, V386Block.IO_BITMAP);
  for (let each = port; each < port + width; each++) {
    const word = silicon.loadPhysical(map + ((each & LOW_WORD) >>> 5) * 4);
    if (((word >>> (each & 31)) & 1) !== 0) return true;
  }
  return false;
}

function widthMask(width: 1 | 2 | 4): number {
  return width === 4 ? -1 : width === 2 ? LOW_WORD : 0xff;
}

function portOf(state: Int32Array, op: SystemOperands): number {
  return op.port >= 0 ? op.port : state[EDX] & LOW_WORD;
}

/** IN AL/AX/EAX. */
export function input(silicon: Silicon, op: SystemOperands): boolean {
  const state = silicon.state;
  const port = portOf(state, op);
  if (!isPermitted(silicon, port, op.width) || !passesV386(silicon, op, port, IN)) return false;
  const mask = widthMask(op.width);
  state[EAX] = (state[EAX] & ~mask) | (silicon.portRead(port, op.width) & mask);
  return advance(silicon, op);
}

/** OUT AL/AX/EAX. */
export function output(silicon: Silicon, op: SystemOperands): boolean {
  const state = silicon.state;
  const port = portOf(state, op);
  const isMarker = port === MARKER_PORT && op.width === 1;
  if (!isMarker && (!isPermitted(silicon, port, op.width) || !passesV386(silicon, op, port, 0))) return false;
  silicon.portWrite(port, op.width, state[EAX] & widthMask(op.width));
  return advance(silicon, op);
}

function indexValue(state: Int32Array, register: number, op: SystemOperands): number {
  return op.addressSize === 32 ? state[register] : state[register] & LOW_WORD;
}

/** Moves ESI or EDI by one element in the direction of DF. */
function step(state: Int32Array, register: number, op: SystemOperands): void {
  const next = state[register] + ((state[Word.FLAG_SYSTEM] & Flag.DF) !== 0 ? -op.width : op.width);
  state[register] = op.addressSize === 32 ? next : (state[register] & ~LOW_WORD) | (next & LOW_WORD);
}

function stringQualification(op: SystemOperands, segment: number): number {
  return V386Io.STRING | (op.repeated ? V386Io.REPEATED : 0) | (op.addressSize === 32 ? V386Io.WIDE_ADDRESS : 0) | (segment << V386Io.SEGMENT_SHIFT);
}

function passesStringV386(silicon: Silicon, op: SystemOperands, port: number, direction: number, segment: number, linear: number): boolean {
  if (silicon.state[IN_V386] === 0) return true;
  storeField(silicon, V386Block.EXIT_LINEAR, linear);
  return passesV386(silicon, op, port, direction | stringQualification(op, segment));
}

/** One iteration of INS: port DX to ES:(E)DI. The executor counts (E)CX. */
export function inputString(silicon: Silicon, op: SystemOperands): boolean {
  const state = silicon.state;
  const port = state[EDX] & LOW_WORD;
  if (!isPermitted(silicon, port, op.width)) return false;
  const offset = indexValue(state, Register.EDI, op);
  const linear = (state[Word.BASE + Segment.ES] + offset) | 0;
  if (!passesStringV386(silicon, op, port, IN, Segment.ES, linear)) return false;
  if (!segmentAllows(state, Segment.ES, offset, op.width, true)) return raiseSegmentFault(silicon, Segment.ES);
  // A port may lose what is read from it, so the destination is proved writable first by writing back what it holds.
  const held = silicon.load(linear, op.width, false);
  if (silicon.faulted) return false;
  silicon.store(linear, op.width, held, false);
  if (silicon.faulted) return false;
  silicon.store(linear, op.width, silicon.portRead(port, op.width), false);
  step(state, Register.EDI, op);
  return advance(silicon, op);
}

/** One iteration of OUTS: `op.segment`:(E)SI to port DX. */
export function outputString(silicon: Silicon, op: SystemOperands): boolean {
  const state = silicon.state;
  const port = state[EDX] & LOW_WORD;
  if (!isPermitted(silicon, port, op.width)) return false;
  const offset = indexValue(state, Register.ESI, op);
  const linear = (state[Word.BASE + op.segment] + offset) | 0;
  if (!passesStringV386(silicon, op, port, 0, op.segment, linear)) return false;
  if (!segmentAllows(state, op.segment, offset, op.width, false)) return raiseSegmentFault(silicon, op.segment);
  const value = silicon.load(linear, op.width, false);
  if (silicon.faulted) return false;
  silicon.portWrite(port, op.width, value);
  step(state, Register.ESI, op);
  return advance(silicon, op);
}
