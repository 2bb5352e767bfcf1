/** Sections of the report that say what the results rest on: prices, validation, the run itself, and what threatens the conclusions. */
import { costsOf, isUnverified, isUnverifiedTag } from '@ringbench/analysis';
import type { Cost, CostProfile, RunSummary, Validation, ValidationTarget } from '@ringbench/analysis';
import { compact, exact, percent } from '../format.js';
import { html } from './html.js';
import type { Content, Markup } from './html.js';
import { numbers, plain, table } from './table.js';
import type { Column, TableRow } from './table.js';

const BYTES_PER_GIBIBYTE = 2 ** 30;

const TAG_LEGEND =
  'V: read in the named source. D: derived from such numbers. M: from memory or assumed, unverified. D-M: derived from unverified numbers.';

function tagOf(cost: Cost): Markup {
  const tags = cost.rangeTag === undefined || cost.rangeTag === cost.tag ? `[${cost.tag}]` : `[${cost.tag}], range [${cost.rangeTag}]`;
  if (!isUnverified(cost)) return html`<span class="tag">${tags}</span>`;
  const extent = isUnverifiedTag(cost.tag) ? 'unverified' : 'range unverified';
  return html`<span class="tag unverified">${tags}</span><br><span class="unverified">${extent}</span>`;
}

const COST_COLUMNS: readonly Column[] = [
  { heading: 'event', look: 'mono' },
  ...numbers('low', 'default', 'high'),
  ...plain('provenance', 'source'),
];
const EXEMPT_COLUMNS: readonly Column[] = [{ heading: 'event', look: 'mono' }, ...plain('why')];

/** Every price of a profile with its source and provenance, and the events that have none on purpose. */
export function costTables(profile: CostProfile): Markup {
  const rows = costsOf(profile).map(({ id, cost }) => {
    const note = cost.note === undefined ? '' : html`<br><span class="minor">${cost.note}</span>`;
    return { cells: [id, exact(cost.low), exact(cost.default), exact(cost.high), tagOf(cost), html`${cost.source}${note}`] };
  });
  const exempt = Object.entries(profile.notPriced).map(([event, reason]) => ({ cells: [event, reason] }));
  const caption = html`Cycles per event. ${TAG_LEGEND} The tag is the default's; a range may rest on less. Entries under interpreted/
hold where the processor itself is software.`;
  return html`<h3>${profile.title} <span class="mono">(${profile.id})</span></h3><p>${profile.description}</p>
${table(COST_COLUMNS, rows, caption)}${exempt.length === 0 ? '' : table(EXEMPT_COLUMNS, exempt, 'Counted, but not priced')}`;
}

function published({ published: { low, high } }: ValidationTarget): string {
  return low === high ? exact(low) : `${exact(low)} to ${exact(high)}`;
}

function validationRow({ target, modelled, error }: Validation): TableRow {
  const range = html`<span class="minor">[${exact(modelled.low)}, ${exact(modelled.high)}]</span>`;
  const sign = error > 0 ? '+' : '−';
  const unverified = isUnverifiedTag(target.tag) ? html`<br><span class="unverified">unverified</span>` : '';
  const tag = html`<span class="tag">[${target.tag}]</span>${unverified}`;
  const model = html`${exact(modelled.default)} ${range}`;
  return { cells: [target.quantity, published(target), model, `${sign}${percent(Math.abs(error))}`, tag, target.source] };
}

const VALIDATION_COLUMNS: readonly Column[] = [
  ...plain('quantity'),
  ...numbers('published', 'modelled', 'error'),
  ...plain('tag', 'source'),
];

/** The profile against published figures that set none of its prices. */
export function validationTable({ profile, validations }: RunSummary): Markup {
  if (validations.length === 0) {
    return html`<p>${profile.title}: no published figure from an independent source was found, so this profile is not validated.</p>`;
  }
  return table(VALIDATION_COLUMNS, validations.map(validationRow), `${profile.title}, in cycles; figures that set none of its prices`);
}

function definitions(entries: readonly (readonly [string, Content])[]): Markup {
  return html`<dl>${entries.map(([term, content]) => html`<dt>${term}</dt><dd>${content}</dd>\n`)}</dl>`;
}

function mono(text: string): Markup {
  return html`<span class="mono">${text}</span>`;
}

/** Who measured what with what. */
export function runSection({ header }: RunSummary): Markup {
  const { host, runtime } = header;
  const flags = runtime.flags.length === 0 ? 'none' : runtime.flags.join(' ');
  const memory = `${compact(host.memoryBytes / BYTES_PER_GIBIBYTE)} GiB`;
  const cores = header.cores.map(({ id, title, exemplar, mechanism, executor }) => ({ cells: [id, title, exemplar, mechanism, executor] }));
  const images = header.workloads.map(({ id, why, image, sha256, checksum }) => ({
    cells: [id, why, image, mono(sha256), mono(checksum)],
  }));
  return html`${definitions([
    ['suite', header.suite],
    ['started', header.startedAt],
    ['commit', mono(header.commit)],
    ['seed', header.seed],
    ['plan', mono(header.plan)],
    ['machine', `${host.cpu}, ${host.cpus} processors, ${memory}, ${host.platform} ${host.arch}`],
    ['runtime', `Node ${runtime.node}, V8 ${runtime.v8}, flags: ${flags}`],
    ['schema', header.schema],
  ])}
${table(plain('core', 'technique', 'stands for', 'mechanism', 'executor'), cores, 'Cores')}
${table(plain('workload', 'measures', 'image', 'SHA-256', 'checksum expected'), images, 'Guest images')}`;
}

const THREATS: readonly string[] = [
  'Cycles are modelled: exact event counts times published prices. No pipeline, cache, branch predictor, memory bandwidth or multiprocessor effect is modelled, nor that one event makes the next one slower.',
  'Every ordinary instruction costs the same. Workloads that differ in instruction mix are compared only with themselves on another technique.',
  'Several prices are assumptions or unverified; the tables of prices mark them, and the ranges, the sensitivity figure and the stability of the ranking show how much hangs on them. Prices are varied independently, although on one processor they move together.',
  'No silicon with the V386 mode exists. First-generation hardware virtualization stands for the cost of its exits; a published monitor on it paid several times the price of the bare exit for a port access, software included.',
  'The mean cost of an emulated instruction was measured over other guests than these; it is taken to contain decoding, traps and page walks in their proportions.',
  'Under User-Mode Linux the guest is counted instruction by instruction and the host by its services, at prices of a large kernel that are mostly unverified. The validation shows them to be too low by about half for a system call; none was changed for it.',
  'Guest time is retired instructions, so timer ticks and device completions fall on the same instruction under every technique. Effects of a technique on real-time behaviour are outside the model.',
  'Guests are small and single-processor. Their working sets fit in memory, and devices answer at once.',
];

/** Threats to validity, the host-time statement first. */
export function threatsSection(summary: RunSummary): Markup {
  return html`<ul><li>${summary.wallClock.statement}</li>${THREATS.map((threat) => html`<li>${threat}</li>`)}</ul>`;
}
