export { Translator, type TranslatorOptions } from './translator.js';
export { RegionPrinter } from './region-printer.js';
export type { ForcedExit, ForcedExits, RegionPrinterOptions } from './region-exit-printer.js';
export type { CallContext, Edge, NodeEnd, RegionNode, RegionShape, Site } from './region.js';
export type { LiveSite, SiteHistory } from './live-site.js';
export { MOST_REGIONS, type StoreStatistics } from './region-store.js';
