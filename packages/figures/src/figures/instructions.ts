import type { RunSummary } from '@ringbench/analysis';
import type { TopLevelSpec } from 'vega-lite';
import { INK } from '../theme.js';
import { SCHEMA_URL } from './figure.js';
import type { Figure } from './figure.js';

const CELL = 22;
const LABEL_ANGLE = -45;

/** Told apart by shape as well as by tone, for print without colour. */
const VERDICTS = { domain: ['faithful', 'traps', 'wrong'], shapes: ['circle', 'triangle-up', 'cross'], tones: ['#009e73', '#e69f00', '#d55e00'] };

function spec({ matrix }: RunSummary): TopLevelSpec | undefined {
  if (matrix === undefined || matrix.cores.length === 0 || matrix.witnesses.length === 0) return undefined;
  const columns = matrix.witnesses.map(({ entry, name }) => `${entry} ${name}`);
  const rows = matrix.cores.map(({ id }) => id);
  const values = matrix.witnesses.flatMap(({ entry, name, judgements }) => judgements.map(({ core, verdict }) => ({ instruction: `${entry} ${name}`, core, verdict })));
  const legend = { orient: 'top' as const, symbolOpacity: 1, symbolStrokeWidth: 0 };
  const kind = { field: 'verdict', type: 'nominal' as const, title: null, legend };
  return {
    $schema: SCHEMA_URL,
    title: { text: instructions.title, subtitle: ['One program for each instruction, run on each technique and', 'compared with what the manual says.'] },
    data: { values },
    width: { step: CELL },
    height: { step: CELL },
    layer: [
      {
        mark: { type: 'point', filled: true, size: 95, opacity: 1, stroke: INK, strokeWidth: 0.4 },
        encoding: {
          x: { field: 'instruction', type: 'nominal', sort: columns, title: null, axis: { orient: 'top', labelAngle: LABEL_ANGLE, ticks: false, domain: false, grid: false, labelLimit: 240 } },
          y: { field: 'core', type: 'nominal', sort: rows, title: null, axis: { grid: true, tickBand: 'center', ticks: false, domain: false, labelPadding: 8, labelLimit: 330 } },
          color: { ...kind, scale: { domain: VERDICTS.domain, range: VERDICTS.tones } },
          shape: { ...kind, scale: { domain: VERDICTS.domain, range: VERDICTS.shapes } },
        },
      },
    ],
  };
}

export const instructions: Figure = {
  title: 'Sensitive instructions by technique',
  caption: ({ matrix }) => {
    const naive = (matrix?.cores ?? []).filter((core) => core.naive).map(({ id }) => id);
    const bite = naive.length === 0 ? '' : ` ${naive.join(' and ')} is a technique without what makes it faithful: a kernel at ring 3 of a machine on which nothing traps for it. It is here to show that the witnesses bite.`;
    return `The 18 sensitive unprivileged instructions of Robin and Irvine (USENIX Security 2000) and IRET, each with a program that logs what it sees. Faithful: the log is what the manual says. Traps: the program does not come to its end. Wrong: it comes to its end with another log, the silent failure that makes IA-32 not virtualizable in Popek and Goldberg's sense.${bite}`;
  },
  spec,
};
