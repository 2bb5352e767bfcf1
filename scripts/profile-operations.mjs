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
/**
 * What every compiler and kernel for this processor uses, whether or not the workloads at hand do: code that is not in the profile must not fall off a cliff.
 */
const BASIS = [
  ...['o', 'no', 'b', 'ae', 'e', 'ne', 'be', 'a', 's', 'ns', 'l', 'ge', 'le', 'g'].map((condition) => `j${condition}.32:`),
  ...['add', 'sub', 'and', 'or', 'xor', 'cmp', 'adc', 'sbb'].flatMap((name) => ['r,s', 'r,i', 'r,m', 'm,s'].map((form) => `${name}.32:${form}`)),
  ...['r,s', 'r,i', 'r,m', 'm,s', 'm,i', 'r,n', 'n,s', 'n,i'].map((form) => `mov.32:${form}`),
  ...['r,s', 'r,m', 'm,s', 'm,i', 'r,n', 'n,s', 'r,i'].map((form) => `mov.8:${form}`),
  'mov.16:m,s', 'mov.16:r,m', 'mov.16:m,i',
  'cmp.8:r,i', 'cmp.8:m,i', 'cmp.8:r,m', 'cmp.32:m,i', 'test.8:r,s', 'test.8:m,i', 'test.32:r,s', 'test.32:r,i', 'test.8:r,i',
  ...['m8', 'm16', 'n8', 'n16', 's8', 's16'].flatMap((source) => [`movzx.32:r,${source}`, `movsx.32:r,${source}`]),
  ...['shl', 'shr', 'sar'].flatMap((name) => [`${name}.32:r,k`, `${name}.32:r,c`]),
  'inc.32:r', 'dec.32:r', 'inc.32:m', 'dec.32:m', 'neg.32:r', 'not.32:r', 'imul2.32:r,s', 'imul2.32:r,m', 'imul3.32:r,s,i', 'mul.32:r', 'div.32:r',
  'push.32:r', 'push.32:i', 'push.32:m', 'pop.32:r', 'call.32:', 'ret.32:', 'leave.32:', 'jmp.32:', 'jmp-indirect.32:r', 'jmp-indirect.32:m', 'jmp-indirect.32:n', 'call-indirect.32:r', 'call-indirect.32:m', 'call-indirect.32:n',
  'lea.32:r,m0', 'lea.32:r,n0', 'cwd.32:', 'cbw.32:', 'nop.32:', 'cld.32:', 'xchg.32:r,s', 'sete.8:r', 'setne.8:r', 'cmove.32:r,s', 'cmovne.32:r,s', 'cmovb.32:r,s', 'cmovae.32:r,s',
  ...['movs', 'stos'].flatMap((name) => [8, 32].map((size) => `repe ${name}.${size}:`)),
  'pushf.32:', 'popf.32:', 'cli.32:', 'int.32:i', 'iret.32:', 'pusha.32:', 'popa.32:', 'push-sreg.32:x', 'pop-sreg.32:x', 'load-sreg.32:x,r16', 'mov-sreg.32:r,x', 'mov-from-cr.32:r,x',
];
const hot = { operations: [...new Set([...top(operations, Number(values.operations)), ...BASIS])], pairs: top(pairs, Number(values.pairs)).map((key) => key.split(' + ')) };
writeFileSync(new URL('packages/interpreter/src/hot-operations.json', root), `${JSON.stringify(hot, null, 1)}\n`);
process.stderr.write(`${hot.operations.length} operations, ${hot.pairs.length} pairs\n`);
