import { SYSTEM_PROCEDURES, SystemOperands } from '../../src/index.js';
import type { SystemMnemonic } from '../../src/index.js';
import type { FakeSilicon } from './fake-silicon.js';

/** EIP behind the instruction in these tests. */
export const NEXT = 0x502;

/** Executes one system instruction with these decoded operands. */
export function run(silicon: FakeSilicon, mnemonic: SystemMnemonic, fields: Partial<SystemOperands> = {}): boolean {
  const op = new SystemOperands();
  Object.assign(op, { length: 2, nextEip: NEXT }, fields);
  return SYSTEM_PROCEDURES[mnemonic](silicon, op);
}
