/** Charts without a browser: vega-lite to SVG, PNG and PDF, with the same measured text in all three. */
import { Canvas, PDFDocument } from '@napi-rs/canvas';
import { View, Warn, logger, parse } from 'vega';
import { compile } from 'vega-lite';
import type { TopLevelSpec } from 'vega-lite';
import { registerFonts } from './fonts.js';
import { THEME } from './theme.js';

export const FORMATS = ['svg', 'png', 'pdf'] as const;
export type Format = (typeof FORMATS)[number];

/** Pixels of a PNG for each unit of a chart: 300 dots an inch for a chart drawn at 100. */
const PNG_SCALE = 3;

function viewOf(spec: TopLevelSpec): View {
  registerFonts();
  const compiled = compile(spec, { config: THEME });
  return new View(parse(compiled.spec), { renderer: 'none', logger: logger(Warn, undefined, () => console.warn) });
}

/** The chart as standalone SVG text. */
export async function renderSvg(spec: TopLevelSpec): Promise<string> {
  const view = viewOf(spec);
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** The chart as a PNG file. */
export async function renderPng(spec: TopLevelSpec): Promise<Buffer> {
  const view = viewOf(spec);
  try {
    return (await canvasOf(view, PNG_SCALE)).toBuffer('image/png');
  } finally {
    view.finalize();
  }
}

/** The chart as a one-page vector PDF that embeds its fonts. */
export async function renderPdf(spec: TopLevelSpec, title: string): Promise<Buffer> {
  const view = viewOf(spec);
  try {
    const { width, height } = await canvasOf(view, 1);
    const document = new PDFDocument({ title, creator: 'Ringbench' });
    const externalContext = document.beginPage(width, height);
    await view.toCanvas(1, { externalContext });
    document.endPage();
    return document.close();
  } finally {
    view.finalize();
  }
}

/** vega types its canvas as the browser's; here it is the one of @napi-rs/canvas, which vega-canvas was given. */
async function canvasOf(view: View, scale: number): Promise<Canvas> {
  const canvas: unknown = await view.toCanvas(scale);
  if (!(canvas instanceof Canvas)) throw new Error('vega drew on a canvas that is not the one of @napi-rs/canvas');
  return canvas;
}
