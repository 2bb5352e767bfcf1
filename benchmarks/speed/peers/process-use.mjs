// What a living process has used so far, from Linux's /proc (proc(5)); elsewhere nothing is known.
import { readFileSync, readdirSync } from 'node:fs';

const NS_PER_MS = 1e6;
/** USER_HZ, the unit of the times in /proc/PID/stat, is 100 on every architecture that Node runs on. */
const TICK_MS = 10;
/** utime and stime are fields 14 and 15; the first behind the command's closing parenthesis is field 3. */
const USER_TIME = 11;
const KIB_PER_MIB = 1024;

/** Of the threads that live: exact, but those that ended are missing. */
function ofThreads(pid) {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => sum + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]), 0) / NS_PER_MS;
}

/** Of all threads, in ticks. */
function inTicks(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[USER_TIME]) + Number(fields[USER_TIME + 1])) * TICK_MS;
}

function known(read) {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Processor milliseconds of all its threads, or undefined. */
export function cpuMilliseconds(pid) {
  const found = [known(() => ofThreads(pid)), known(() => inTicks(pid))].filter((value) => value !== undefined);
  return found.length === 0 ? undefined : Math.max(...found);
}

/** The most memory that it ever had resident, in MiB, or undefined. */
export function peakMebibytes(pid) {
  return known(() => Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / KIB_PER_MIB);
}
