import { Field, FIRST_ENTRY_OPERATION, HOT_INTEGER_SET, Interpreter, MAX_BLOCK_INSTRUCTIONS, OPERATION_MASK, type HotSet, type LoweredInstruction } from '@ringbench/interpreter';
import { eventIndex, Word } from '@ringbench/isa';
import { Region, type Executor, type ExecutorStop, type Processor } from '@ringbench/machine';
import { CodeKnowledge } from './code-knowledge.js';
import { Heat } from './heat.js';
import { restoreFlags } from './flag-form.js';
import { newHistory, type LiveSite, type SiteHistory } from './live-site.js';
import { CALL_DONE, MOST_EXIT_VALUES, Outcome } from './locals.js';
import { RegionFormer } from './region-former.js';
import type { ForcedExits } from './region-exit-printer.js';
import type { RegionShape } from './region.js';
import { RegionStore, type StoreStatistics, type TranslatedRegion } from './region-store.js';

export interface TranslatorOptions {
  /** Operations of the interpreter's hot loop. */
  readonly hot?: HotSet;
  /** Instructions that the interpreter runs before it is looked at where it is; about. */
  readonly sampleEvery?: number;
  /** Heat from which a block is made the entry of a region: instructions that the interpreter ran for want of one there, as far as they are known. */
  readonly threshold?: number;
  readonly mostInstructions?: number;
  /** For tests: checks that are to fail though they hold. Nothing may differ. */
  readonly forcedExit?: ForcedExits;
  /** Called with what was translated and its module, for tests. */
  readonly onTranslated?: (shape: RegionShape, module: Uint8Array) => void;
  /** For tests: the most regions at once, if it is not `MOST_REGIONS`. */
  readonly mostRegions?: number;
  /** Called with each outcome for which regions came back to JavaScript, for tests. */
  readonly onOutcome?: (outcome: number) => void;
}

/** What it costs to leave a region for the interpreter and to come back, in instructions that the interpreter could have run meanwhile. */
const EXIT_PRICE = 60;
/**
 * Translating costs what some thousand executions in the interpreter cost, for each instruction of a region. So a block is tried when the interpreter has been found
 * there so often that, with the region's other blocks, about as much time was spent (Karlin et al., "Competitive snoopy caching": then it is never more than twice
 * the least).
 */
const DEFAULTS = { sampleEvery: 1000, threshold: 150_000, mostInstructions: 200 } as const;
// Hot path: a constant of this module folds into the code, a property of an imported object does not.
const { EIP, BUDGET, CPL } = Word;
const FILL_DATA = eventIndex('tlb.fill.data');
const DIRTY_WALK = eventIndex('tlb.dirty');
const PAGE_MASK = 0xfff;
const USER_LEVEL = 3;
/** A slice this short is stepped through: single steps, debug exceptions, interrupt shadows. */
const SHORT_SLICE = 4;
/** Exits at a site after which misaligned addresses are thought to be the cause. */
const MISALIGNED_EXITS = 8;
/** A site that is left at so many times in a row, at most so many instructions apart on average, had better call. */
const CALLING_EXITS = 16;
const CALLING_DISTANCE = 2000;
/** What a stop in JavaScript costs, in instructions that the interpreter could have run meanwhile; and the bounds of a region's balance. */
const STOP_PRICE = 50;
const LEAST_BALANCE = -20_000;
const MOST_BALANCE = 1_000_000;

/** What the region left for. */
type RegionStop = 'interpret' | 'budget' | 'attention';

/**
 * Direct execution at speed: the interpreter runs cold code and whatever is rare, hot flat 32-bit code runs as WebAssembly that is generated from the same
 * recorded semantics. When something is translated depends on guest instructions alone, and nothing that a guest or a count shows depends on it.
 */
export class Translator implements Executor {
  readonly name = 'translator';
  readonly interpreter: Interpreter;
  readonly store: RegionStore;
  private readonly state: Int32Array;
  private readonly words: Int32Array;
  private readonly heat: Heat;
  private readonly knowledge: CodeKnowledge;
  private readonly former: RegionFormer;
  private readonly options: { readonly sampleEvery: number; readonly threshold: number; readonly mostInstructions: number };
  /** Generator of sample distances, so that samples do not beat with a loop. */
  private dice = 1;
  private readonly onOutcome: TranslatorOptions['onOutcome'];
  /** BUDGET when JavaScript was left last. */
  private budgetBefore = 0;
  /** Where the interpreter took over from a region, at which instruction; -1 when that was accounted for. */
  private exitEip = 0;
  private exitTime = -1;
  private exitAtUser = false;
  /** The edge on which a region was left last. */
  private exitEdge: LiveSite | undefined = undefined;
  private readonly exitValues: Int32Array;

