import type { OperandSource, Recorder } from '../ir/recorder.js';

/** Meaning of one mnemonic: called once per form, leaves statements in the recorder. Operands come in the order of the encoding row. */
export type Semantic = (o: Recorder, ...operands: OperandSource[]) => void;
export type Semantics = Readonly<Record<string, Semantic>>;
