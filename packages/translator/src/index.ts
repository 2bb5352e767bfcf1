export { Translator, type TranslatorOptions } from './translator.js';
export { RegionPrinter, type ForcedExit, type ForcedExits, type RegionPrinterOptions } from './region-printer.js';
export type { CallContext, Edge, NodeEnd, RegionNode, RegionShape, Site } from './region.js';
export { MOST_REGIONS, type LiveSite, type StoreStatistics } from './region-store.js';
