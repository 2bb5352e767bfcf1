import { ErrorNumber } from '../abi/errors.js';
import { loadWords, storeWords, type Call, type CallServices } from './call.js';
import { fromMicroseconds, fromNanoseconds, inMicroseconds, inNanoseconds } from './timers.js';

const CLOCK_REALTIME = 0;
const CLOCK_MONOTONIC = 1;
/** The process's own time, and the coarse and raw kin of the first two: all are guest time here. */
const CLOCKS: readonly number[] = [CLOCK_REALTIME, CLOCK_MONOTONIC, 4, 5, 6, 7];
/** When the world begins: the date that the machine's clock shows, too (2001-01-01). */
const START_OF_TIME = 978_307_200;
const ITIMER_REAL = 0;
const MICROSECONDS_PER_SECOND = 1_000_000;
const NANOSECONDS_PER_SECOND = 1_000_000_000;
const TIMER_WORDS = 4;

function clockValue({ clock }: CallServices, id: number): readonly [number, number] | undefined {
  if (!CLOCKS.includes(id)) return undefined;
  const [seconds, nanoseconds] = inNanoseconds(clock.now);
  return [seconds + (id === CLOCK_REALTIME || id === 5 ? START_OF_TIME : 0), nanoseconds];
}

const stored = (done: boolean): number => (done ? 0 : -ErrorNumber.FAULT);

const setTimer: Call = ({ timers }, process, [which, value, old]) => {
  const words = loadWords(process, value, TIMER_WORDS);
  if (words === undefined) return -ErrorNumber.FAULT;
  const [intervalSeconds, intervalMicroseconds, seconds, microseconds] = words;
  const isWrong = [intervalMicroseconds, microseconds].some((part) => part < 0 || part >= MICROSECONDS_PER_SECOND) || seconds < 0 || intervalSeconds < 0;
  // The host has no timer in a process's own time: nothing that it runs asks for one.
  if (isWrong || which !== ITIMER_REAL) return -ErrorNumber.INVAL;
  const [left, interval] = timers.setReal(process, fromMicroseconds(seconds, microseconds), fromMicroseconds(intervalSeconds, intervalMicroseconds));
  return old === 0 ? 0 : stored(storeWords(process, old, [...inMicroseconds(interval), ...inMicroseconds(left)]));
};

const sleep: Call = ({ clock, processes }, process, [request, remainder]) => {
  const words = loadWords(process, request, 2);
  if (words === undefined) return -ErrorNumber.FAULT;
  if (words[0] < 0 || words[1] < 0 || words[1] >= NANOSECONDS_PER_SECOND) return -ErrorNumber.INVAL;
  const end = clock.now + fromNanoseconds(words[0], words[1]);
  // Beyond exact time is never.
  const alarm = end > Number.MAX_SAFE_INTEGER ? undefined : clock.alarm(() => processes.wake(process), end);
  return {
    attempt: () => (clock.now >= end ? 0 : undefined),
    interrupted: ErrorNumber.INTR,
    cancel: () => {
      if (alarm !== undefined) clock.cancel(alarm);
      if (remainder !== 0) storeWords(process, remainder, inNanoseconds(Math.max(0, end - clock.now)));
    },
  };
};

export const timeCalls = {
  setitimer: setTimer,
  getitimer: ({ timers }, process, [which, value]) => {
    if (which !== ITIMER_REAL) return -ErrorNumber.INVAL;
    const [left, interval] = timers.realOf(process);
    return stored(storeWords(process, value, [...inMicroseconds(interval), ...inMicroseconds(left)]));
  },
  alarm: ({ timers }, process, [seconds]) => {
    const [left] = timers.setReal(process, fromMicroseconds(seconds >>> 0, 0), 0);
    const [whole, part] = inMicroseconds(left);
    return whole + (part > 0 ? 1 : 0);
  },
  nanosleep: sleep,
  'clock-gettime': (services, process, [id, at]) => {
    const value = clockValue(services, id);
    return value === undefined ? -ErrorNumber.INVAL : stored(storeWords(process, at, value));
  },
  'clock-gettime64': (services, process, [id, at]) => {
    const value = clockValue(services, id);
    return value === undefined ? -ErrorNumber.INVAL : stored(storeWords(process, at, [value[0], 0, value[1], 0]));
  },
  'clock-getres': (_services, process, [id, at]) => {
    if (!CLOCKS.includes(id)) return -ErrorNumber.INVAL;
    return at === 0 ? 0 : stored(storeWords(process, at, [0, 1]));
  },
  gettimeofday: ({ clock }, process, [at]) => {
    const [seconds, microseconds] = inMicroseconds(clock.now);
    return at === 0 ? 0 : stored(storeWords(process, at, [seconds + START_OF_TIME, microseconds]));
  },
  time: ({ clock }, process, [at]) => {
    const seconds = inMicroseconds(clock.now)[0] + START_OF_TIME;
    return at === 0 || storeWords(process, at, [seconds]) ? seconds : -ErrorNumber.FAULT;
  },
} as const satisfies Readonly<Record<string, Call>>;