  constructor(private readonly processor: Processor, options: TranslatorOptions = {}) {
    const { memory, mmu, context } = processor;
    this.options = { ...DEFAULTS, ...options };
    this.onOutcome = options.onOutcome;
    this.heat = new Heat(this.options.threshold);
    this.state = memory.state;
    this.words = memory.words;
    this.exitValues = memory.words.subarray(Region.EXIT_VALUES >> 2, (Region.EXIT_VALUES >> 2) + MOST_EXIT_VALUES);
    this.interpreter = new Interpreter(processor, options.hot ?? HOT_INTEGER_SET);
    const { cache } = this.interpreter;
    this.knowledge = new CodeKnowledge(() => processor.now());
    this.store = new RegionStore(memory.wasm, cache, mmu, (site) => this.callFromRegion(this.store.site(site)), this.interpreter.quickFill, this.knowledge, options);
    this.former = new RegionFormer(memory, cache, context, { mostInstructions: this.options.mostInstructions, isChurning: this.knowledge.isChurning, targetsOf: this.store.targets.targetsOf, callsAt: this.knowledge.callsAt, isPatched: this.knowledge.isPatched });
    this.interpreter.onPatched = (host, bytes) => this.former.runs.codeWritten(host, bytes);
    this.interpreter.onCodeWritten = (host, bytes) => {
      this.former.runs.codeWritten(host, bytes);
      return this.store.codeWritten(host, bytes);
    };
    cache.onUnwatched = () => this.former.runs.forget();
    cache.onDropped = () => {
      this.store.blocksDropped();
      this.knowledge.forget();
      this.store.targets.forget();
      this.former.runs.forget();
      this.heat.forget();
    };
  }

  get statistics(): Readonly<StoreStatistics> { return this.store.statistics; }
  get trapPage(): number { return this.interpreter.trapPage; }
  set trapPage(page: number) {
    this.interpreter.trapPage = page;
    this.store.dropAll();
  }

  execute(instructions: number): ExecutorStop {
    const { processor, interpreter, state } = this;
    processor.beginSlice(instructions);
    if (instructions <= SHORT_SLICE) return interpreter.stepThrough();
    const end = processor.now() + instructions;
    for (;;) {
      const left = end - processor.now();
      const part = Math.min(left, this.sampleDistance());
      processor.beginSlice(part);
      const stop = interpreter.executeBlocks();
      if (stop === 'attention' || stop === 'trap-page') return stop;
      if (processor.attention) return 'attention';
      if (stop === 'entry') {
        this.warmExit();
        const ended = this.enterRegions(end);
        if (ended !== undefined) return ended;
      } else if (part === left) return interpreter.stepThrough();
      else {
        this.exitTime = -1;
        this.warm(state[EIP], part);
      }
    }
  }

  /** Runs regions from the marked block at EIP on; a stop, or undefined when the interpreter is to go on. */
  private enterRegions(end: number): ExecutorStop | undefined {
    const { processor, state } = this;
    const left = end - processor.now();
    processor.beginSlice(left);
    this.budgetBefore = left;
    const outcome = this.store.dispatcher.dispatch();
    // The dispatcher enters regions of the current privilege level alone; or the first instruction faulted.
    if (outcome === Outcome.ELSEWHERE && state[BUDGET] === left) {
      this.dropEntry();
      return undefined;
    }
    const stop = this.follow(outcome);
    if (stop === 'attention') return 'attention';
    if (stop === 'budget') return this.finishSlice();
    this.exitEip = state[EIP];
    this.exitTime = processor.now();
    this.exitAtUser = state[CPL] === USER_LEVEL;
    return undefined;
  }
  /** What is left of the slice is too short for the region at hand. */
  private finishSlice(): ExecutorStop {
    const stop = this.interpreter.executeBlocks();
    return stop === 'tail' || stop === 'entry' ? this.interpreter.stepThrough() : stop;
  }
  /** The interpreter comes back to a region: what it ran since the last one would have been a region's. */
  private warmExit(): void {
    if (this.exitTime < 0) return;
    const ran = Math.min(this.processor.now() - this.exitTime, this.options.sampleEvery);
    this.exitTime = -1;
    const edge = this.exitEdge;
    if (edge?.eip === this.exitEip) this.warmEdge(edge, ran);
    else this.warm(this.exitEip, ran + EXIT_PRICE, this.exitAtUser);
  }
  /** The same bytes run at both levels, which is rare: the region of the other one goes. */
  private dropEntry(): void {
    const microOp = this.blockAt(this.state[EIP]);
    const region = microOp === 0 ? undefined : this.store.regionOf((this.words[microOp >> 2] & OPERATION_MASK) - FIRST_ENTRY_OPERATION);
    if (region !== undefined && region.user !== (this.state[CPL] === USER_LEVEL)) this.store.drop(region);
  }

