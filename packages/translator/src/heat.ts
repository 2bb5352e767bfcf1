import { MICRO_OP_BYTES } from '@ringbench/interpreter';
import { MICRO_OPS_END, Region } from '@ringbench/machine';

const PLACES = (MICRO_OPS_END - Region.MICRO_OPS) / MICRO_OP_BYTES;
const MOST_DEGREES = 0x7fffffff;
/** Doublings of the threshold: after each attempt, and more after one that came to nothing. */
const AFTER_SUCCESS = 1;
const AFTER_REFUSAL = 4;
/** So many that the default threshold still fits. */
const MOST_DOUBLINGS = 14;

/**
 * How often control was found at each block, by its micro-op. A block that was tried must become hotter than before to be tried again, so that code which
 * keeps changing, or is not worth it, costs less and less.
 */
export class Heat {
  private readonly degrees = new Int32Array(PLACES);
  private readonly doublings = new Uint8Array(PLACES);

  constructor(private readonly threshold: number) {}

  /** Adds to a block's heat; true when it is hot. It starts from nothing then. */
  warm(microOp: number, amount: number): boolean {
    const at = placeOf(microOp);
    const degrees = this.degrees[at] + amount;
    const isHot = degrees >= this.threshold * 2 ** this.doublings[at];
    this.degrees[at] = isHot ? 0 : Math.min(MOST_DEGREES, degrees);
    return isHot;
  }
  /** Notes that a block was tried. */
  tried(microOp: number, success: boolean): void {
    const at = placeOf(microOp);
    this.doublings[at] = Math.min(MOST_DOUBLINGS, this.doublings[at] + (success ? AFTER_SUCCESS : AFTER_REFUSAL));
  }
  forget(): void {
    this.degrees.fill(0);
    this.doublings.fill(0);
  }
}

function placeOf(microOp: number): number { return (microOp - Region.MICRO_OPS) / MICRO_OP_BYTES; }
