import type { RunSummary } from '@ringbench/analysis';
import { FIGURES, FIGURE_IDS } from '../figures/index.js';
import type { FigureId } from '../figures/index.js';
import { ratio } from '../format.js';
import { ablationTables, efficiencyTable } from './efficiency.js';
import { html, trusted } from './html.js';
import type { Markup } from './html.js';
import { instructionTable } from './instructions.js';
import { costTables, runSection, threatsSection, validationTable } from './provenance.js';
import { breakEvenTable, countTables, lossesSection, rankingSection, summaryTable } from './results.js';
import { STYLE } from './style.js';
import { questionSection, questionTables } from './v386-uml.js';
import { wallClockSection, wallClockTable } from './wall-clock.js';

/** What the page is made of: summaries under each profile, the main one first, and the figures as SVG of the main one. */
export interface PageContents {
  readonly main: RunSummary;
  readonly others: readonly RunSummary[];
  readonly figures: ReadonlyMap<FigureId, string>;
  /** What of the journal could not be used. */
  readonly warnings: readonly string[];
}

/** The page may load nothing and run nothing, whatever a journal smuggled in. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

function figure(id: FigureId, number: number, contents: PageContents): Markup {
  const { title } = FIGURES[id];
  const svg = contents.figures.get(id);
  if (svg === undefined) return html`<p>Figure ${number}, ${title}: this run holds nothing to draw.</p>`;
  return html`<figure id="figure-${id}"><div class="chart" role="img" aria-label="${title}">${trusted(svg)}</div><figcaption><strong>Figure ${number}. ${title}.</strong> ${FIGURES[id].caption(contents.main)}</figcaption></figure>`;
}

function figures(ids: readonly FigureId[], contents: PageContents): readonly Markup[] {
  return ids.map((id) => figure(id, FIGURE_IDS.indexOf(id) + 1, contents));
}

/** How many cells have no result. A refusal by a machine for which a guest was not ported is a result of its own kind, any other is a failure. */
function completeness({ cells, header }: RunSummary): Markup {
  const ported = new Set(header.cores.filter(({ port }) => port !== undefined).map(({ id }) => id));
  const without = cells.filter(({ outcome }) => outcome !== 'ok');
  const refused = without.filter(({ outcome, core }) => outcome === 'refused' && ported.has(core)).length;
  const failed = without.length - refused;
  const refusals = refused === 0 ? '' : ` ${refused} were refused, because their guest is not ported to that machine.`;
  if (failed > 0) return html`<span class="bad">${failed} of ${cells.length} cells have no result</span>; each is named below.${refusals}`;
  return html`${refused === 0 ? 'All' : `${cells.length - refused} of`} ${cells.length} cells completed with the expected checksum.${refusals}`;
}

function headline(summary: RunSummary): Markup {
  const { cores, baseline, profile } = summary;
  const means = cores
    .filter(({ core, modelled }) => core !== baseline && modelled !== undefined)
    .map(({ core, modelled }) => `${core} ${ratio(modelled ?? 0)}`);
  return html`<p>${means.length === 0 ? 'There is no technique to compare with the baseline.' : html`Geometric mean of modelled cycles relative to ${baseline} (${profile.title}): <strong>${means.join(', ')}</strong>.`}
${completeness(summary)}</p>`;
}

/** The report as one self-contained HTML document. */
export function page(contents: PageContents): string {
  const { main, others, warnings } = contents;
  const all = [main, ...others];
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>Ringbench: suite ${main.header.suite}</title><style>${trusted(STYLE)}</style></head><body>
<h1>What virtualizing this machine costs</h1>
<p class="lede">Suite ${main.header.suite}, ${main.header.cores.length} cores, ${main.header.workloads.length} workloads, seed ${main.header.seed}, ${main.header.startedAt}</p>
${headline(main)}
${warnings.length === 0 ? '' : html`<h2>Damage in the journal</h2><ul>${warnings.map((warning) => html`<li class="bad">${warning}</li>`)}</ul>`}
<h2>V386 against User-Mode Linux</h2>${questionSection(main)}${figures(['v386-uml'], contents)}${questionTables(main)}
<h2>Results</h2>${summaryTable(main)}${figures(['overhead', 'cycles'], contents)}
<h2>Wall-clock</h2>${wallClockSection(main)}${figures(['wall-clock'], contents)}${wallClockTable(main)}
<h2>Efficiency</h2>${figures(['efficiency', 'events'], contents)}${efficiencyTable(main)}
<h2>Settings side by side</h2>${figures(['branches'], contents)}${ablationTables(main)}
<h2>Where techniques lose</h2>${lossesSection(main)}
<h2>Ranking and its stability</h2>${rankingSection(all)}
<h2>Sensitivity to the prices</h2>${figures(['tornado'], contents)}${breakEvenTable(main)}
<h2>Sensitive instructions</h2>${figures(['instructions'], contents)}${instructionTable(main)}
<h2>Counts by event</h2><p>Exact counts of the measured region. They need no model and are the same on every host.</p>${countTables(main)}
<h2>Prices and their sources</h2>${all.map(({ profile }) => costTables(profile))}
<h2>Validation of the prices</h2><p>Calibration and validation use different figures. What the prices make of published ones that set none of them; an error here is a finding, and no price was changed for it:</p>${all.map(validationTable)}
<h2>Threats to validity</h2>${threatsSection(main)}
<h2>The run</h2>${runSection(main)}
</body></html>
`.text;
}
