// Measures which operations and pairs of operations the workloads execute, and writes the interpreter's hot set.
//   node scripts/profile-operations.mjs [--operations N] [--pairs N] [WORKLOAD…]
// Needs a build (npx tsc -b). The result is data: packages/interpreter/src/hot-operations.json; rebuild afterwards.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Machine } from '../packages/machine/dist/index.js';
import { Interpreter } from '../packages/interpreter/dist/index.js';
import { loadMultiboot, startGuest } from '../packages/engine/dist/index.js';

const MICRO_OP_BYTES = 32;
const BUDGET_PER_WORKLOAD = 4_000_000;
const MEMORY_BYTES = 64 << 20;
const root = new URL('../', import.meta.url);
const { values, positionals } = parseArgs({ allowPositionals: true, options: { operations: { type: 'string', default: '150' }, pairs: { type: 'string', default: '80' } } });

const names = positionals.length > 0 ? positionals : readdirSync(new URL('workloads/', root)).filter((name) => {
  try { return readFileSync(new URL(`workloads/${name}/workload.json`, root)) !== undefined; } catch { return false; }
});
const operations = new Map();
const pairs = new Map();
const add = (map, key, weight) => map.set(key, (map.get(key) ?? 0) + weight);

for (const name of names) {
  const single = new Map();
  const double = new Map();
  let last = 0;
  let lastKey = '';
  const machine = new Machine({ ramBytes: MEMORY_BYTES, createExecutor: (processor) => {
    const interpreter = new Interpreter(processor, { operations: [], pairs: [] });
    interpreter.onMicroOp = (u, operation) => {
      if (operation?.code === undefined || !operation.shape.flat || operation.key.includes('@') || operation.key.includes('~')) { last = 0; return; }
      add(single, operation.key, 1);
      if (u === last + MICRO_OP_BYTES) add(double, `${lastKey} + ${operation.key}`, 1);
      last = operation.terminal ? 0 : u;
      lastKey = operation.key;
    };
    return interpreter;
  } });
  const image = { name, format: 'multiboot', bytes: readFileSync(new URL(`workloads/${name}/image.elf`, root)) };
  const start = loadMultiboot(image, MEMORY_BYTES, (physical, bytes) => machine.processor.mmu.writePhysical(physical, bytes));
  if (!start.ok) throw new Error(start.problem);
  startGuest(machine.processor, start);
  machine.run(BUDGET_PER_WORKLOAD);
  // Each workload weighs the same, whatever its length.
  const total = machine.retired;
  for (const [key, count] of single) add(operations, key, count / total);
  for (const [key, count] of double) add(pairs, key, count / total);
  process.stderr.write(`${name}: ${total} instructions, ${single.size} operations\n`);
}

const top = (map, count) => [...map].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, count).map(([key]) => key);
// The jump that continues a long block, and what every compiler emits, belong in whatever the profile says.
const hot = { operations: [...new Set([...top(operations, Number(values.operations)), 'jmp.32:'])], pairs: top(pairs, Number(values.pairs)).map((key) => key.split(' + ')) };
writeFileSync(new URL('packages/interpreter/src/hot-operations.json', root), `${JSON.stringify(hot, null, 1)}\n`);
process.stderr.write(`${hot.operations.length} operations, ${hot.pairs.length} pairs\n`);
