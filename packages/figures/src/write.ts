import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { summarize } from '@ringbench/analysis';
import type { CostProfile, RunSummary, SummaryOptions } from '@ringbench/analysis';
import { FIGURES, FIGURE_IDS } from './figures/index.js';
import type { FigureId } from './figures/index.js';
import { FORMATS, renderPdf, renderPng, renderSvg } from './render.js';
import type { Format } from './render.js';
import { page } from './report/page.js';
import { readProfiles, readRun } from './results.js';
import type { RunReading } from './results.js';

export interface WriteOptions extends SummaryOptions {
  /** Prices to use, the main ones first; the published profiles unless given. */
  readonly profiles?: readonly CostProfile[];
  /** Folder for the output; the results' own unless given. */
  readonly out?: string;
}

export interface FigureOptions extends WriteOptions {
  readonly formats?: readonly Format[];
}

/** Files written, and what of the journal was unusable; or one line on why nothing could be made of the folder. */
export type Written =
  | { readonly ok: true; readonly files: readonly string[]; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly problem: string };

export const FIGURES_FOLDER = 'figures';
export const REPORT_NAME = 'report.html';

interface Inputs extends RunReading {
  readonly profiles: readonly [CostProfile, ...CostProfile[]];
}

function readInputs(
  folder: string,
  options: WriteOptions,
): { readonly ok: true; readonly inputs: Inputs } | { readonly ok: false; readonly problem: string } {
  const reading = readRun(folder);
  if (!reading.ok) return reading;
  const published = options.profiles === undefined ? readProfiles() : { ok: true as const, value: options.profiles };
  if (!published.ok) return published;
  const [main, ...others] = published.value;
  if (main === undefined) return { ok: false, problem: 'there is no cost profile' };
  return { ok: true, inputs: { ...reading.value, profiles: [main, ...others] } };
}

async function render(id: FigureId, format: Format, summary: RunSummary): Promise<string | Buffer | undefined> {
  const spec = FIGURES[id].spec(summary);
  if (spec === undefined) return undefined;
  if (format === 'svg') return renderSvg(spec);
  return format === 'png' ? renderPng(spec) : renderPdf(spec, FIGURES[id].title);
}

/**
 * Draws every figure of the results in `folder` under the main profile into `figures/` there, in SVG, PNG and PDF. A figure for which the run holds no data
 * is not written. File-system errors on writing are thrown as Node reports them.
 */
export async function writeFigures(folder: string, options: FigureOptions = {}): Promise<Written> {
  const read = readInputs(folder, options);
  if (!read.ok) return read;
  const { run, warnings, profiles } = read.inputs;
  const summary = summarize(run, profiles[0], options);
  const target = join(options.out ?? folder, FIGURES_FOLDER);
  mkdirSync(target, { recursive: true });
  const files: string[] = [];
  for (const id of FIGURE_IDS) {
    for (const format of options.formats ?? FORMATS) {
      const bytes = await render(id, format, summary);
      if (bytes === undefined) continue;
      const file = join(target, `${id}.${format}`);
      writeFileSync(file, bytes);
      files.push(file);
    }
  }
  return { ok: true, files, warnings };
}

/** Writes `report.html` for the results in `folder`: one file that opens from disk without a network. Errors as for `writeFigures`. */
export async function writeReport(folder: string, options: WriteOptions = {}): Promise<Written> {
  const read = readInputs(folder, options);
  if (!read.ok) return read;
  const { run, warnings, profiles } = read.inputs;
  const [main, ...others] = profiles;
  const summary = summarize(run, main, options);
  const figures = new Map<FigureId, string>();
  for (const id of FIGURE_IDS) {
    const spec = FIGURES[id].spec(summary);
    if (spec !== undefined) figures.set(id, await renderSvg(spec));
  }
  const text = page({ main: summary, others: others.map((profile) => summarize(run, profile, options)), figures, warnings });
  const target = options.out ?? folder;
  mkdirSync(target, { recursive: true });
  const file = join(target, REPORT_NAME);
  writeFileSync(file, text);
  return { ok: true, files: [file], warnings };
}
