// The process that is measured when the machine is a JavaScript one: boots a guest and passes its console on to standard output, nothing else.
//   node guest.mjs interpreter|translator|v86|v86-translator IMAGE SCALE MEMORY_BYTES
// After END it waits to be killed, so that whoever measures it can read what it used. Ours print the number of retired instructions of the region first.
import { readFileSync, writeSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { bootOurs, startV86, v86File } from './boot.mjs';

const STDOUT = 1;
const NEWLINE = 10;
const BUDGET = 1e12;

/** A line at a time: a system call for each byte would be measured too. */
function consoleWriter() {
  let line = '';
  return (byte) => {
    line += String.fromCharCode(byte);
    if (byte !== NEWLINE) return;
    writeSync(STDOUT, line);
    line = '';
  };
}

async function runOurs(executor, guest) {
  const engine = await bootOurs({ ...guest, executor });
  const exit = engine.run(BUDGET);
  writeSync(STDOUT, `RETIRED ${engine.region()?.counts.retired ?? 0} ${exit.kind}\n`);
}

const runV86 = (translates, { image, commandLine, ...guest }) => startV86({ ...guest, translates, cmdline: commandLine, multiboot: v86File(image) });

const MACHINES = {
  interpreter: (guest) => runOurs('interpreter', guest),
  translator: (guest) => runOurs('translator', guest),
  v86: (guest) => runV86(false, guest),
  'v86-translator': (guest) => runV86(true, guest),
};

// As the command does (packages/cli/src/main.ts); v86 has the same advantage.
enableCompileCache();
const [machine, imagePath, scale, memoryBytes] = process.argv.slice(2);
process.stdin.resume();
await MACHINES[machine]({ image: readFileSync(imagePath), commandLine: `scale=${scale}`, memoryBytes: Number(memoryBytes), onConsole: consoleWriter() });
