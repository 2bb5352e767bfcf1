// The process whose warm-up is measured: runs a compute kernel and notes how many instructions it retired in each window of time since it was started.
//   node warm-up-guest.mjs MACHINE IMAGE MEMORY_BYTES STARTED WINDOW_MS WINDOWS
// STARTED: when this process was started, in milliseconds since 1970. Prints one line of JSON: `firstInstructionMs`, and `instructions` of each window.
import { readFileSync, writeSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { bootOurs, startV86, v86File } from './boot.mjs';

const STDOUT = 1;
/** More than can be done while it is watched. */
const COMMAND_LINE = 'scale=1000000';
/** A fraction of a window even for an interpreter, and so many that looking at the clock does not show. */
const SLICE = 250_000;
const POLL_MS = 1;
/** v86's counter has 32 bits. */
const COUNTER_BITS = 32;

enableCompileCache();
const [machine, imagePath, ...numbers] = process.argv.slice(2);
const [memoryBytes, started, windowMs, windows] = numbers.map(Number);
const sinceStart = () => performance.timeOrigin + performance.now() - started;
const instructions = Array.from({ length: windows }, () => 0);
let firstInstructionMs;

/** Books instructions that were retired up to now; false when the last window is over. */
function book(retired) {
  const window = Math.floor(sinceStart() / windowMs);
  if (window < windows) instructions[window] += retired;
  return window < windows;
}

function finish() {
  writeSync(STDOUT, `${JSON.stringify({ firstInstructionMs, instructions })}\n`);
}

async function watchOurs(executor, guest) {
  const engine = await bootOurs({ ...guest, executor, commandLine: COMMAND_LINE });
  engine.run(1);
  firstInstructionMs = sinceStart();
  let before = engine.retired;
  do {
    before = engine.retired;
    engine.run(SLICE);
  } while (book(engine.retired - before));
  finish();
}

/** v86 runs in turns of the event loop, so that a timer can look at its counter. */
async function watchV86(translates, { image, ...guest }) {
  const v86 = await startV86({ ...guest, translates, cmdline: COMMAND_LINE, multiboot: v86File(image) });
  let before = 0;
  const poll = setInterval(() => {
    const now = v86.get_instruction_counter();
    if (now !== 0) firstInstructionMs ??= sinceStart();
    const retired = (now - before + 2 ** COUNTER_BITS) % 2 ** COUNTER_BITS;
    before = now;
    if (book(retired)) return;
    clearInterval(poll);
    finish();
  }, POLL_MS);
}

const MACHINES = {
  interpreter: (guest) => watchOurs('interpreter', guest),
  translator: (guest) => watchOurs('translator', guest),
  v86: (guest) => watchV86(false, guest),
  'v86-translator': (guest) => watchV86(true, guest),
};

process.stdin.resume();
await MACHINES[machine]({ image: readFileSync(imagePath), memoryBytes, onConsole: () => undefined });
