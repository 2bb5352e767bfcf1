// The ratios as a chart, drawn as the project's other figures are.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderPng, renderSvg } from '../../../packages/figures/dist/render.js';

const ROW_HEIGHT = 34;
const WIDTH = 420;
const LABEL_WIDTH = 260;

const PEERS = { 'v86-translator/translator': 'v86, translator', 'qemu/translator': 'QEMU TCG', 'interpreter/translator': 'our interpreter' };
const TONES = ['#d55e00', '#0072b2', '#000000'];
const SHAPES = ['square', 'triangle-up', 'circle'];

function pointsOf(phase, kernels, ratios) {
  return ratios.filter(({ name }) => Object.hasOwn(PEERS, name)).flatMap(({ name, kernels: byKernel }) => kernels.filter(({ id }) => byKernel[id] !== undefined).map((kernel) => {
    const { estimate, low, high, bound } = byKernel[kernel.id];
    return { phase, kernel: `${kernel.letter}  ${kernel.title}`, peer: PEERS[name], ratio: estimate, low: low ?? estimate, high: high ?? estimate, isBound: bound !== 'none' };
  }));
}

/** A vega-lite chart of how many times as long the peers take as our translator, warm and cold. */
export function ratioChart(kernels, ratios) {
  const values = Object.entries(ratios).flatMap(([phase, pairs]) => pointsOf(phase, kernels, pairs));
  const y = { field: 'kernel', type: 'nominal', sort: kernels.map(({ letter, title }) => `${letter}  ${title}`), title: null, axis: { labelLimit: LABEL_WIDTH } };
  const colour = { field: 'peer', type: 'nominal', scale: { domain: Object.values(PEERS), range: TONES }, title: null, legend: { orient: 'bottom' } };
  const shape = { field: 'peer', type: 'nominal', scale: { domain: Object.values(PEERS), range: SHAPES }, title: null, legend: { orient: 'bottom' } };
  const x = (field) => ({ field, type: 'quantitative', scale: { type: 'log' }, title: 'times as long as our translator (logarithmic)' });
  return {
    title: { text: 'Speed beside the peers', subtitle: ['Ratios of medians with 95 % intervals; right of the line our translator is faster.', 'Hollow: a side ran out of time, a bound.'] },
    data: { values },
    facet: { column: { field: 'phase', type: 'nominal', title: null, sort: ['warm', 'cold'] } },
    spec: {
      width: WIDTH, height: { step: ROW_HEIGHT },
      layer: [
        { mark: { type: 'rule', color: '#888888', strokeDash: [4, 3] }, encoding: { x: { datum: 1 } } },
        { mark: { type: 'rule' }, encoding: { y, x: x('low'), x2: { field: 'high' }, color: colour } },
        { mark: { type: 'point', size: 70 }, encoding: { y, x: x('ratio'), color: colour, shape, fillOpacity: { condition: { test: 'datum.isBound', value: 0 }, value: 1 }, fill: colour } },
      ],
    },
  };
}

/** Writes ratios.svg and ratios.png into `folder`; the files' names. */
export async function writeChart(folder, kernels, ratios) {
  const chart = ratioChart(kernels, ratios);
  mkdirSync(folder, { recursive: true });
  const files = [[join(folder, 'ratios.svg'), await renderSvg(chart)], [join(folder, 'ratios.png'), await renderPng(chart)]];
  for (const [file, bytes] of files) writeFileSync(file, bytes);
  return files.map(([file]) => file);
}
