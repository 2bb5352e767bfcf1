/** The look of all figures: legible in print at column width, in black and white, and on a projector. */
import type { Config } from 'vega-lite';
import { FONT_STACK } from './fonts.js';

/** Each core has a shape and a tone of its own, so that print without colour tells them apart. After Okabe & Ito, ordered by alternating lightness. */
const CORE_TONES = ['#000000', '#d55e00', '#0072b2', '#e69f00', '#6a3d9a', '#009e73', '#cc79a7', '#56b4e9'];
const CORE_SHAPES = ['circle', 'square', 'triangle-up', 'diamond', 'cross', 'triangle-down', 'triangle-right', 'triangle-left'];
/** Parts of a stacked bar, dark and light by turns so that neighbours differ in print. */
export const PART_TONES = [
  '#1b4965',
  '#f2b134',
  '#7a1f3d',
  '#bee3db',
  '#3d5a3a',
  '#e8998d',
  '#4a3f6b',
  '#9bc53d',
  '#5c4033',
  '#d4c2fc',
  '#006d77',
  '#8ecae6',
  '#b5410f',
  '#f7e08b',
  '#333333',
  '#ff9ecb',
];
/** What has no tone of its own. */
export const REST_TONE = '#d9d9d9';

export const INK = '#222222';
export const FAINT = '#888888';
export const GRID = '#e3e3e3';
export const LOW_TONE = '#9ecae1';
export const HIGH_TONE = '#08519c';

/** Beyond eight a tone comes again with another shape. */
const SHAPE_SHIFT = 3;

/** Tones and shapes of cores in the order of the run's header; no pair of them comes twice among sixty-four. */
export function coreScales(cores: readonly string[]): { readonly domain: string[]; readonly tones: string[]; readonly shapes: string[] } {
  const pick = (list: readonly string[], shift: number): string[] => cores.map((_, index) => list[(index + shift * Math.floor(index / list.length)) % list.length] ?? '');
  return { domain: [...cores], tones: pick(CORE_TONES, 0), shapes: pick(CORE_SHAPES, SHAPE_SHIFT) };
}

const LABEL_SIZE = 11;
const TITLE_SIZE = 14;

export const THEME: Config = {
  background: 'white',
  padding: 12,
  font: FONT_STACK,
  view: { stroke: null },
  title: {
    anchor: 'start',
    frame: 'group',
    fontSize: TITLE_SIZE,
    fontWeight: 'bold',
    color: INK,
    subtitleFontSize: LABEL_SIZE,
    subtitleColor: '#444444',
    subtitlePadding: 5,
    offset: 14,
    subtitleLineHeight: 15,
  },
  axis: {
    labelFontSize: LABEL_SIZE,
    titleFontSize: LABEL_SIZE,
    titleFontWeight: 'normal',
    labelColor: INK,
    titleColor: INK,
    gridColor: GRID,
    domainColor: FAINT,
    tickColor: FAINT,
    labelLimit: 170,
    titlePadding: 8,
  },
  legend: {
    labelFontSize: LABEL_SIZE,
    titleFontSize: LABEL_SIZE,
    titleFontWeight: 'normal',
    labelColor: INK,
    titleColor: INK,
    labelLimit: 330,
    symbolSize: 80,
  },
  header: { labelFontSize: LABEL_SIZE, titleFontSize: LABEL_SIZE, labelColor: INK, labelLimit: 170 },
  text: { font: FONT_STACK, fontSize: 10, color: INK },
};
