// Writes docs/system-calls.md from the lab kernel's own table of system calls.
//   node scripts/write-system-calls.mjs
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const KERNEL = fileURLToPath(new URL('../workloads/kernel', import.meta.url));
export const SYSTEM_CALLS = fileURLToPath(new URL('../docs/system-calls.md', import.meta.url));
/** The function of calls that have nothing to do in this kernel. */
const NOTHING = 'call_zero';

/** The text of `process/table.c`. */
export const readTable = () => readFileSync(join(KERNEL, 'process/table.c'), 'utf8');

/** `{ number, name, target }` of each call in a table's text: Linux's name, and the function that answers. Throws when two rows have one number. */
export function callsOf(table) {
  const rows = [...table.matchAll(/\[(\d+)\] = (call_\w+)(?: \/\* (\w+) \*\/)?,/g)].map(([, number, target, name]) => ({
    number: Number(number), name: name ?? target.replace(/^call_/, ''), target,
  }));
  const twice = rows.find(({ number }, index) => rows.findIndex((row) => row.number === number) !== index);
  if (twice !== undefined) throw new Error(`process/table.c has number ${twice.number} twice`);
  return rows.toSorted((a, b) => a.number - b.number);
}

/** In which source file each function `call_NAME` is. */
function definitions() {
  const files = readdirSync(KERNEL, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && entry.name.endsWith('.c'));
  return new Map(files.flatMap((entry) => {
    const file = join(entry.parentPath, entry.name);
    return [...readFileSync(file, 'utf8').matchAll(/^int (call_\w+)\(/gm)].map(([, target]) => [target, relative(KERNEL, file).replaceAll('\\', '/')]);
  }));
}

/** The whole document. Throws for a function that is nowhere. */
export function systemCallsDocument(table) {
  const where = definitions();
  const rows = callsOf(table).map(({ number, name, target }) => {
    const file = where.get(target);
    if (file === undefined) throw new Error(`${target} of process/table.c is in no file`);
    return `| ${number} | \`${name}\` | ${target === NOTHING ? 'has nothing to do here and succeeds' : `\`${file}\``} |`;
  });
  return `# System calls of the lab kernel

*Generated from [process/table.c](../workloads/kernel/process/table.c) by \`node scripts/write-system-calls.mjs\`. Do not edit; a test compares.*

${rows.length} calls of Linux for i386, by \`INT 80h\`, with Linux's numbers and names. Every other number gives \`ENOSYS\`. The last column is the file in
[workloads/kernel](../workloads/kernel/README.md) that answers. What differs from Linux: [docs/lab-kernel.md](lab-kernel.md).

| number | call | answered in |
|---|---|---|
${rows.join('\n')}
`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) writeFileSync(SYSTEM_CALLS, systemCallsDocument(readTable()));
