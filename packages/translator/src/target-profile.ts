/**
 * Targets that a region did not expect, before it is translated again with them: the first few, then ever more, so that a jump which goes elsewhere again and
 * again costs less and less.
 */
const FIRST_LESSON = 32;
const LESSON_FACTOR = 8;
const MOST_LESSONS = 3;
/** The most targets that are looked for in a region; a jump that has more goes through the dispatcher. */
const MOST_TARGETS = 40;
/** A target that was seen less often in a lesson is not worth a place, unless most are like that. */
const LEAST_COUNT = 2;

interface Knowledge {
  readonly counts: Map<number, number>;
  readonly targets: number[];
  noted: number;
  /** How many more are to be noted. */
  lesson: number;
  lessons: number;
}

/** Where indirect jumps and calls go, by the host address of the instruction. */
export class TargetProfile {
  private readonly known = new Map<number, Knowledge>();

  readonly wantsTargets = (host: number): boolean => (this.known.get(host)?.lessons ?? 0) < MOST_LESSONS;
  /** Those worth a place in a region, the most frequent of each lesson first; none when there are too many. */
  readonly targetsOf = (host: number): readonly number[] => this.known.get(host)?.targets ?? [];

  /** Notes a target that a region did not expect; true when the region had better be translated again. */
  note(host: number, target: number): boolean {
    const knowledge = this.known.get(host) ?? { counts: new Map<number, number>(), targets: [], noted: 0, lesson: FIRST_LESSON, lessons: 0 };
    this.known.set(host, knowledge);
    const { counts } = knowledge;
    // Another region of the same code may not know yet what was learnt.
    if (knowledge.lessons >= MOST_LESSONS) return true;
    counts.set(target, (counts.get(target) ?? 0) + 1);
    knowledge.noted++;
    return knowledge.noted >= knowledge.lesson && learn(knowledge);
  }
  forget(): void { this.known.clear(); }
}

/** Ends a lesson; true when there is something new. */
function learn(knowledge: Knowledge): boolean {
  const { counts, targets } = knowledge;
  const seen = [...counts].filter(([target, count]) => count >= LEAST_COUNT && !targets.includes(target)).toSorted(([, a], [, b]) => b - a);
  for (const [target] of seen) targets.push(target);
  counts.clear();
  knowledge.noted = 0;
  knowledge.lesson *= LESSON_FACTOR;
  knowledge.lessons++;
  if (targets.length > MOST_TARGETS) {
    targets.length = 0;
    knowledge.lessons = MOST_LESSONS;
  }
  return seen.length > 0;
}
