// A guest on a machine in this process: ours, and v86 from its API.
import { createRequire } from 'node:module';
import { loadCell } from '../../../packages/cli/dist/bundle.js';

/** An engine of the native core with a bare guest loaded, not yet run. */
export async function bootOurs({ executor, image, commandLine, memoryBytes, onConsole }) {
  const { registry } = await loadCell();
  const core = await registry.load('native');
  const engine = core.create({ memoryBytes, settings: { executor }, onConsole });
  const loaded = engine.load({ name: 'guest', format: 'multiboot', bytes: image, commandLine });
  if (!loaded.ok) throw new Error(loaded.problem);
  return engine;
}

/** A file's bytes as v86 wants them. */
export function v86File(bytes) {
  return { buffer: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) };
}

/** v86, running from the next turn of the event loop on. `options` say what it boots. */
export async function startV86({ translates, memoryBytes, onConsole, ...options }) {
  const require = createRequire(import.meta.url);
  const { V86 } = await import(require.resolve('v86/build/libv86.mjs'));
  // v86 takes a write to the debug-exit port as the end of a test and throws a string.
  process.on('uncaughtException', (error) => {
    if (error !== 'HALT') throw error;
  });
  const machine = new V86({ wasm_path: require.resolve('v86/build/v86.wasm'), memory_size: memoryBytes, disable_jit: !translates, autostart: true, ...options });
  machine.add_listener('serial0-output-byte', onConsole);
  return machine;
}
