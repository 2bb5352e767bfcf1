import { COUNTED_INSTRUCTIONS, eventIndex } from '../events.js';
import { isTerminal } from '../ir/expression.js';
import type { OperandSource, Recorder } from '../ir/recorder.js';
import { X87_SEMANTICS } from '../x87/recorded/index.js';
import { arithmetic } from './arithmetic.js';
import { control } from './control.js';
import { data } from './data.js';
import { decimal } from './decimal.js';
import { protection } from './protection.js';
import { rings } from './rings.js';
import type { Semantics } from './semantics.js';
import { shifts } from './shifts.js';
import { BULK_ACTIONS, repeated, strings } from './strings.js';

/** Every instruction whose meaning is recorded. The rest are system procedures (../system). */
export const SEMANTICS: Semantics = { ...arithmetic, ...shifts, ...data, ...control, ...strings, ...decimal, ...protection, ...rings, ...X87_SEMANTICS };

const counted = new Set<string>(COUNTED_INSTRUCTIONS);

/** Records one instruction; throws if the mnemonic has no recorded semantics, which is a bug of ours. */
export function recordInstruction(recorder: Recorder, mnemonic: string, operands: readonly OperandSource[], repeat: 'none' | 'repe' | 'repne'): void {
  const single = SEMANTICS[mnemonic];
  if (single === undefined) throw new Error(`no recorded semantics for ${mnemonic}`);
  const isCompare = mnemonic === 'scas' || mnemonic === 'cmps';
  const semantic = repeat === 'none' ? single : repeated(single, isCompare ? repeat : 'none', BULK_ACTIONS[mnemonic]);
  semantic(recorder, ...operands);
  if (counted.has(mnemonic)) countCompletion(recorder, eventIndex(`executed.${mnemonic}`));
}

/** The count is the last thing before control leaves, so that only a completed instruction is counted. */
function countCompletion(recorder: Recorder, event: number): void {
  const last = recorder.statements.at(-1);
  const terminal = last !== undefined && isTerminal(last) ? recorder.statements.pop() : undefined;
  recorder.count(event);
  if (terminal !== undefined) recorder.statements.push(terminal);
}
