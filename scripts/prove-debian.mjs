// Boots Debian's i386 kernel, which nobody here wrote, to a shell on every core and lets it compute something.
//
//   node scripts/prove-debian.mjs [--core a,b] [--boot-only] [--json]
//
// For each core: boots to the prompt; all cores must print the same bytes up to there and have retired the same number of instructions. Then boots
// again, types the name of a script and compares what it prints with what it must; at last the guest halts. Exit code 1 when anything differs, 0 and a
// reason where Debian's packages cannot be had. The files stay in .cache/debian.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chosenCores } from './cores.mjs';
import { buildInitramfs, expectedOutput } from './debian/initramfs.mjs';
import { CACHE, fetchGuests, obtain } from './debian/packages.mjs';

const RINGBENCH = fileURLToPath(new URL('../packages/cli/dist/main.js', import.meta.url));
const PROMPT = '/ # ';
const COMMAND_LINE = 'console=ttyS0 panic=-1 nokaslr';
const DEADLINE_MS = 600_000;

const { values } = parseArgs({ options: { core: { type: 'string' }, 'boot-only': { type: 'boolean', default: false }, json: { type: 'boolean', default: false } } });
const cores = chosenCores(values.core);
const say = (text) => process.stderr.write(`prove-debian: ${text}\n`);

/** Runs `ringbench boot`; resolves with what it printed. `onConsole` sees the console's bytes so far and may type. */
function boot(core, files, extra, onConsole = () => undefined) {
  const args = ['boot', '--core', core, '--memory', '128M', '--kernel', files.kernel, '--initrd', files.initrd, '--append', COMMAND_LINE, '--json', ...extra];
  const child = spawn(process.execPath, [RINGBENCH, ...args], { stdio: ['pipe', 'pipe', 'pipe'], timeout: DEADLINE_MS });
  return new Promise((resolve, reject) => {
    let [summary, console] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text) => (summary += text));
    // With --json the guest's console goes to stderr, byte by byte.
    child.stderr.setEncoding('latin1').on('data', (text) => {
      console += text;
      onConsole(console, (line) => child.stdin.write(line));
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (summary === '') reject(new Error(`${core}: boot ended with code ${code} and without a summary: ${console.slice(-300)}`));
      else resolve({ code, console, summary: JSON.parse(summary) });
    });
  });
}

async function bootToPrompt(core, files) {
  const { code, console, summary } = await boot(core, files, ['--until', PROMPT]);
  if (code !== 0) throw new Error(`${core}: no prompt; ${summary.detail}`);
  const bytes = console.slice(0, console.indexOf(PROMPT) + PROMPT.length);
  return { core, retired: summary.retired, seconds: summary.seconds, consoleBytes: bytes.length, consoleSha256: createHash('sha256').update(bytes, 'latin1').digest('hex') };
}

/** Types the script's name at the prompt and asks for the end at the next; the lines between the two. */
async function runScript(core, files) {
  let prompts = 0;
  const typed = ['sh /check.sh\n', 'poweroff -f\n'];
  const { code, console, summary } = await boot(core, files, [], (text, type) => {
    const seen = text.split(PROMPT).length - 1;
    for (; prompts < seen && prompts < typed.length; prompts++) type(typed[prompts]);
  });
  const between = console.split(PROMPT)[1] ?? '';
  return { core, code, outcome: summary.outcome, retired: summary.retired, lines: between.split('\r\n').slice(1, -1) };
}

function compareBoots(boots) {
  const [first, ...others] = boots;
  return others.flatMap((other) => ['retired', 'consoleSha256'].filter((key) => other[key] !== first[key]).map((key) => `${key} differs: ${first.core} ${first[key]}, ${other.core} ${other[key]}`));
}

function checkScript({ core, code, outcome, lines }, expected) {
  const problems = expected.flatMap((line, at) => (lines[at] === line ? [] : [`${core}: line ${at + 1} of the script is "${lines[at] ?? ''}", not "${line}"`]));
  return code === 0 && outcome !== 'left' ? problems : [...problems, `${core}: ended as ${outcome}, exit code ${code}`];
}

async function main() {
  const { guests, reason } = obtain(() => fetchGuests(say));
  if (guests === undefined) return say(`skipped: ${reason}`);
  const initrd = join(CACHE, 'initramfs.gz');
  writeFileSync(initrd, buildInitramfs(guests.busybox.bytes));
  if (!existsSync(RINGBENCH)) throw new Error('packages/cli is not built; run npx tsc -b');
  const files = { kernel: guests.kernel.path, initrd };
  const boots = [];
  const scripts = [];
  for (const core of cores) {
    say(`${core}: booting ${guests.kernel.package} to the prompt`);
    boots.push(await bootToPrompt(core, files));
    if (values['boot-only']) continue;
    say(`${core}: booting again to run the script`);
    scripts.push(await runScript(core, files));
  }
  const expected = expectedOutput();
  const problems = [...compareBoots(boots), ...scripts.flatMap((script) => checkScript(script, expected))];
  if (values.json) process.stdout.write(`${JSON.stringify({ packages: [guests.kernel.package, guests.busybox.package], boots, scripts, problems }, undefined, 2)}\n`);
  else for (const { core, retired, seconds, consoleBytes, consoleSha256 } of boots) process.stdout.write(`${core.padEnd(10)} ${retired} instructions, ${seconds.toFixed(1)} s, ${consoleBytes} console bytes, SHA-256 ${consoleSha256.slice(0, 16)}\n`);
  if (!values.json) for (const { core, outcome, lines } of scripts) process.stdout.write(`${core.padEnd(10)} script: ${lines.length} lines, then ${outcome}\n`);
  for (const problem of problems) say(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

await main();
