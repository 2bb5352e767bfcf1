import { encodeModule, ENTRY_OPERATIONS, type CodeCache, type ImportedFunction, type QuickFill } from '@ringbench/interpreter';
import type { Mmu } from '@ringbench/machine';
import { createDispatcher, type Dispatcher } from './dispatcher.js';
import { Imported } from './locals.js';
import { RegionPrinter, type ForcedExits } from './region-printer.js';
import type { RegionShape, Site } from './region.js';
import { TargetProfile } from './target-profile.js';

const GRANULE_SHIFT = 6;
/** By `Imported`; a module has the first ones, as many as it needs, because each costs much of the time that a module takes. */
const IMPORTED: readonly ImportedFunction[] = [{ name: 'call', parameters: 1 }, { name: 'fill', parameters: 2 }];
/** Writes into one granule of translated code after which it is not translated any more. */
const CHURN_LIMIT = 3;
/** Much below what V8 stands (some 30,000 live instances abort the process); what is hot comes back soon. */
export const MOST_REGIONS = 1500;
const USER_BIT = 1;

/** Translated code that is entered at one block of the interpreter's. */
export interface TranslatedRegion {
  readonly entry: number;
  readonly eip: number;
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

/** A site and what has become of it. */
export interface LiveSite extends Site {
  region: TranslatedRegion | undefined;
  /** Micro-op that executes the instruction by itself, 0 until needed. */
  microOp: number;
  /** Executes the instruction for a region that calls, once prepared. */
  call: (() => boolean) | undefined;
  exits: number;
  /** Exits at which the TLB was filled. */
  misses: number;
  /** See Heat: what was lost by leaving here. */
  heat: number;
  /** Instruction clock when `exits` was 0. */
  countedFrom: number;
}

/** For tests; see TranslatorOptions. */
export interface StoreOptions {
  readonly forcedExit?: ForcedExits;
  readonly onTranslated?: (shape: RegionShape, module: Uint8Array) => void;
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
  readonly statistics: StoreStatistics = { translated: 0, instructions: 0, bytes: 0, dropped: 0 };
  private readonly regions: (TranslatedRegion | undefined)[] = [];
  private readonly freeEntries: readonly [supervisor: number[], user: number[]] = [[], []];
  private readonly sites: (LiveSite | undefined)[] = [];
  private readonly freeSites: number[] = [];
  private readonly byGranule = new Map<number, Set<TranslatedRegion>>();
  private readonly churn = new Map<number, number>();
  readonly targets = new TargetProfile();
  private readonly misaligned = new Set<number>();
  private readonly filling = new Set<number>();
  private readonly calling = new Set<number>();
  private count = 0;

  /** `call` executes the instruction at a site for a region, `fill` fills the TLB. */
  constructor(
    private readonly memory: WebAssembly.Memory, private readonly cache: CodeCache, private readonly mmu: Mmu,
    private readonly call: (site: number) => number, private readonly fill: QuickFill, private readonly options: StoreOptions = {},
  ) {
    this.dispatcher = createDispatcher(memory, ENTRY_OPERATIONS);
  }

  get size(): number { return this.count; }
  regionOf(entry: number): TranslatedRegion | undefined { return this.regions[entry]; }
  site(number: number): LiveSite {
    const site = this.sites[number];
    if (site === undefined) throw new Error(`a region left at site ${number}, which does not exist`);
    return site;
  }
  readonly isChurning = (host: number): boolean => (this.churn.get(host >>> GRANULE_SHIFT) ?? 0) >= CHURN_LIMIT;
  noteMisaligned(host: number): void { this.misaligned.add(host); }
  /** The instruction at a host address often meets pages that are not in the TLB. */
  noteFilling(host: number): void { this.filling.add(host); }
  readonly fillsAt = (host: number): boolean => this.filling.has(host);
  readonly callsAt = (host: number): boolean => this.calling.has(host);
  /** The instruction at a host address is often left at: the next region with it calls there. */
  noteCalling(host: number): void { this.calling.add(host); }

  /** Translates a region and lets the block at a micro-op enter it. */
  add(shape: RegionShape, microOp: number): TranslatedRegion {
    if (this.count >= MOST_REGIONS) this.dropAll();
    const sites: number[] = [];
    const printer = new RegionPrinter(shape, {
      addSite: (site) => {
        const number = this.freeSites.pop() ?? this.sites.length;
        this.sites[number] = { ...site, region: undefined, microOp: 0, call: undefined, exits: 0, misses: 0, heat: 0, countedFrom: 0 };
        sites.push(number);
        return number;
      },
      isMisaligned: (host) => this.misaligned.has(host),
      fillsAt: this.fillsAt,
      wantsTargets: this.targets.wantsTargets,
      forcedExit: this.options.forcedExit ?? (() => undefined),
    });
    const body = printer.print('run');
    const imported = printer.fills ? IMPORTED : shape.nodes.some(({ calls }) => calls) ? IMPORTED.slice(0, Imported.CALL + 1) : [];
    const bytes = encodeModule([body], imported);
    this.options.onTranslated?.(shape, bytes);
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { machine: { memory: this.memory, call: this.call, fill: this.fill } });
    const run = instance.exports.run as () => number;
    const entry = this.takeEntry(shape.user);
    const ranges = shape.nodes.flatMap(({ host, hostEnd }) => [host, hostEnd]);
    const pages = [...new Set(shape.nodes.map(({ host }) => this.mmu.pageOfHost(host)))];
    const operation = this.cache.markEntry(microOp, entry);
    const region: TranslatedRegion = { entry, eip: shape.nodes[0].eip, user: shape.user, run, microOp, operation, sites, balance: 0, ranges, pages };
    for (const number of sites) this.site(number).region = region;
    this.regions[entry] = region;
    this.dispatcher.table.set(entry, run);
    this.watch(region);
    this.count++;
    this.statistics.translated++;
    this.statistics.instructions += shape.nodes.reduce((sum, { instructions }) => sum + instructions.length, 0);
    this.statistics.bytes += bytes.length;
    return region;
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
        this.drop(region);
      }
      if (isHit) this.churn.set(granule, (this.churn.get(granule) ?? 0) + 1);
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
    for (const region of this.regions) if (region !== undefined) this.drop(region);
  }
  /** The interpreter forgot all its blocks, and what it watches. */
  blocksDropped(): void {
    for (const region of this.regions) if (region !== undefined) this.forget(region);
    this.misaligned.clear();
    this.filling.clear();
    this.calling.clear();
  }
  private forget(region: TranslatedRegion): void {
    this.regions[region.entry] = undefined;
    this.freeEntries[region.entry & USER_BIT].push(region.entry);
    this.dispatcher.table.set(region.entry, null);
    for (const site of region.sites) {
      this.sites[site] = undefined;
      this.freeSites.push(site);
    }
    this.forEachGranule(region, (granule) => deleteFrom(this.byGranule, granule, region));
    this.count--;
    this.statistics.dropped++;
  }
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
