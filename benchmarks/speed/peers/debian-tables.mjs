// Debian's boots as tables.
import { plainTable } from './layout.mjs';
import { ratioText } from './tables.mjs';

const MS_PER_S = 1000;
/** How many times as long v86's translator must take as ours. */
const LEAST_RATIO = 1.5;
const OURS = 'translator';
const THEIRS = 'v86-translator';

const seconds = (value, isBound) => (value === undefined ? '–' : `${isBound ? '>' : ''}${(value.median / MS_PER_S).toFixed(2)}`);
const range = ({ least, most }) => `${(least / MS_PER_S).toFixed(2)}–${(most / MS_PER_S).toFixed(2)}`;

function bootTable({ peers, rows, wallRatios, cpuRatios }) {
  const head = ['Debian to its prompt', 's', '', `over ${peers[0]}`, 'processor s', `over ${peers[0]}`, 'peak MiB'];
  return { words: 1, rows: [head, ...peers.map((peer) => {
    const { promptMs, promptCpuMs, peakMiB, isBound } = rows[peer];
    return [peer, seconds(promptMs, isBound), range(promptMs), ratioText(wallRatios[peer]), seconds(promptCpuMs, false), ratioText(cpuRatios[peer]), peakMiB?.median.toFixed(0) ?? '–'];
  })] };
}

function targetTable({ rows, wallRatios }) {
  const ratio = wallRatios[THEIRS];
  const [ours, theirs] = [rows[OURS]?.peakMiB?.median, rows[THEIRS]?.peakMiB?.median];
  const isSooner = ratio === undefined || rows[OURS] === undefined ? undefined : ratio.estimate >= LEAST_RATIO && ratio.bound !== 'most';
  const isSmaller = ours === undefined || theirs === undefined ? undefined : ours <= theirs;
  const met = (isMet) => (isMet === undefined ? '' : isMet ? 'yes' : 'NO');
  return { words: 4, rows: [
    ['target', 'wanted', 'measured', 'met'],
    ['sooner at the prompt than v86\'s translator', `at least ${LEAST_RATIO}x`, isSooner === undefined ? 'not in this run' : `${ratioText(ratio)}x`, met(isSooner)],
    ['peak memory', 'at most v86\'s', isSmaller === undefined ? 'not in this run' : `${ours.toFixed(0)} and ${theirs.toFixed(0)} MiB`, met(isSmaller)],
  ] };
}

/** `debian`: seconds and memory; `debian targets`. */
export function debianTablesOf(result) {
  return { debian: bootTable(result), 'debian targets': targetTable(result) };
}

export function debianReport(result) {
  return Object.values(debianTablesOf(result)).map(plainTable).join('\n\n');
}
