import { IMMEDIATE_BYTES } from '@ringbench/interpreter';

/** Granules in which changes of code are told apart, as a power of two bytes. */
export const GRANULE_SHIFT = 6;
/** Changes of a granule's translated code after which it rests. */
const CHURN_LIMIT = 3;
/** Instructions that it rests for at first; each change after that doubles it, up to a limit, because memory is used again for other code. */
const FIRST_REST = 10_000_000;
const MOST_DOUBLINGS = 12;

interface Churn {
  changes: number;
  /** Instruction clock until which it is not translated. */
  until: number;
}

/** What was learnt about code by running it translated, by host address: how it is to be translated next time, and what is not worth it. */
export class CodeKnowledge {
  private readonly churn = new Map<number, Churn>();
  private readonly misaligned = new Set<number>();
  private readonly filling = new Set<number>();
  private readonly calling = new Set<number>();
  private readonly patches = new Set<number>();

  /** @param now the instruction clock. */
  constructor(private readonly now: () => number) {}

  /** Code at this address changes too often to be translated now. */
  readonly isChurning = (host: number): boolean => {
    const churn = this.churn.get(host >>> GRANULE_SHIFT);
    return churn !== undefined && churn.changes >= CHURN_LIMIT && this.now() < churn.until;
  };
  /** Translated code in a granule was written. */
  noteChange(granule: number): void {
    const churn = this.churn.get(granule) ?? { changes: 0, until: 0 };
    this.churn.set(granule, churn);
    churn.changes++;
    churn.until = this.now() + FIRST_REST * 2 ** Math.min(MOST_DOUBLINGS, Math.max(0, churn.changes - CHURN_LIMIT));
  }

  /** The instruction at an address met misaligned addresses. */
  readonly isMisaligned = (host: number): boolean => this.misaligned.has(host);
  noteMisaligned(host: number): void { this.misaligned.add(host); }
  /** The instruction at an address often meets pages that are not in the TLB. */
  readonly fillsAt = (host: number): boolean => this.filling.has(host);
  noteFilling(host: number): void { this.filling.add(host); }
  /** The instruction at an address is often left at: the next region with it calls there. */
  readonly callsAt = (host: number): boolean => this.calling.has(host);
  noteCalling(host: number): void { this.calling.add(host); }
  /** The four bytes at an address were written while they were translated code. */
  readonly isPatched = (host: number): boolean => {
    for (let at = host; at < host + IMMEDIATE_BYTES; at++) if (this.patches.has(at)) return true;
    return false;
  };
  notePatch(host: number): void { this.patches.add(host); }

  /** To be called when the interpreter forgets all code: what was learnt may be about other code than what comes. */
  forget(): void {
    for (const set of [this.misaligned, this.filling, this.calling, this.patches]) set.clear();
  }
}
