import type { LoweredInstruction } from './lowering.js';
import type { OperationTable } from './operations.js';

/** What is decided about the instructions of a block as a whole, before their micro-ops are written. */

/** Replaces operations by their flag-less form where the flags are overwritten before anything can see them. */
export function dropDeadFlags(lowered: readonly LoweredInstruction[], table: OperationTable): void {
  let resultLive = true;
  let carryLive = true;
  for (let i = lowered.length - 1; i >= 0; i--) {
    let { operation } = lowered[i];
    // Behind a store the block may be left (changed code), so its own flags are visible.
    if (operation.stores) resultLive = carryLive = true;
    const { flags } = operation;
    const writes = flags.writesResult || flags.writesCarry;
    if (writes && !(flags.writesResult && resultLive) && !(flags.writesCarry && carryLive)) {
      operation = table.withoutFlags(operation);
      lowered[i].operation = operation;
    }
    resultLive = (resultLive && !operation.flags.writesResult) || operation.flags.readsResult || operation.canLeave;
    carryLive = (carryLive && !operation.flags.writesCarry) || operation.flags.readsCarry || operation.canLeave;
  }
}

/**
 * Picks the pairs of neighbours that cover most instructions. @param fused `first << 16 | second` of operation numbers -> number of the fused operation.
 * @returns for each instruction the fused operation that begins with it, or 0.
 */
export function chooseFusedPairs(lowered: readonly LoweredInstruction[], fused: ReadonlyMap<number, number>): Int32Array {
  const count = lowered.length;
  const covered = new Int32Array(count + 2);
  const choice = new Int32Array(count);
  for (let i = count - 2; i >= 0; i--) {
    const pair = fused.get((lowered[i].operation.id << 16) | lowered[i + 1].operation.id);
    covered[i] = covered[i + 1];
    if (pair !== undefined && covered[i + 2] + 1 > covered[i]) {
      covered[i] = covered[i + 2] + 1;
      choice[i] = pair;
    }
  }
  for (let i = 0; i < count - 1; i++) {
    // The second of a pair begins none.
    if (choice[i] !== 0) choice[i + 1] = 0;
  }
  return choice;
}
