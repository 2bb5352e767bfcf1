import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { totalmem } from 'node:os';
import type { Arguments, Context } from '../context.js';
import { ExitCode } from '../exit-codes.js';
import { OLDEST_NODE } from '../node-version.js';
import { textTable } from '../text-table.js';

const PROBE_MILLISECONDS = 10_000;
const GIBIBYTE = 1 << 30;
const WANTED_MEMORY_GIB = 2;

/** What a program prints on its first line; undefined if it is missing or fails. */
function firstLine(program: string, ...words: readonly string[]): string | undefined {
  try {
    const text = execFileSync(program, [...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: PROBE_MILLISECONDS });
    return text.split('\n')[0]?.trim();
  } catch {
    return undefined;
  }
}

/** The 32-bit C library that static user programs link: gcc prints a bare name for a file that it does not have. */
function findMultilib(): string | undefined {
  const path = firstLine('gcc', '-m32', '-print-file-name=libc.a');
  return path !== undefined && path.includes('/') && /(?:\/32\/|lib32|i[3-6]86)/.test(path) && existsSync(path) ? path : undefined;
}

function memory(): string | undefined {
  const gibibytes = totalmem() / GIBIBYTE;
  return gibibytes >= WANTED_MEMORY_GIB ? `${gibibytes.toFixed(1)} GiB` : undefined;
}

interface Tool {
  readonly name: string;
  readonly purpose: string;
  /** How to get it. */
  readonly remedy: string;
  /** What was found; undefined if it is not there. */
  readonly find: () => string | undefined;
}

const debian = (name: string): string => `Debian package ${name}`;

const TOOLS: readonly Tool[] = [
  { name: 'node', purpose: 'runs everything', remedy: `Node ${OLDEST_NODE}; \`npm start\` brings its own`, find: () => process.versions.node },
  { name: 'memory', purpose: 'measuring processes', remedy: `a host with ${WANTED_MEMORY_GIB} GiB`, find: memory },
  { name: 'gcc', purpose: 'rebuilding workloads (their images are committed)', remedy: debian('gcc'), find: () => firstLine('gcc', '--version') },
  { name: 'multilib', purpose: 'rebuilding static i386 programs', remedy: debian('gcc-multilib'), find: findMultilib },
  { name: 'nasm', purpose: 'assembling instruction tests', remedy: debian('nasm'), find: () => firstLine('nasm', '--version') },
  { name: 'qemu-system-i386', purpose: 'running workloads on an independent emulator', remedy: debian('qemu-system-x86'), find: () => firstLine('qemu-system-i386', '--version') },
  { name: 'chromium', purpose: 'looking at the report in tests', remedy: debian('chromium'), find: () => firstLine('chromium', '--version') },
];

/** `ringbench doctor`: says what of the optional tools is present. Nothing that is missing is an error. */
export async function doctor({ output }: Context, _given: Arguments): Promise<ExitCode> {
  const value = TOOLS.map(({ name, purpose, remedy, find }) => ({ name, found: find() ?? null, purpose, remedy }));
  output.data(value, () => textTable(['tool', 'found', 'for', 'how to get it'], value.map(({ name, found, purpose, remedy }) => [name, found ?? 'MISSING', purpose, remedy])));
  return ExitCode.ok;
}
