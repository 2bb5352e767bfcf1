import { EVENT_FIELDS, Marker, type EventField } from './protocol.ts';

/** What a machine made of a scenario. Without `events` it did not come to an end: a triple fault reset the machine, or it hung. */
export interface Answer {
  readonly end: 'finished' | 'shutdown' | 'hung';
  readonly events: readonly (readonly number[])[];
  /** Address, new value and old value of each changed double word of the world. */
  readonly changes: readonly (readonly [address: number, value: number, before: number])[];
}

/** The six arithmetic flags: the handler has changed them before it can store EFLAGS. The interrupted program's are in the frame. */
const ARITHMETIC_FLAGS = 0x8d5;
const MASKS: Partial<Record<EventField, number>> = { eflags: ~ARITHMETIC_FLAGS };
const STARTED_BYTES = 8;
const FINISHED_BYTES = 16;
const CHANGE_BYTES = 12;

/** Reads what an image printed: answers by number, and the number of the scenario that did not end, if the output stops within one. */
export function parseOutput(output: Uint8Array): { answers: Map<number, Answer>; unfinished: number | undefined } {
  const view = new DataView(output.buffer, output.byteOffset, output.byteLength);
  const answers = new Map<number, Answer>();
  let unfinished: number | undefined;
  let at = findStart(view);
  while (at + STARTED_BYTES <= view.byteLength) {
    if (view.getInt32(at, true) !== Marker.STARTED) throw new Error(`no scenario starts at byte ${at} of the output`);
    unfinished = view.getInt32(at + 4, true);
    at += STARTED_BYTES;
    const read = readAnswer(view, at);
    if (read === undefined) break;
    answers.set(unfinished, read.answer);
    unfinished = undefined;
    at = read.next;
  }
  return { answers, unfinished };
}

/** Firmware may print before the image runs. */
function findStart(view: DataView): number {
  for (let at = 0; at + STARTED_BYTES <= view.byteLength; at++) if (view.getInt32(at, true) === Marker.STARTED && view.getInt32(at + 4, true) >= 0) return at;
  return view.byteLength;
}

function readAnswer(view: DataView, start: number): { answer: Answer; next: number } | undefined {
  if (start + FINISHED_BYTES > view.byteLength || view.getInt32(start, true) !== Marker.FINISHED) return undefined;
  const eventCount = view.getInt32(start + 8, true);
  const changeCount = view.getInt32(start + 12, true);
  const changesAt = start + FINISHED_BYTES + eventCount * EVENT_FIELDS.length * 4;
  const next = changesAt + changeCount * CHANGE_BYTES;
  if (next > view.byteLength) return undefined;
  const number = (at: number): number => view.getUint32(at, true);
  const event = (index: number): number[] => EVENT_FIELDS.map((field, word) => (number(start + FINISHED_BYTES + (index * EVENT_FIELDS.length + word) * 4) & (MASKS[field] ?? -1)) >>> 0);
  return {
    answer: {
      end: 'finished',
      events: Array.from({ length: eventCount }, (_, index) => event(index)),
      changes: Array.from({ length: changeCount }, (_, index) => {
        const change = changesAt + index * CHANGE_BYTES;
        return [number(change), number(change + 4), number(change + 8)] as const;
      }),
    },
    next,
  };
}

const hex = (value: number): string => value.toString(16);

/** The canonical line of an event, for people. */
export function formatEvent(event: readonly number[]): string {
  return EVENT_FIELDS.map((field, index) => `${field}=${hex(event[index])}`).join(' ');
}

/** One place at which two answers differ, and what each has there. */
export interface Difference {
  /** `end`, `events`, `event0 cs`, or `memory 1004c` (the address in hex). */
  readonly place: string;
  readonly ours: number | string;
  readonly theirs: number | string;
}

/** Where two answers differ. Empty when they agree. */
export function differences(ours: Answer, theirs: Answer): Difference[] {
  if (ours.end !== theirs.end) return [{ place: 'end', ours: ours.end, theirs: theirs.end }];
  const found: Difference[] = [];
  const compare = (place: string, our: number, their: number): void => {
    if (our !== their) found.push({ place, ours: our, theirs: their });
  };
  compare('events', ours.events.length, theirs.events.length);
  for (let index = 0; index < Math.min(ours.events.length, theirs.events.length); index++) {
    EVENT_FIELDS.forEach((field, word) => compare(`event${index} ${field}`, ours.events[index][word], theirs.events[index][word]));
  }
  const before = new Map([...ours.changes, ...theirs.changes].map(([address, , old]) => [address, old]));
  const ourMemory = new Map(ours.changes.map(([address, value]) => [address, value]));
  const theirMemory = new Map(theirs.changes.map(([address, value]) => [address, value]));
  for (const [address, old] of before) compare(`memory ${hex(address)}`, ourMemory.get(address) ?? old, theirMemory.get(address) ?? old);
  return found;
}

export const formatDifference = ({ place, ours, theirs }: Difference): string => `${place} ${typeof ours === 'number' ? hex(ours) : ours} ${typeof theirs === 'number' ? hex(theirs) : theirs}`;

const FIRST_WITH_CODE = 10;
const LAST_WITH_CODE = 14;
const DOUBLE_FAULT = 8;
/** The vectors of an answer, in decimal, with error codes in hex where there are some: `13(100) 64`; or how it ended. */
export function signature({ end, events }: Answer): string {
  if (end !== 'finished') return end;
  const frame = EVENT_FIELDS.indexOf('frame0');
  return events.map((event) => (event[0] === DOUBLE_FAULT || (event[0] >= FIRST_WITH_CODE && event[0] <= LAST_WITH_CODE) ? `${event[0]}(${hex(event[frame])})` : `${event[0]}`)).join(' ');
}
