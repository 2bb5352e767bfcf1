// The process that is measured when the machine is a JavaScript one: boots a guest and passes its console on to standard output, nothing else.
//   node guest.mjs interpreter|translator|v86|v86-translator IMAGE SCALE MEMORY_BYTES
// After END it waits to be killed, so that whoever measures it can read what it used. Ours print the number of retired instructions of the region first.
import { readFileSync, writeSync } from 'node:fs';
import { createRequire, enableCompileCache } from 'node:module';

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

async function runOurs(executor, image, commandLine, memoryBytes) {
  const { core } = await import('../../../packages/core-native/dist/index.js');
  const engine = core.create({ memoryBytes, settings: { executor }, onConsole: consoleWriter() });
  const loaded = engine.load({ name: 'guest', format: 'multiboot', bytes: image, commandLine });
  if (!loaded.ok) throw new Error(loaded.problem);
  const exit = engine.run(BUDGET);
  writeSync(STDOUT, `RETIRED ${engine.region()?.counts.retired ?? 0} ${exit.kind}\n`);
}

async function runV86(translates, image, commandLine, memoryBytes) {
  const require = createRequire(import.meta.url);
  const { V86 } = await import(require.resolve('v86/build/libv86.mjs'));
  // v86 takes a write to the debug-exit port as the end of a test and throws a string.
  process.on('uncaughtException', (error) => {
    if (error !== 'HALT') throw error;
  });
  const machine = new V86({
    wasm_path: require.resolve('v86/build/v86.wasm'), memory_size: memoryBytes, disable_jit: !translates, autostart: true, cmdline: commandLine,
    multiboot: { buffer: image.buffer.slice(image.byteOffset, image.byteOffset + image.byteLength) },
  });
  machine.add_listener('serial0-output-byte', consoleWriter());
}

const MACHINES = {
  interpreter: (...guest) => runOurs('interpreter', ...guest),
  translator: (...guest) => runOurs('translator', ...guest),
  v86: (...guest) => runV86(false, ...guest),
  'v86-translator': (...guest) => runV86(true, ...guest),
};

// As the command does (packages/cli/src/main.ts); v86 has the same advantage.
enableCompileCache();
const [machine, imagePath, scale, memoryBytes] = process.argv.slice(2);
process.stdin.resume();
await MACHINES[machine](readFileSync(imagePath), `scale=${scale}`, Number(memoryBytes));
