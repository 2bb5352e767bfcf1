import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { GlobalFonts } from '@napi-rs/canvas';

/** Embedded in PDF and PNG; SVG falls back to fonts of nearly the same widths where it is not installed. */
export const FONT_FAMILY = 'DejaVu Sans';
export const FONT_STACK = `${FONT_FAMILY}, Verdana, sans-serif`;

const FONT_FILES = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf', 'DejaVuSans-Oblique.ttf'];

let registered = false;

/** Makes the fonts known to the canvas, once a process: without them text would be measured by guess and dropped silently. */
export function registerFonts(): void {
  if (registered) return;
  const require = createRequire(import.meta.url);
  for (const file of FONT_FILES) {
    const key = GlobalFonts.register(readFileSync(require.resolve(`dejavu-fonts-ttf/ttf/${file}`)), FONT_FAMILY);
    if (key === null) throw new Error(`font ${file} cannot be registered`);
  }
  registered = true;
}
