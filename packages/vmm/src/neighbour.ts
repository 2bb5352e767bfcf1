import { Region, type MachineMemory } from '@ringbench/machine';
import { Owner, type Allocator } from './allocator.js';

const PAGE_BYTES = 4096;
const PAGE_WORDS = PAGE_BYTES / 4;
const GOLDEN_RATIO = 0x9e3779b1;
/** The owner of the neighbour's pages: a second virtual machine. */
const NEIGHBOUR = Owner.FIRST_VM + 1;

/** What the neighbour's memory has at a word: different at each, so that a page copied elsewhere shows too. */
const patternAt = (page: number, word: number): number => Math.imul(page * PAGE_WORDS + word + 1, GOLDEN_RATIO);

/**
 * Pages of the machine that belong to a second virtual machine, in between those of the guest under observation. Nobody has business there: a page that is
 * not as it was is a failure of resource control (Popek & Goldberg), and a guest that saw one would show another result than on a machine of its own.
 */
export class Neighbour {
  private readonly pages: readonly number[];

  /** Takes `count` pages among the next `guestPages + count` free ones, evenly spread; call it right before the guest's are allocated. */
  constructor(private readonly memory: MachineMemory, allocator: Allocator, count: number, guestPages: number) {
    this.pages = takeSpread(allocator, count, guestPages);
    for (const page of this.pages) {
      const words = this.wordsOf(page);
      for (let word = 0; word < PAGE_WORDS; word++) words[word] = patternAt(page, word);
    }
  }

  /** Machine page numbers of those that changed. */
  changes(): readonly number[] {
    return this.pages.filter((page) => this.wordsOf(page).some((value, word) => value !== patternAt(page, word)));
  }

  private wordsOf(page: number): Int32Array { return new Int32Array(this.memory.buffer, Region.RAM + page * PAGE_BYTES, PAGE_WORDS); }
}

function takeSpread(allocator: Allocator, count: number, guestPages: number): readonly number[] {
  if (count === 0) return [];
  const first = allocator.allocate(NEIGHBOUR);
  if (first === undefined) throw new Error('the machine was built without memory for a neighbour');
  const stride = Math.floor((guestPages + count) / count);
  const rest = Array.from({ length: count - 1 }, (_, index) => first + (index + 1) * stride);
  for (const page of rest) allocator.claim(page, NEIGHBOUR);
  return [first, ...rest];
}
