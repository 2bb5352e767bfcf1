import type { Distribution, Fairness, ManyVmsReport } from '@ringbench/harness/many-vms';
import { INSTRUCTIONS_PER_SECOND } from '@ringbench/machine';
import { formatCount } from './counts.js';
import { textTable } from './text-table.js';

const MICROSECONDS = 1e6 / INSTRUCTIONS_PER_SECOND;
const KIBIBYTE = 1024;
const PAGE_KIBIBYTES = 4;
const SHARE_DIGITS = 3;

const instructions = (count: number): string => `${formatCount(Math.round(count))} (${formatCount(Math.round(count * MICROSECONDS))} µs)`;
const kibibytes = (bytes: number): string => `${formatCount(Math.round(bytes / KIBIBYTE))} KiB`;
const share = (value: number): string => value.toFixed(SHARE_DIGITS);

function distribution(values: Distribution | undefined): string {
  if (values === undefined) return 'none slept';
  return `median ${instructions(values.median)}, 90% ${instructions(values.p90)}, 99% ${instructions(values.p99)}, most ${instructions(values.most)}; ${formatCount(values.count)} wake-ups`;
}

function fairness(shares: Fairness | undefined): string {
  if (shares === undefined) return 'not all had a turn';
  return `${share(shares.least)} ${share(shares.median)} ${share(shares.most)}\nJain ${shares.jain.toFixed(SHARE_DIGITS + 1)}`;
}

/** The report of many virtual machines for people. Times are instructions, and microseconds at the machine's nominal speed. */
export function manyVmsTable(report: ManyVmsReport): string {
  const { throughput, memory, workloads } = report;
  const facts = textTable(['', `${formatCount(report.vms)} virtual machines of ${report.core}, idle=${report.idle}`], [
    ['ended', `${Object.entries(report.outcomes).map(([name, count]) => `${formatCount(count)} ${name}`).join(', ')}; ${formatCount(report.different)} other than one by itself`],
    ['host time', `${instructions(throughput.time)}, of it idle ${instructions(throughput.idleTime)}, spun by sleeping guests ${instructions(throughput.spinTime)}`],
    ['throughput', `${formatCount(throughput.guestInstructions)} guest instructions, ${share(throughput.useful)} for each instruction of the busy processor`],
    ['switches', `${formatCount(throughput.switches)} between virtual machines, ${formatCount(throughput.preemptions)} preemptions, slice ${instructions(report.slice)}`],
    ['wake-up delay', distribution(report.wakeDelay)],
    ['memory of an idle one', `${kibibytes(memory.idleBytes)}: objects ${kibibytes(memory.objectBytes)}, machine pages ${kibibytes(memory.idlePages * PAGE_KIBIBYTES * KIBIBYTE)}; ${formatCount(memory.sharedPages)} pages are shared by all`],
    ['memory at the most', `${kibibytes(memory.objectBytes + memory.peakPages * PAGE_KIBIBYTES * KIBIBYTE)} for each`],
    ['this process', `${throughput.hostSeconds.toFixed(1)} s`],
  ]);
  const rows = workloads.map((each) => [
    each.workload, formatCount(each.vms), fairness(each.fairness), formatCount(each.retired), formatCount(each.slept), instructions(each.ended.median), instructions(each.ended.most), `${formatCount(each.ownPages)}, ${formatCount(each.copiedPages)} copied`,
  ]);
  return `${facts}\n${textTable(['workload', 'machines', 'least, median and most\nshare until the first end', 'instructions\nof each', 'asleep', 'median end', 'last end', 'own pages'], rows)}`;
}
