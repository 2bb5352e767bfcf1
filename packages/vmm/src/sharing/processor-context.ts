import { Segment, SILICON_EVENTS, STATE_WORDS, Word } from '@ringbench/isa';
import type { Machine } from '@ringbench/machine';

/** Words that are the machine's whoever runs: its place in time, and the executor's in its code. */
const MACHINES_WORDS = [Word.BUDGET, Word.RESUMED_AT, Word.MICRO_OP] as const;
const DECODED_SEGMENTS = [Segment.ES, Segment.CS, Segment.SS, Segment.DS] as const;

/**
 * What a host saves of the processor when it gives it to another virtual machine: all registers, and with them what was counted. It is taken between two entries
 * of the guest, while the monitor has the processor.
 */
export class ProcessorContext {
  private readonly state = new Int32Array(STATE_WORDS);
  private readonly counts = new Float64Array(SILICON_EVENTS.length);

  save({ processor, memory }: Machine): void {
    this.state.set(processor.state);
    this.counts.set(memory.counts);
  }

  /** Puts everything back. Translations carry no tag: they all go. */
  load(machine: Machine): void {
    const { processor, memory } = machine;
    const kept = MACHINES_WORDS.map((word) => processor.state[word]);
    processor.state.set(this.state);
    MACHINES_WORDS.forEach((word, index) => (processor.state[word] = kept[index]));
    memory.counts.set(this.counts);
    processor.halted = false;
    for (const segment of DECODED_SEGMENTS) processor.segmentChanged(segment);
    processor.privilegeChanged();
    processor.flushTranslations();
    processor.debugRegistersChanged();
    processor.alignmentChanged();
    machine.armTimer(0, Infinity);
  }
}
