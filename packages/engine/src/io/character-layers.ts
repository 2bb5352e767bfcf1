import type { ConsoleSource } from '@ringbench/machine';
import type { IoCounters } from './io-counters.js';

/** Takes what a guest writes to a console, byte by byte. */
export type CharacterSink = (byte: number, source: ConsoleSource) => void;

export type CharacterLayer = (below: CharacterSink, counters: IoCounters) => CharacterSink;

/** Bytes that a guest under `quota` may write: no guest fills its host's disk. */
const QUOTA_BYTES = 16 << 20;
const FIRST_PRINTABLE = 0x20;
const DELETE = 0x7f;
const HIDDEN = '?'.charCodeAt(0);
/** Backspace, tab, line feed, carriage return. */
const HARMLESS: ReadonlySet<number> = new Set([0x08, 0x09, 0x0a, 0x0d]);

/** Layers of a console's output, by the names that settings give them. */
export const CHARACTER_LAYERS = {
  /** Counts bytes. */
  trace: (below, counters) => (byte, source) => {
    counters.add('io.console.byte', 1);
    below(byte, source);
  },
  /** Drops what exceeds a quota. */
  quota: (below) => {
    let left = QUOTA_BYTES;
    return (byte, source) => {
      if (left === 0) return;
      left--;
      below(byte, source);
    };
  },
  /** Keeps control sequences from the host's terminal: what they begin with becomes a question mark. */
  printable: (below) => (byte, source) => below((byte >= FIRST_PRINTABLE && byte !== DELETE) || HARMLESS.has(byte) ? byte : HIDDEN, source),
} as const satisfies Readonly<Record<string, CharacterLayer>>;

export type CharacterLayerName = keyof typeof CHARACTER_LAYERS;

/** A sink under layers, the first of which is on top. */
export function stackCharacters(base: CharacterSink, layers: readonly CharacterLayerName[], counters: IoCounters): CharacterSink {
  return layers.reduceRight<CharacterSink>((below, name) => CHARACTER_LAYERS[name](below, counters), base);
}
