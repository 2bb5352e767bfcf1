import { eventIndex, SILICON_EVENTS, STATE_WORDS, Word } from '@ringbench/isa';
import { PageWalker } from '@ringbench/machine';
import type { GuestView } from './engine.js';

const PAGE_MASK = 0xfff;
const FIRST_EXCEPTION = eventIndex('exception.0');
const EXCEPTION_VECTORS = 32;
/** Words that hold the guest's processor, from the first up to (not including) the last, in pairs. The rest is the executor's or follows from these. */
const GUEST_WORDS: readonly (readonly [first: number, count: number])[] = ([
  ['EAX', 8], ['EIP', 1], ['FLAG_RESULT', 1], ['FLAG_CARRY', 1], ['FLAG_SYSTEM', 1], ['CPL', 1], ['CR0', 1], ['CR2', 1], ['CR3', 1], ['CR4', 1], ['DR', 8],
  ['GDTR_BASE', 1], ['GDTR_LIMIT', 1], ['IDTR_BASE', 1], ['IDTR_LIMIT', 1], ['SELECTOR', 8], ['BASE', 8], ['LIMIT', 8], ['ACCESS', 8],
  ['SYSENTER_CS', 1], ['SYSENTER_ESP', 1], ['SYSENTER_EIP', 1], ['X87_CONTROL', 1], ['X87_STATUS', 1], ['X87_TOP', 1], ['X87_VALID', 1],
  ['X87_FIP', 1], ['X87_FCS', 1], ['X87_FDP', 1], ['X87_FDS', 1], ['X87_FOP', 1], ['X87_REGISTERS', 24],
] as const).map(([name, count]) => [Word[name], count]);

/**
 * A view of a guest.
 * @param state the words of the processor's state as the guest believes them to be; copied.
 * @param events what the guest's processor did, whoever it is, by numbers of SILICON_EVENTS; copied.
 * @param readPhysical guest physical memory.
 */
export function guestView(state: Int32Array, events: Float64Array, readPhysical: (address: number, count: number) => Uint8Array): GuestView {
  const words = new Int32Array(STATE_WORDS);
  for (const [first, count] of GUEST_WORDS) words.set(state.subarray(first, first + count), first);
  const read = (page: number, offset: number, bytes: number): number => {
    const view = new DataView(readPhysical(page * (PAGE_MASK + 1) + offset, 4).buffer);
    return bytes === 4 ? view.getInt32(0, true) : bytes === 2 ? view.getUint16(0, true) : view.getUint8(0);
  };
  // A walk that writes nothing and counts where nobody looks.
  const walker = new PageWalker({ state: words, counts: new Float64Array(SILICON_EVENTS.length) }, { read, write: () => undefined });
  return {
    state: words,
    exceptions: events.slice(FIRST_EXCEPTION, FIRST_EXCEPTION + EXCEPTION_VECTORS),
    readPhysical,
    translate: (linear) => {
      const entry = walker.walk(linear | 0, false, false, false);
      return entry === 0 ? undefined : ((entry & ~PAGE_MASK) | (linear & PAGE_MASK)) >>> 0;
    },
  };
}
