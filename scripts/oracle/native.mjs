// Builds step.c and runs cases through it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('step.c', import.meta.url));
const COMPILER_OPTIONS = ['-m32', '-O1', '-fno-pie', '-no-pie'];
const ANSWER_BYTES = 1 << 30;
const FIXED_FIELDS = 19;
const GENERAL_REGISTERS = 8;
const PUSHED_TRAP_FLAG = 0x01;
const SINGLE_STEP = 1;

const hex = (value) => (value >>> 0).toString(16);

/** The model name of the host's processor, or what is known of it. */
export function hostProcessor() {
  try {
    return /^model name\s*: (.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? process.arch;
  } catch {
    return process.arch;
  }
}

/** Builds the stepper; `{ run, low, ldt, dispose }`, or `{ skipped: reason }` where that is impossible. */
export function openStepper() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return { skipped: `needs Linux on x86-64, this is ${process.platform} on ${process.arch}` };
  const directory = mkdtempSync(join(tmpdir(), 'silicon-'));
  const program = join(directory, 'step');
  const dispose = () => rmSync(directory, { recursive: true });
  const built = spawnSync('gcc', [...COMPILER_OPTIONS, '-o', program, SOURCE], { encoding: 'utf8' });
  if (built.error !== undefined || built.status !== 0) {
    dispose();
    return { skipped: built.error === undefined ? 'gcc -m32 cannot build 32-bit programs (gcc-multilib is missing)' : 'gcc is not installed' };
  }
  const first = spawnSync(program, [], { input: '', encoding: 'utf8' });
  if (first.status !== 0) {
    dispose();
    return { skipped: 'the host does not run 32-bit programs or refuses the memory map of step.c' };
  }
  const [, low, ldt] = /^low (\d) ldt (\d)/.exec(first.stdout).map(Number);
  return { low: low === 1, ldt: ldt === 1, dispose, run: (cases) => runCases(program, cases) };
}

/** Adds `silicon`, the outcome, to each case. */
function runCases(program, cases) {
  const input = cases.map((test) => [test.code, ...test.registers.map(hex), hex(test.eflags), hex(test.seed), ...test.segments.map(hex), ...test.pokes.map(([at, bytes]) => `${hex(at)}:${bytes}`)].join(' '));
  const child = spawnSync(program, [], { input: `${input.join('\n')}\n`, encoding: 'latin1', maxBuffer: ANSWER_BYTES });
  const lines = child.stdout.split('\n').slice(1, -1);
  if (child.status !== 0 || lines.length !== cases.length) {
    throw new Error(`step.c died (${child.signal ?? child.status}) at case ${lines.length}: ${input[lines.length]}`);
  }
  return cases.map((test, i) => ({ ...test, silicon: withoutInhibited(test, withoutTrapFlag(test, parseOutcome(lines[i]))) }));
}

function parseOutcome(line) {
  const words = line.split(' ');
  const [vector, error, cr2, eip, ...rest] = words.slice(0, FIXED_FIELDS).map((word) => parseInt(word, 16));
  const writes = words.slice(FIXED_FIELDS).map((word) => {
    const [address, bytes] = word.split(':');
    return [parseInt(address, 16), bytes];
  });
  return { vector, error, cr2, eip, registers: rest.slice(0, GENERAL_REGISTERS), eflags: rest[GENERAL_REGISTERS], selectors: rest.slice(GENERAL_REGISTERS + 1), writes };
}

/** PUSHF shows the TF that the method needs: bit 0 of the image's second byte. */
function withoutTrapFlag(test, outcome) {
  if (test.mnemonic !== 'pushf') return outcome;
  const second = outcome.registers[4] + 1;
  const writes = outcome.writes.map(([address, bytes]) => {
    const at = second - address;
    if (at < 0 || at * 2 >= bytes.length) return [address, bytes];
    const byte = parseInt(bytes.slice(at * 2, at * 2 + 2), 16) & ~PUSHED_TRAP_FLAG;
    return [address, bytes.slice(0, at * 2) + byte.toString(16).padStart(2, '0') + bytes.slice(at * 2 + 2)];
  });
  return { ...outcome, writes };
}

/** MOV SS and POP SS hold the single-step trap back for one instruction (SDM vol. 3, 6.8.3): a NOP of one byte in step.c, which changes EIP only. */
function withoutInhibited(test, outcome) {
  const inhibits = test.target === 'SS' && (test.mnemonic === 'load-sreg' || test.mnemonic === 'pop-sreg');
  return inhibits && outcome.vector === SINGLE_STEP ? { ...outcome, eip: outcome.eip - 1 } : outcome;
}