  private follow(first: number): RegionStop {
    const { dispatch } = this.store.dispatcher;
    for (let outcome = first; ; outcome = dispatch()) {
      this.onOutcome?.(outcome);
      if (outcome === Outcome.ELSEWHERE) {
        outcome = dispatch();
        if (outcome === Outcome.ELSEWHERE) return 'interpret';
      }
      if (outcome === Outcome.ATTENTION) return 'attention';
      if (outcome >= 0) {
        const stop = this.stopAtSite(this.store.site(outcome));
        if (stop !== undefined) return stop;
      }
      if (outcome < Outcome.ATTENTION) throw new Error(`a region came to ${outcome}`);
    }
  }

  /** Does what a region left to be done at a site. A stop, or undefined when regions may go on at EIP. */
  private stopAtSite(site: LiveSite): RegionStop | undefined {
    const { state, store } = this;
    restoreFlags(state, this.exitValues, site.flags);
    if (site.kind === 'target') {
      this.weigh(site.region);
      if (store.targets.note(site.host, state[EIP])) this.translateAgain(site.region);
      return undefined;
    }
    state[EIP] = site.eip;
    state[BUDGET] += site.refund;
    if (site.kind === 'budget') return 'budget';
    this.weigh(site.region);
    if (site.kind === 'instruction') return this.executeAt(site) ? 'attention' : undefined;
    this.warmEdge(site, EXIT_PRICE);
    this.exitEdge = site;
    return undefined;
  }
  /** The instruction of a site, for tests. */
  instructionAt(site: LiveSite): LoweredInstruction { return this.historyOf(site).instruction; }
  /** What has become of a site; its instruction is decoded anew, because sites are many and few are left at. */
  private historyOf(site: LiveSite): SiteHistory {
    if (site.history !== undefined) return site.history;
    const { interpreter, processor, knowledge } = this;
    const [instruction] = interpreter.cache.decodeRun(site.eip, site.host, processor.context, 1);
    site.history = newHistory(site, instruction, knowledge.isPatched);
    return site.history;
  }
  /** An edge that is taken again and again had better stay inside, where that is possible now. */
  private warmEdge(site: LiveSite, amount: number): void {
    site.heat += amount;
    if (site.heat < this.options.threshold) return;
    site.heat = 0;
    this.translateAgain(site.region);
  }

  /** The instruction at which a region left is executed by the interpreter. True when the driver must look. */
  private executeAt(site: LiveSite): boolean {
    const { state, processor } = this;
    const history = this.historyOf(site);
    this.learnFromExit(site, history);
    const { fills } = this;
    this.stepAt(history);
    if (this.fills !== fills) history.misses++;
    this.budgetBefore = state[BUDGET];
    return processor.attention;
  }
  /** Executes one instruction, which is charged; true as CodeCache's `stepPlaced`. */
  private stepAt(history: SiteHistory): boolean {
    const { interpreter, processor, words } = this;
    if (history.microOp === 0) history.microOp = interpreter.cache.placeSingle(history.instruction);
    // Without room for it everything is gone: the interpreter begins anew.
    if (history.microOp === 0) return false;
    if (history.patched >= 0) words[(history.microOp >> 2) + Field.IMMEDIATE] = processor.memory.view.getInt32(history.patched, true);
    return interpreter.stepPlaced(history.microOp);
  }

