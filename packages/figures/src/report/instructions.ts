/** Section of the report on the sensitive instructions. */
import type { InstructionMatrix } from '@ringbench/journal';
import type { RunSummary } from '@ringbench/analysis';
import { html } from './html.js';
import type { Content, Markup } from './html.js';
import { coreHeading, plain, table } from './table.js';

type Judgement = InstructionMatrix['witnesses'][number]['judgements'][number];

function verdictCell({ verdict, detail }: Judgement, isNaive: boolean): Content {
  if (verdict === 'faithful') return verdict;
  // What fails in the naive column is meant to.
  return html`<span class="${isNaive ? 'unverified' : 'bad'}">${verdict}</span><br><span class="minor">${detail}</span>`;
}

/** Witnesses down, techniques across, the naive ones first. */
export function instructionTable({ matrix, header }: RunSummary): Markup {
  if (matrix === undefined) return html`<p>The sensitive instructions were not judged for this run. <code>ringbench matrix DIR</code> does it; the report runs no guest.</p>`;
  const { cores, witnesses } = matrix;
  // What happens without help stands beside what the list says of it.
  const order = [...cores.keys()].toSorted((a, b) => Number(cores[b]?.naive) - Number(cores[a]?.naive));
  const inOrder = <T>(list: readonly T[]): readonly T[] => order.flatMap((index) => list[index] ?? []);
  const rows = witnesses.map(({ entry, name, claim, failure, judgements }) => ({
    cells: [`${entry}`, html`<strong>${name}</strong><br><span class="minor">${claim}.</span>`, failure, ...inOrder(judgements.map((judgement, index) => verdictCell(judgement, cores[index]?.naive === true)))],
  }));
  const columns = plain('#', 'instruction and what its witness checks', 'what a deprivileged kernel gets without help', ...inOrder(cores).map(({ id }) => coreHeading(id)));
  const elsewhere = matrix.commit === header.commit ? '' : ` Judged at commit ${matrix.commit}, which is not that of the run.`;
  const caption = `Numbers are those of Robin and Irvine; 19 is ours. INT n is faithful everywhere because the gates of a monitor's IDT belong to ring 0, so that it faults by itself.${elsewhere}`;
  return table(columns, rows, caption);
}
