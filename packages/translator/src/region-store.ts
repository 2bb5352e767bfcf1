import { createPageInvalidation, createRingTransitions, encodeModule, ENTRY_OPERATIONS, IMMEDIATE_BYTES, type CodeCache, type ImportedFunction, type QuickFill } from '@ringbench/interpreter';
import type { Mmu } from '@ringbench/machine';
import { GRANULE_SHIFT, type CodeKnowledge } from './code-knowledge.js';
import { createDispatcher, type Dispatcher } from './dispatcher.js';
import type { LiveSite } from './live-site.js';
import { Links, MOST_LINKS } from './links.js';
import { Imported } from './locals.js';
import type { ForcedExits } from './region-exit-printer.js';
import { RegionPrinter } from './region-printer.js';
import type { RegionNode, RegionShape } from './region.js';
import { TargetProfile } from './target-profile.js';

/** By `Imported`; a module has the first ones, as many as it needs, because each costs much of the time that a module takes. */
const IMPORTED: readonly ImportedFunction[] = [{ name: 'call', parameters: 1 }, { name: 'fill', parameters: 2 }, { name: 'interrupt', parameters: 2 }, { name: 'interruptReturn', parameters: 0 }, { name: 'invalidate', parameters: 1 }];
/** Much below what V8 stands: some 30,000 live instances abort the process. */
export const MOST_REGIONS = 1000;
const USER_BIT = 1;

/** Translated code that is entered at one block of the interpreter's. */
export interface TranslatedRegion {
  readonly entry: number;
  readonly eip: number;
  readonly host: number;
  readonly user: boolean;
  readonly run: () => number;
  /** Micro-op of the block at its entry, and that block's own operation. */
  readonly microOp: number;
  readonly operation: number;
  readonly sites: readonly number[];
  /** Instructions that ran before it stopped in JavaScript, less what such a stop costs in instructions of the interpreter's. */
  balance: number;
  /** Host addresses of the code, from and to, in pairs; pages that are watched for it. */
  readonly ranges: readonly number[];
  readonly pages: readonly number[];
}

/** For tests; see TranslatorOptions. */
export interface StoreOptions {
  readonly forcedExit?: ForcedExits;
  readonly onTranslated?: (shape: RegionShape, module: Uint8Array) => void;
  readonly mostRegions?: number;
}

export interface StoreStatistics {
  /** Since the start. */
  translated: number;
  instructions: number;
  bytes: number;
  dropped: number;
}

/** The regions that there are, by entry, by site, by the bytes that they were made from. */
export class RegionStore {
  readonly dispatcher: Dispatcher;
  /** What all regions import alike. */
  private readonly shared: WebAssembly.ModuleImports;
  private readonly links: Links;
  readonly statistics: StoreStatistics = { translated: 0, instructions: 0, bytes: 0, dropped: 0 };
  private readonly regions: (TranslatedRegion | undefined)[] = [];
  /** The same, the oldest first. */
  private readonly byAge = new Set<TranslatedRegion>();
  private readonly freeEntries: readonly [supervisor: number[], user: number[]] = [[], []];
  private readonly sites: (LiveSite | undefined)[] = [];
  private readonly freeSites: number[] = [];
  private readonly byGranule = new Map<number, Set<TranslatedRegion>>();
  readonly targets = new TargetProfile();

  /** `call` executes the instruction at a site for a region, `fill` fills the TLB. */
  constructor(
    memory: WebAssembly.Memory, private readonly cache: CodeCache, private readonly mmu: Mmu,
    call: (site: number) => number, fill: QuickFill, private readonly knowledge: CodeKnowledge, private readonly options: StoreOptions = {},
  ) {
    this.shared = { ...createRingTransitions(memory), invalidate: createPageInvalidation(memory), memory, call, fill };
    this.dispatcher = createDispatcher(memory, ENTRY_OPERATIONS + MOST_LINKS);
    this.links = new Links(this.dispatcher.table, ENTRY_OPERATIONS, this.dispatcher.none);
  }

