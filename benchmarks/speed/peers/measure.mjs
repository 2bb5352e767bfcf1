// One process, one measurement: starts it and notes when which line of the guest's console arrives. The same clock and the same pipe for every machine.
import { spawn } from 'node:child_process';
import { constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { cpuMilliseconds, peakMebibytes } from './process-use.mjs';

const END = /^END sum=([0-9a-f]{8})$/;
const RETIRED = /^RETIRED (\d+) (\S+)$/;
const WORDS_KEPT = 400;

/** Calls `onLine` with each whole line of the text pushed into it. */
function lineSplitter(onLine) {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    for (const line of lines) onLine(line.replace(/\r$/, ''));
  };
}

/** Notes the time of START and END in `found`; true when nothing more is to come. */
function takeLine(line, found, { pid, milliseconds, counts }) {
  const end = END.exec(line);
  const retired = RETIRED.exec(line);
  if (line === 'START') {
    found.firstLineMs = milliseconds;
    found.startCpuMs = cpuMilliseconds(pid);
  } else if (end !== null) {
    found.endMs = milliseconds;
    found.endCpuMs = cpuMilliseconds(pid);
    found.peakMiB = peakMebibytes(pid);
    found.checksum = end[1];
    return !counts;
  } else if (retired !== null) {
    found.instructions = Number(retired[1]);
    return true;
  } else if (line.startsWith('FAULT')) {
    found.fault = line;
    return true;
  }
  return false;
}

function resultOf(found, deadlineMs) {
  const { firstLineMs, endMs, startCpuMs, endCpuMs, peakMiB, checksum, instructions } = found;
  const cpu = endCpuMs === undefined ? {} : { regionCpuMs: endCpuMs - (startCpuMs ?? 0), endCpuMs };
  if (endMs === undefined) return { timedOut: true, firstLineMs, endMs: deadlineMs, regionMs: deadlineMs - (firstLineMs ?? 0), ...cpu };
  return { timedOut: false, firstLineMs, endMs, regionMs: endMs - firstLineMs, ...cpu, peakMiB, checksum, ...(instructions === undefined ? {} : { instructions }) };
}

/**
 * What a guest's console is read from: `pipe`, a named pipe, or the process's own. Opened for both directions, so that it neither waits for the process nor ends with it.
 */
function consoleOf(child, pipe, stream) {
  return pipe === undefined ? child[stream] : new Socket({ fd: openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK), writable: false });
}

/**
 * Starts a process and gives what it writes to `onText`, until that returns something, which is the result, or until `deadlineMs` are over: then undefined. The
 * process is killed in both cases. Throws if it ends before. `stdin`: an open pipe, or nothing to read.
 * @param {[string, string[], string?]} command program, arguments, and the named pipe of its console if it has one
 * @param {{ deadlineMs: number, stream?: 'stdout' | 'stderr', stdin?: 'pipe' | 'ignore', onText: (text: string, moment: { pid: number, milliseconds: number }) => unknown, onDeadline?: (moment: { pid: number }) => void }} options
 */
export function runUntil([command, args, pipe], { deadlineMs, stream = 'stdout', stdin = 'pipe', onText, onDeadline }) {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const child = spawn(command, args, { stdio: [stdin, 'pipe', 'pipe'] });
    let [words, isDone, result] = ['', false, undefined];
    const end = () => {
      isDone = true;
      child.kill('SIGKILL');
    };
    const timer = setTimeout(() => {
      onDeadline?.({ pid: child.pid });
      end();
    }, deadlineMs);
    // A guest that halted would otherwise outlive us.
    process.once('exit', end);
    const console = consoleOf(child, pipe, stream);
    if (pipe !== undefined) child.stdout.resume();
    console.setEncoding('latin1').on('data', (text) => {
      if (isDone) return;
      result = onText(text, { pid: child.pid, milliseconds: performance.now() - begun });
      if (result !== undefined) end();
    });
    child.stderr.setEncoding('utf8').on('data', (text) => (words = (words + text).slice(-WORDS_KEPT)));
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(timer);
      process.off('exit', end);
      console.destroy();
      if (isDone) resolve(result);
      else reject(new Error(`${command} ${args.join(' ')}: ${words.trim() || 'ended before the guest did'}`));
    });
  });
}

/**
 * Runs `command` with `args` until the guest's END line or for `deadlineMs`. Times in milliseconds: `firstLineMs` and `endMs` from the process's
 * start, `regionMs` from START to END (for one that timed out: the least they are), the same in processor time. Throws if the guest does anything else.
 * @param {[string, string[], string?]} command as for `runUntil`
 * @param {{ deadlineMs: number, counts?: boolean, stdin?: 'pipe' | 'ignore' }} options
 */
export async function measure(command, { deadlineMs, counts = false, stdin }) {
  const found = {};
  let now;
  const split = lineSplitter((line) => {
    if (!found.isDone) found.isDone = takeLine(line, found, { ...now, counts });
  });
  await runUntil(command, { deadlineMs, stdin, onText: (text, moment) => {
    now = moment;
    split(text);
    return found.isDone || undefined;
  }, onDeadline: ({ pid }) => (found.endCpuMs = cpuMilliseconds(pid)) });
  if (found.fault !== undefined) throw new Error(`${command.flat().join(' ')}: ${found.fault}`);
  return resultOf(found, deadlineMs);
}
