/** Sections of the report that say what the results rest on: prices, validation, the run itself, and what threatens the conclusions. */
import { costsOf, isUnverified, isUnverifiedTag } from '@ringbench/analysis';
import type { Cost, CostProfile, RunSummary } from '@ringbench/analysis';
import { compact, exact, percent } from '../format.js';
import { html } from './html.js';
import type { Markup } from './html.js';

const TAG_LEGEND = 'V: read in the named source. D: derived from such numbers. M: from memory or assumed, unverified. D-M: derived from unverified numbers.';

function tagOf(cost: Cost): Markup {
  const tags = cost.rangeTag === undefined || cost.rangeTag === cost.tag ? `[${cost.tag}]` : `[${cost.tag}], range [${cost.rangeTag}]`;
  if (!isUnverified(cost)) return html`<span class="tag">${tags}</span>`;
  const extent = isUnverifiedTag(cost.tag) ? 'unverified' : 'range unverified';
  return html`<span class="tag unverified">${tags}</span><br><span class="unverified">${extent}</span>`;
}

/** Every price of a profile with its source and provenance, and the events that have none on purpose. */
export function costTables(profile: CostProfile): Markup {
  const rows = costsOf(profile).map(
    ({ id, cost }) => html`<tr><th scope="row" class="mono">${id}</th><td class="number">${exact(cost.low)}</td><td class="number">${exact(cost.default)}</td><td class="number">${exact(cost.high)}</td><td>${tagOf(cost)}</td><td>${cost.source}${cost.note === undefined ? '' : html`<br><span class="minor">${cost.note}</span>`}</td></tr>`,
  );
  const exempt = Object.entries(profile.notPriced).map(([event, reason]) => html`<tr><th scope="row" class="mono">${event}</th><td>${reason}</td></tr>`);
  return html`<h3>${profile.title} <span class="mono">(${profile.id})</span></h3><p>${profile.description}</p>
<div class="scroll"><table><caption>Cycles per event. ${TAG_LEGEND} The tag is the default's; a range may rest on less. Entries under interpreted/ hold where the processor itself is software.</caption>
<thead><tr><th>event</th><th class="number">low</th><th class="number">default</th><th class="number">high</th><th>provenance</th><th>source</th></tr></thead><tbody>${rows}</tbody></table></div>
${exempt.length === 0 ? '' : html`<div class="scroll"><table><caption>Counted, but not priced</caption><thead><tr><th>event</th><th>why</th></tr></thead><tbody>${exempt}</tbody></table></div>`}`;
}

/** The profile against published figures that set none of its prices. */
export function validationTable(summary: RunSummary): Markup {
  if (summary.validations.length === 0) return html`<p>${summary.profile.title}: no published figure from an independent source was found, so this profile is not validated.</p>`;
  const rows = summary.validations.map(({ target, modelled, error }) => {
    const published = target.published.low === target.published.high ? exact(target.published.low) : `${exact(target.published.low)} to ${exact(target.published.high)}`;
    return html`<tr><th scope="row">${target.quantity}</th><td class="number">${published}</td><td class="number">${exact(modelled.default)} <span class="minor">[${exact(modelled.low)}, ${exact(modelled.high)}]</span></td><td class="number">${error > 0 ? '+' : '−'}${percent(Math.abs(error))}</td><td class="tag">[${target.tag}]${isUnverifiedTag(target.tag) ? html`<br><span class="unverified">unverified</span>` : ''}</td><td>${target.source}</td></tr>`;
  });
  return html`<div class="scroll"><table><caption>${summary.profile.title}, in cycles; sources that set none of its prices</caption><thead><tr><th>quantity</th><th class="number">published</th><th class="number">modelled</th><th class="number">error</th><th>tag</th><th>source</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

/** Who measured what with what. */
export function runSection({ header }: RunSummary): Markup {
  const { host, runtime } = header;
  const cores = header.cores.map(({ id, title, exemplar, mechanism, executor }) => html`<tr><th scope="row">${id}</th><td>${title}</td><td>${exemplar}</td><td>${mechanism}</td><td>${executor}</td></tr>`);
  const workloads = header.workloads.map(({ id, why, image, sha256, checksum }) => html`<tr><th scope="row">${id}</th><td>${why}</td><td>${image}</td><td class="mono">${sha256}</td><td class="mono">${checksum}</td></tr>`);
  return html`<dl><dt>suite</dt><dd>${header.suite}</dd><dt>started</dt><dd>${header.startedAt}</dd><dt>commit</dt><dd class="mono">${header.commit}</dd><dt>seed</dt><dd>${header.seed}</dd>
<dt>plan</dt><dd class="mono">${header.plan}</dd><dt>machine</dt><dd>${host.cpu}, ${host.cpus} processors, ${compact(host.memoryBytes / 2 ** 30)} GiB, ${host.platform} ${host.arch}</dd>
<dt>runtime</dt><dd>Node ${runtime.node}, V8 ${runtime.v8}, flags: ${runtime.flags.length === 0 ? 'none' : runtime.flags.join(' ')}</dd><dt>schema</dt><dd>${header.schema}</dd></dl>
<div class="scroll"><table><caption>Cores</caption><thead><tr><th>id</th><th>technique</th><th>stands for</th><th>mechanism</th><th>executor</th></tr></thead><tbody>${cores}</tbody></table></div>
<div class="scroll"><table><caption>Guest images</caption><thead><tr><th>workload</th><th>measures</th><th>image</th><th>SHA-256</th><th>checksum expected</th></tr></thead><tbody>${workloads}</tbody></table></div>`;
}

const THREATS: readonly string[] = [
  'Cycles are modelled: exact event counts times published prices. No pipeline, cache, branch predictor, memory bandwidth or multiprocessor effect is modelled, nor that one event makes the next one slower.',
  'Every ordinary instruction costs the same. Workloads that differ in instruction mix are compared only with themselves on another technique.',
  'Several prices are assumptions or unverified; the tables of prices mark them, and the ranges, the sensitivity figure and the stability of the ranking show how much hangs on them. Prices are varied independently, although on one processor they move together.',
  'No silicon with the V386 mode exists. First-generation hardware virtualization stands for the cost of its exits; a published monitor on it paid several times the price of the bare exit for a port access, software included.',
  'The mean cost of an emulated instruction was measured over other guests than these; it is taken to contain decoding, traps and page walks in their proportions.',
  'Guest time is retired instructions, so timer ticks and device completions fall on the same instruction under every technique. Effects of a technique on real-time behaviour are outside the model.',
  'Guests are small and single-processor. Their working sets fit in memory, and devices answer at once.',
];

/** Threats to validity, the host-time statement first. */
export function threatsSection(summary: RunSummary): Markup {
  return html`<ul><li>${summary.wallClock.statement}</li>${THREATS.map((threat) => html`<li>${threat}</li>`)}</ul>`;
}