  get size(): number { return this.byAge.size; }
  /** Places that regions lead to each other through, for tests. */
  get linkCount(): number { return this.links.size; }
  regionOf(entry: number): TranslatedRegion | undefined { return this.regions[entry]; }
  site(number: number): LiveSite {
    const site = this.sites[number];
    if (site === undefined) throw new Error(`a region left at site ${number}, which does not exist`);
    return site;
  }
  /** Translates a region and lets the block at a micro-op enter it. */
  add(shape: RegionShape, microOp: number): TranslatedRegion {
    this.makeRoom();
    const sites: number[] = [];
    const printer = new RegionPrinter(shape, {
      addSite: (site) => {
        const number = this.freeSites.pop() ?? this.sites.length;
        this.sites[number] = site;
        sites.push(number);
        return number;
      },
      isMisaligned: this.knowledge.isMisaligned,
      fillsAt: this.knowledge.fillsAt,
      wantsTargets: this.targets.wantsTargets,
      linkTo: (target) => this.links.placeOf(target),
      forcedExit: this.options.forcedExit ?? (() => undefined),
    });
    const body = printer.print('run');
    const calls = shape.nodes.some((node) => node.calls);
    const last = printer.invalidates ? Imported.INVALIDATE : printer.transits ? Imported.INTERRUPT_RETURN : printer.fills ? Imported.FILL : calls ? Imported.CALL : -1;
    const imported = IMPORTED.slice(0, last + 1);
    const bytes = encodeModule([body], imported, printer.isLinked ? 'regions' : undefined);
    this.options.onTranslated?.(shape, bytes);
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { machine: { ...this.shared, regions: this.dispatcher.table } });
    const run = instance.exports.run as () => number;
    const entry = this.takeEntry(shape.user);
    const ranges = shape.nodes.flatMap(rangesOf);
    const pages = [...new Set(shape.nodes.map(({ host }) => this.mmu.pageOfHost(host)))];
    const operation = this.cache.markEntry(microOp, entry);
    const region: TranslatedRegion = { entry, eip: shape.nodes[0].eip, host: shape.nodes[0].host, user: shape.user, run, microOp, operation, sites, balance: 0, ranges, pages };
    for (const number of sites) this.site(number).region = region;
    this.regions[entry] = region;
    this.dispatcher.table.set(entry, run);
    this.links.add(region, run);
    this.watch(region);
    this.byAge.add(region);
    this.statistics.translated++;
    this.statistics.instructions += shape.nodes.reduce((sum, { instructions }) => sum + instructions.length, 0);
    this.statistics.bytes += bytes.length;
    return region;
  }
  private makeRoom(): void {
    // Places for links are not given back one by one.
    if (this.links.isFull) this.dropAll();
    // One by one, so that memory stays flat. What is hot of them comes back soon.
    const most = this.options.mostRegions ?? MOST_REGIONS;
    for (const region of this.byAge) {
      if (this.byAge.size < most) break;
      this.drop(region);
    }
  }
  private takeEntry(user: boolean): number {
    const bit = user ? USER_BIT : 0;
    const free = this.freeEntries[bit].pop();
    if (free !== undefined) return free;
    // Numbers come in pairs, of which the other one is free then.
    const pair = this.regions.push(undefined, undefined) - 2;
    this.freeEntries[1 - bit].push(pair + 1 - bit);
    return pair + bit;
  }

  private watch(region: TranslatedRegion): void {
    for (const page of region.pages) this.cache.retainPage(page);
    this.forEachGranule(region, (granule) => addTo(this.byGranule, granule, region));
  }
  private forEachGranule({ ranges }: TranslatedRegion, visit: (granule: number) => void): void {
    for (let i = 0; i < ranges.length; i += 2) for (let granule = ranges[i] >>> GRANULE_SHIFT; granule <= (ranges[i + 1] - 1) >>> GRANULE_SHIFT; granule++) visit(granule);
  }

  /** Bytes of watched code changed: what was translated from them goes. Whether that was anything. */
  codeWritten(host: number, bytes: number): boolean {
    let isDropped = false;
    for (let granule = host >>> GRANULE_SHIFT; granule <= (host + bytes - 1) >>> GRANULE_SHIFT; granule++) {
      const regions = this.byGranule.get(granule);
      if (regions === undefined) continue;
      let isHit = false;
      for (const region of regions) {
        if (!isTouched(region, host, bytes)) continue;
        isHit = true;
        if (bytes <= IMMEDIATE_BYTES) this.knowledge.notePatch(host);
        this.drop(region);
      }
      if (isHit) this.knowledge.noteChange(granule);
      isDropped ||= isHit;
    }
    return isDropped;
  }

  drop(region: TranslatedRegion): void {
    if (this.regions[region.entry] !== region) return;
    this.forget(region);
    this.cache.unmarkEntry(region.microOp, region.entry, region.operation);
    for (const page of region.pages) this.cache.releasePage(page);
  }
  dropAll(): void {
    for (const region of this.byAge) this.drop(region);
    this.links.forget();
  }
  /** The interpreter forgot all its blocks, and what it watches. */
  blocksDropped(): void {
    for (const region of this.byAge) this.forget(region);
    this.links.forget();
  }
  private forget(region: TranslatedRegion): void {
    this.regions[region.entry] = undefined;
    this.freeEntries[region.entry & USER_BIT].push(region.entry);
    this.dispatcher.table.set(region.entry, null);
    this.links.remove(region);
    for (const site of region.sites) {
      this.sites[site] = undefined;
      this.freeSites.push(site);
    }
    this.forEachGranule(region, (granule) => deleteFrom(this.byGranule, granule, region));
    this.byAge.delete(region);
    this.statistics.dropped++;
  }
}

/** Host addresses of a node's bytes, from and to, in pairs: without the immediates that may change. */
function rangesOf({ host, hostEnd, patched }: RegionNode): number[] {
  return [host, ...patched.flatMap((immediate) => [immediate, immediate + IMMEDIATE_BYTES]), hostEnd];
}

function isTouched({ ranges }: TranslatedRegion, host: number, bytes: number): boolean {
  for (let i = 0; i < ranges.length; i += 2) if (host < ranges[i + 1] && host + bytes > ranges[i]) return true;
  return false;
}

function addTo(index: Map<number, Set<TranslatedRegion>>, key: number, region: TranslatedRegion): void {
  const known = index.get(key);
  if (known === undefined) index.set(key, new Set([region]));
  else known.add(region);
}
function deleteFrom(index: Map<number, Set<TranslatedRegion>>, key: number, region: TranslatedRegion): void {
  const regions = index.get(key);
  regions?.delete(region);
  if (regions?.size === 0) index.delete(key);
}