  /** How often the data TLB took something in. */
  private get fills(): number {
    const { counts } = this.processor.memory;
    return counts[FILL_DATA] + counts[DIRTY_WALK];
  }
  /** A site that is left at again and again is translated in another way. */
  private learnFromExit(site: LiveSite, history: SiteHistory): void {
    const { knowledge, processor } = this;
    history.exits++;
    if (site.checksAlignment && history.exits - history.misses === MISALIGNED_EXITS) {
      knowledge.noteMisaligned(site.host);
      this.translateAgain(site.region);
      return;
    }
    if (history.exits < CALLING_EXITS) return;
    const isFrequent = processor.now() - history.countedFrom < CALLING_EXITS * CALLING_DISTANCE;
    const missesMostly = 2 * history.misses > CALLING_EXITS;
    history.exits = 0;
    history.misses = 0;
    history.countedFrom = processor.now();
    if (!isFrequent) return;
    if (missesMostly && !knowledge.fillsAt(site.host)) knowledge.noteFilling(site.host);
    else if (site.checksAlignment || history.instruction.operation.terminal || knowledge.callsAt(site.host)) return;
    else {
      knowledge.noteCalling(site.host);
      // Where an access meets page faults it meets misses too, when it is tried again: a call would hide them.
      knowledge.noteFilling(site.host);
    }
    this.translateAgain(site.region);
  }

  /** Executes the instruction at a site for a region, which has charged it. Result: `CALL_DONE`, or what the region is to return. */
  private callFromRegion(site: LiveSite): number {
    const { state, processor, store } = this;
    const history = this.historyOf(site);
    const level = state[CPL];
    const isComplete = this.callAt(history);
    // Without room for it everything is gone: the interpreter begins anew.
    if (isComplete === undefined) return this.uncalled(site);
    if (processor.attention) return Outcome.ATTENTION;
    const { region } = site;
    const isBehind = isComplete && state[EIP] === history.instruction.next && state[CPL] === level;
    return isBehind && region !== undefined && store.regionOf(region.entry) === region ? CALL_DONE : Outcome.ELSEWHERE;
  }
  private callAt(history: SiteHistory): boolean | undefined {
    if (history.patched >= 0) {
      const { state } = this;
      state[EIP] = history.instruction.eip;
      state[BUDGET]++;
      return this.stepAt(history);
    }
    history.call ??= this.interpreter.prepareCall(history.instruction);
    return history.call?.();
  }

  private uncalled(site: LiveSite): number {
    this.state[EIP] = site.eip;
    this.state[BUDGET]++;
    return Outcome.ELSEWHERE;
  }

  /** A region that stops again and again after few instructions is slower than the interpreter: it goes, and its entry must get much hotter. */
  private weigh(region: TranslatedRegion | undefined): void {
    if (region === undefined) return;
    const ran = this.budgetBefore - this.state[BUDGET];
    this.budgetBefore = this.state[BUDGET];
    region.balance = Math.min(MOST_BALANCE, region.balance + ran - STOP_PRICE);
    if (region.balance > LEAST_BALANCE) return;
    this.heat.tried(region.microOp, false);
    this.store.drop(region);
  }

  /** Something was learnt about the code of a region. */
  private translateAgain(region: TranslatedRegion | undefined): void {
    if (region === undefined || this.store.regionOf(region.entry) !== region) return;
    this.store.drop(region);
    if (this.blockAt(region.eip, region.user) !== region.microOp) return;
    const shape = this.former.form(region.eip, region.user);
    if (shape !== undefined) this.store.add(shape, region.microOp);
  }

  /** Micro-op of the decoded block at an EIP, 0 if there is none. Looks, and changes nothing that a guest could notice. */
  private blockAt(eip: number, atUser = this.state[CPL] === USER_LEVEL): number {
    const { processor, interpreter } = this;
    if (!processor.context.flat) return 0;
    const entry = this.words[((atUser ? Region.CODE_USER : Region.CODE_SUPERVISOR) >> 2) + (eip >>> 12)];
    return (entry & PAGE_MASK) === 0 ? interpreter.cache.decodedAt(eip, (eip + entry) | 0, processor.context) : 0;
  }

  /** Adds heat to the block at an EIP, and translates it when it is hot. */
  private warm(eip: number, amount: number, atUser = this.state[CPL] === USER_LEVEL): void {
    const microOp = this.blockAt(eip, atUser);
    if (microOp === 0 || !this.heat.warm(microOp, amount)) return;
    if ((this.words[microOp >> 2] & OPERATION_MASK) >= FIRST_ENTRY_OPERATION) return;
    const shape = this.former.form(eip, atUser);
    this.heat.tried(microOp, shape !== undefined);
    if (shape !== undefined) this.store.add(shape, microOp);
  }

  private sampleDistance(): number {
    this.dice = (Math.imul(this.dice, 0x41c64e6d) + 12345) | 0;
    // Never shorter than the longest block: in a part of the slice that is shorter than the next block nothing would run.
    const sampleEvery = Math.max(MAX_BLOCK_INSTRUCTIONS, this.options.sampleEvery);
    return sampleEvery + ((this.dice >>> 8) % sampleEvery);
  }
}
