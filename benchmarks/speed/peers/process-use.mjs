// What a living process has used so far, from Linux's /proc; elsewhere nothing is known.
import { readFileSync } from 'node:fs';

/** USER_HZ, the unit of the times in /proc/PID/stat, is 100 on every architecture that Node runs on (proc(5), sysconf(3)). */
const TICK_MS = 10;
/** utime and stime are fields 14 and 15; the first behind the command's closing parenthesis is field 3. */
const USER_TIME = 11;
const KIB_PER_MIB = 1024;

/** Processor milliseconds of all its threads, ended ones too, or undefined. */
export function cpuMilliseconds(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[USER_TIME]) + Number(fields[USER_TIME + 1])) * TICK_MS;
  } catch {
    return undefined;
  }
}

/** The most memory that it ever had resident, in MiB, or undefined. */
export function peakMebibytes(pid) {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / KIB_PER_MIB;
  } catch {
    return undefined;
  }
}
