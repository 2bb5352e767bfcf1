/** How often a target is seen before it is worth a comparison, and the most that are. */
const ENOUGH = 12;
const MOST_TARGETS = 6;

interface Knowledge {
  readonly counts: Map<number, number>;
  readonly targets: number[];
  /** Nothing more is to be learnt. */
  isFinal: boolean;
}

/** Where indirect jumps and calls go, by the host address of the instruction. */
export class TargetProfile {
  private readonly known = new Map<number, Knowledge>();

  readonly wantsTargets = (host: number): boolean => this.known.get(host)?.isFinal !== true;
  /** Those worth a comparison; none when there are too many. */
  readonly targetsOf = (host: number): readonly number[] => this.known.get(host)?.targets ?? [];

  /** Notes a target that a region did not expect; true when the region had better be translated again. */
  note(host: number, target: number): boolean {
    const knowledge = this.known.get(host) ?? { counts: new Map<number, number>(), targets: [], isFinal: false };
    this.known.set(host, knowledge);
    const { counts, targets } = knowledge;
    if (knowledge.isFinal) return true;
    const count = (counts.get(target) ?? 0) + 1;
    counts.set(target, count);
    if (count < ENOUGH) return false;
    // A known target that is still not expected could not be followed: the region was made before, or is full.
    if (targets.includes(target)) {
      knowledge.isFinal = count >= 2 * ENOUGH;
      return knowledge.isFinal;
    }
    targets.push(target);
    if (targets.length > MOST_TARGETS) {
      targets.length = 0;
      knowledge.isFinal = true;
    }
    return true;
  }
  forget(): void { this.known.clear(); }
}
