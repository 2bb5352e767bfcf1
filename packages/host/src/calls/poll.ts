import { ErrorNumber, Restart } from '../abi/errors.js';
import { INSTRUCTIONS_PER_SECOND } from '@ringbench/machine';
import type { Process } from '../process/process.js';
import { loadWords, storeWords, type Call, type CallServices } from './call.js';

/** Events of struct pollfd: descriptor, then wanted and found events, 16 bits each. */
const Event = { IN: 1, OUT: 4, INVALID: 0x20 } as const;
const WORDS = 2;
const MOST = 1024;
const FOUND_SHIFT = 16;
const LOW_WORD = 0xffff;
const INSTRUCTIONS_PER_MILLISECOND = INSTRUCTIONS_PER_SECOND / 1000;

/** Looks at all; how many have something. */
function look(process: Process, words: Int32Array): number {
  let found = 0;
  for (let at = 0; at < words.length; at += WORDS) {
    const [descriptor, wanted] = [words[at], words[at + 1] & LOW_WORD];
    const open = process.files.get(descriptor);
    const events = descriptor < 0 ? 0 : open === undefined ? Event.INVALID : (open.file.isReadable ? Event.IN & wanted : 0) | (open.file.isWritable ? Event.OUT & wanted : 0);
    words[at + 1] = wanted | (events << FOUND_SHIFT);
    if (events !== 0) found++;
  }
  return found;
}

/** Has the process woken by whatever happens to its files, and by the clock. Returns how to end that. */
function watch({ clock, processes }: CallServices, process: Process, words: Int32Array, end: number): () => void {
  const listener = (): void => processes.wake(process);
  const files = Array.from({ length: words.length / WORDS }, (_, index) => process.files.get(words[WORDS * index])?.file).filter((file) => file !== undefined);
  for (const file of files) file.listeners.add(listener);
  const alarm = end === Infinity ? undefined : clock.alarm(listener, end);
  return () => {
    for (const file of files) file.listeners.delete(listener);
    if (alarm !== undefined) clock.cancel(alarm);
  };
}

const poll: Call = (services, process, [at, count, timeout]) => {
  if (count < 0 || count > MOST) return -ErrorNumber.INVAL;
  const words = loadWords(process, at, WORDS * count);
  if (words === undefined) return -ErrorNumber.FAULT;
  const { clock } = services;
  const end = timeout < 0 ? Infinity : clock.now + timeout * INSTRUCTIONS_PER_MILLISECOND;
  const answer = (): number | undefined => {
    const found = look(process, words);
    if (found === 0 && clock.now < end) return undefined;
    return storeWords(process, at, [...words]) ? found : -ErrorNumber.FAULT;
  };
  const first = answer();
  if (first !== undefined) return first;
  const stop = watch(services, process, words, end);
  return {
    attempt: () => {
      const later = answer();
      if (later !== undefined) stop();
      return later;
    },
    interrupted: Restart.NO_HANDLER,
    cancel: stop,
  };
};

export const pollCalls = { poll } as const satisfies Readonly<Record<string, Call>>;
