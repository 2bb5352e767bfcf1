import { decode, MAXIMUM_LENGTH, Segment, Word } from '@ringbench/isa';
import { MICRO_OPS_END, Region, type MachineMemory, type Mmu } from '@ringbench/machine';
import { blockKey, contextNumber, isHit, type Block, type WaitingLink } from './block.js';
import { chooseFusedPairs, dropDeadFlags } from './block-passes.js';
import { JumpCacheEntry, jumpCacheIndex, JUMP_CACHE_MASK } from './hot-loop.js';
import { lower, lowerUndecodable, pseudoShape, type CodeContext, type LoweredInstruction } from './lowering.js';
import { ENTRY_SHIFT, Field, fieldOfInstructionNumber, FIRST_ENTRY_OPERATION, LINK_NEXT, LINK_TAKEN, MAX_BLOCK_INSTRUCTIONS, MICRO_OP_BYTES, OPERATION_MASK, REMAINING_SHIFT } from './micro-op.js';
import type { OperationTable } from './operations.js';
import { PageSource } from './page-source.js';
import { immediatesOf, isWithin, patchImmediate, type PatchedImmediate } from './patched-immediates.js';
import { NumberedInstructions, SystemInstruction } from './system-operands.js';

const PAGE_MASK = 0xfff;
const PAGE_BYTES = 4096;
const GRANULE_SHIFT = 6;

/** Many more than any guest's code has; above it everything is dropped. */
const MOST_SYSTEM_INSTRUCTIONS = 1 << 16;

/** Results of `lookUp` that are not a micro-op. */
export const LookUp = { FAULT: -1, TRAP_PAGE: -2 } as const;

const NO_IMMEDIATES: readonly PatchedImmediate[] = [];
const JUMP_SHAPE = pseudoShape('jmp');

/**
 * Decoded code: blocks of micro-ops by physical address, EIP and context; how they link; and what becomes of them when their bytes change.
 * Micro-op memory is a bump allocator: when it is full everything is dropped.
 */
export class CodeCache {
  /** System instructions by the number in their micro-op. */
  readonly instructions: readonly SystemInstruction[];
  private readonly numbered = new NumberedInstructions();
  /** Changes whenever code is decoded or forgotten. */
  age = 0;
  /** Machine page at which the VMM takes over (its dispatcher), or -1. */
  trapPage = -1;
  private readonly words: Int32Array;
  private readonly blocksOfContext: Map<number, Block>[] = Array.from({ length: 8 }, () => new Map<number, Block>());
  private readonly waitingOfContext: Map<number, WaitingLink[]>[] = Array.from({ length: 8 }, () => new Map<number, WaitingLink[]>());
  private readonly granules = new Map<number, Block[]>();
  private readonly liveBlocks = new Map<number, number>();
  private next = Region.MICRO_OPS + SCRATCH_BYTES;
  /** Where `next` was when everything was dropped, at most. */
  private usedUpTo = 0;
  private readonly source: PageSource;

  constructor(
    private readonly memory: MachineMemory,
    private readonly mmu: Mmu,
    private readonly table: OperationTable,
    private readonly fused: ReadonlyMap<number, number>,
  ) {
    this.words = memory.words;
    this.instructions = this.numbered.all;
    this.source = new PageSource(memory.bytes, mmu, memory.state);
    memory.onReset(() => memory.bytes.fill(0, Region.MICRO_OPS, Math.max(this.usedUpTo, this.next)));
  }

  /** Micro-op of the block at an EIP, decoded if need be; or a LookUp code (FAULT: the MMU holds the page fault). */
  lookUp(eip: number, linear: number, context: CodeContext): number {
    const user = this.memory.state[Word.CPL] === 3;
    const entry = this.words[(this.memory.state[Word.CODE_TLB] >> 2) + (linear >>> 12)];
    const host = (entry & PAGE_MASK) === 0 ? (linear + entry) | 0 : this.mmu.fetch(linear, user);
    if (host < 0) return LookUp.FAULT;
    if (this.trapPage >= 0 && this.mmu.pageOfHost(host) === this.trapPage) return LookUp.TRAP_PAGE;
    if (context.flat) {
      const cached = (Region.JUMP_CACHE >> 2) + jumpCacheIndex(host) * (JumpCacheEntry.BYTES >> 2);
      if (this.words[cached] === host && this.words[cached + 1] === eip) return this.words[cached + 2];
    }
    const number = contextNumber(context);
    const block = this.blocksOfContext[number].get(blockKey(host, eip));
    if (block === undefined || block.dead || block.eip !== eip) return this.build(eip, linear, host, context, MAX_BLOCK_INSTRUCTIONS, block);
    if (block.secondStart >= 0) {
      const second = this.mmu.fetch((linear | PAGE_MASK) + 1, user);
      if (second < 0) return LookUp.FAULT;
      if (second !== block.secondStart) return this.build(eip, linear, host, context, MAX_BLOCK_INSTRUCTIONS, block);
    } else if (context.flat) this.remember(host, eip, block.microOp);
    return block.microOp;
  }

  /** Micro-op of just the instruction at an EIP, in a place that the next call reuses. */
  lookUpSingle(eip: number, linear: number, context: CodeContext): number {
    const host = this.mmu.fetch(linear, this.memory.state[Word.CPL] === 3);
    if (host < 0) return LookUp.FAULT;
    if (this.trapPage >= 0 && this.mmu.pageOfHost(host) === this.trapPage) return LookUp.TRAP_PAGE;
    return this.build(eip, linear, host, context, 1, undefined);
  }

  /** To be called when bytes of a watched page changed. Whether blocks were dropped: most stores to such a page are to data beside the code. */
  codeWritten(host: number, bytes: number): boolean {
    let hitAny = false;
    for (let granule = host >>> GRANULE_SHIFT; granule <= (host + bytes - 1) >>> GRANULE_SHIFT; granule++) {
      const blocks = this.granules.get(granule);
      if (blocks === undefined) continue;
      let hitHere = false;
      for (const block of blocks) {
        if (!isHit(block, host, bytes) || patchImmediate(block.immediates, host, bytes, this.words, this.memory.view)) continue;
        this.kill(block);
        hitHere = true;
      }
      if (!hitHere) continue;
      hitAny = true;
      const alive = blocks.filter((block) => !block.dead);
      if (alive.length === 0) this.granules.delete(granule);
      else this.granules.set(granule, alive);
    }
    return hitAny;
  }

  /** Immediates of blocks that the bytes lie in. */
  immediatesAt(host: number, bytes: number): readonly PatchedImmediate[] {
    return (this.granules.get(host >>> GRANULE_SHIFT) ?? []).flatMap(({ dead, immediates }) => (dead ? [] : immediates.filter((one) => isWithin(one, host, bytes))));
  }

  // ---- for an executor above this one

  /** Called when every micro-op is forgotten. */
  onDropped: () => void = () => undefined;
  /** Called when a page is not watched any more. */
  onUnwatched: () => void = () => undefined;

  /** Micro-op of the block that was decoded at an EIP and a host address and still lives, or 0: whether that code has run. Changes nothing. */
  decodedAt(eip: number, host: number, context: CodeContext): number {
    const block = this.blocksOfContext[contextNumber(context)].get(blockKey(host, eip));
    return block === undefined || block.dead || block.eip !== eip || block.secondStart >= 0 ? 0 : block.microOp;
  }

  /** Instructions from an EIP on up to the end of the block, of the page, or to one that cannot be decoded. Nothing is kept and no page is fetched. */
  decodeRun(eip: number, host: number, context: CodeContext, most = MAX_BLOCK_INSTRUCTIONS): LoweredInstruction[] {
    const { source } = this;
    const lowered: LoweredInstruction[] = [];
    source.begin(eip, host);
    source.mayCross = false;
    for (let at = 0; lowered.length < most; at += lowered[lowered.length - 1].next - ((eip + at) | 0)) {
      const decoded = decode(source, at, context);
      if (typeof decoded === 'string') break;
      lowered.push(lower(this.table, decoded, (eip + at) | 0, context, () => 0));
      if (lowered[lowered.length - 1].endsBlock) break;
    }
    return lowered;
  }

  /** Puts one instruction at a place of its own, to be executed by itself; the place holds until `onDropped`. 0 when there is no room: everything was dropped. */
  placeSingle(single: LoweredInstruction): number {
    if (this.isFull) {
      this.dropEverything();
      return 0;
    }
    const { operation, instruction } = single;
    const words = single.words.slice();
    if (instruction !== undefined && operation.hasProcedure) words[fieldOfInstructionNumber(operation.hasMemoryOperand)] = this.numbered.add(new SystemInstruction(instruction), false);
    const microOp = this.next;
    this.next += 2 * MICRO_OP_BYTES;
    // It ends what it is in: behind it is only the EIP.
    this.write(microOp, [{ ...single, words, endsBlock: true }]);
    return microOp;
  }

  /** Lets the block at a micro-op be entry number `entry` of another executor's. */
  markEntry(microOp: number, entry: number): number {
    const word = this.words[microOp >> 2];
    this.words[microOp >> 2] = (word & ~OPERATION_MASK) | (FIRST_ENTRY_OPERATION + entry);
    return word & OPERATION_MASK;
  }
  /** Undoes `markEntry`, whose result `operation` is; a block that died meanwhile stays dead. */
  unmarkEntry(microOp: number, entry: number, operation: number): void {
    const word = this.words[microOp >> 2];
    if ((word & OPERATION_MASK) === FIRST_ENTRY_OPERATION + entry) this.words[microOp >> 2] = (word & ~OPERATION_MASK) | operation;
  }

  /** Keeps a page watched for somebody who has code of it, whatever becomes of the blocks here. */
  retainPage(page: number): void {
    this.age++;
    this.liveBlocks.set(page, (this.liveBlocks.get(page) ?? 0) + 1);
    this.mmu.watchCode(page);
  }
  releasePage(page: number): void { this.unwatch(page); }

  // ---- building

  // Code that changes again and again is built in the same place each time, but its system instructions get new numbers.
  private get isFull(): boolean { return this.next + (MAX_BLOCK_INSTRUCTIONS + 2) * 2 * MICRO_OP_BYTES > MICRO_OPS_END || this.instructions.length > MOST_SYSTEM_INSTRUCTIONS; }

  private build(eip: number, linear: number, host: number, context: CodeContext, limit: number, known: Block | undefined): number {
    const single = limit === 1;
    const { isFull } = this;
    if (isFull) this.dropEverything();
    // The place of a block that was dropped is nobody's: it must not be used again for this one.
    const replaced = isFull ? undefined : known;
    const decoded = this.decodeBlock(eip, linear, host, context, limit);
    if (decoded === undefined) return LookUp.FAULT;
    const { lowered, bytes } = decoded;
    if (!single) dropDeadFlags(lowered, this.table);
    if (replaced !== undefined) this.kill(replaced);
    // One more for the jump, or at least the EIP, behind the last instruction.
    const needed = lowered.length + 1;
    if (single) {
      this.write(Region.MICRO_OPS, lowered);
      return Region.MICRO_OPS;
    }
    const second = this.source.secondHost;
    // Links into a block that did not straddle lead past the look-up of a second page: one that does straddle takes no such place.
    const microOp = this.place(needed, second >= 0 && replaced?.secondStart === -1 ? undefined : replaced);
    const inFirst = Math.min(bytes, PAGE_BYTES - (linear & PAGE_MASK));
    const block: Block = {
      microOp, capacity: replaced !== undefined && replaced.microOp === microOp ? replaced.capacity : needed, eip, start: host, end: host + inFirst,
      secondStart: second, secondEnd: second < 0 ? -1 : second + bytes - inFirst, dead: false,
      immediates: known === undefined || second >= 0 ? NO_IMMEDIATES : immediatesOf(lowered, host, microOp),
    };
    this.write(microOp, lowered);
    this.register(block, context);
    if (context.flat && second < 0) {
      this.link(block, lowered, context);
      this.fuse(block.microOp, lowered);
      this.remember(host, eip, microOp);
    }
    return microOp;
  }

  /** Decodes up to `limit` instructions; undefined when the first cannot be fetched. */
  private decodeBlock(eip: number, linear: number, host: number, context: CodeContext, limit: number): { lowered: LoweredInstruction[]; bytes: number } | undefined {
    const { source } = this;
    const lowered: LoweredInstruction[] = [];
    const codeLimit = context.flat ? -1 : this.memory.state[Word.LIMIT + Segment.CS];
    source.begin(linear, host);
    let at = 0;
    const room = PAGE_BYTES - (linear & PAGE_MASK);
    while (lowered.length < limit && at < room) {
      source.mayCross = lowered.length === 0;
      // Not truncated in 16-bit code: running past the segment's end is a fault, only branches wrap (80386 manual, 14.7).
      const here = (eip + at) | 0;
      const decoded = here >>> 0 > codeLimit >>> 0 ? 'limit' : decode(source, at, context);
      if (decoded === 'truncated' && (lowered.length > 0 || this.mmu.faulted)) break;
      if (typeof decoded === 'string') {
        if (lowered.length > 0) break;
        lowered.push(lowerUndecodable(this.table, decoded, here));
        // Any byte that an instruction here could have may make one of them.
        at = MAXIMUM_LENGTH;
        break;
      }
      // A repeated string instruction heads its block, because it goes back to itself.
      if (decoded.repeat !== 'none' && lowered.length > 0) break;
      if ((here >>> 0) + decoded.length - 1 > codeLimit >>> 0) {
        if (lowered.length > 0) break;
        lowered.push(lowerUndecodable(this.table, 'limit', here));
        // How long it is follows from bytes beyond the limit too.
        at = decoded.length;
        break;
      }
      lowered.push(lower(this.table, decoded, here, context, (instruction) => this.numbered.add(new SystemInstruction(instruction), limit === 1)));
      at += decoded.length;
      if (lowered[lowered.length - 1].endsBlock) break;
    }
    return lowered.length === 0 ? undefined : { lowered, bytes: Math.max(at, 1) };
  }

  private place(needed: number, replaced: Block | undefined): number {
    if (replaced !== undefined && replaced.dead && replaced.capacity >= needed) return replaced.microOp;
    const microOp = this.next;
    this.next += needed * MICRO_OP_BYTES;
    if (replaced !== undefined) this.forward(replaced.microOp, replaced.eip, microOp);
    return microOp;
  }

  private write(microOp: number, lowered: readonly LoweredInstruction[]): void {
    const { words } = this;
    const count = lowered.length;
    lowered.forEach((item, i) => {
      const at = (microOp + i * MICRO_OP_BYTES) >> 2;
      words.set(item.words, at);
      words[at] = item.operation.id | ((count - i) << REMAINING_SHIFT);
    });
    const last = lowered[count - 1];
    if (!last.endsBlock) this.forward(microOp + count * MICRO_OP_BYTES, last.next, 0);
    else words[((microOp + count * MICRO_OP_BYTES) >> 2) + Field.EIP] = last.next;
    words[microOp >> 2] |= count << ENTRY_SHIFT;
  }

  /** Writes a jump that costs nothing and is no instruction: behind a block that ends because of its length, or over a dropped one. */
  private forward(at: number, eip: number, to: number): void {
    const word = at >> 2;
    this.words[word] = this.table.get(JUMP_SHAPE).id;
    this.words[word + Field.IMMEDIATE] = eip;
    this.words[word + LINK_TAKEN] = to;
    this.words[word + Field.EIP] = eip;
  }

  private register(block: Block, context: CodeContext): void {
    const number = contextNumber(context);
    const key = blockKey(block.start, block.eip);
    this.blocksOfContext[number].set(key, block);
    this.watch(block, block.start, block.end);
    if (block.secondStart >= 0) this.watch(block, block.secondStart, block.secondEnd);
    const waiting = this.waitingOfContext[number].get(key);
    if (waiting === undefined || block.secondStart >= 0) return;
    // The place of a dead block may be another's by now.
    for (const { word, owner } of waiting) if (!owner.dead) this.words[word] = block.microOp;
    this.waitingOfContext[number].delete(key);
  }

  private watch(block: Block, start: number, end: number): void {
    this.retainPage(this.mmu.pageOfHost(start));
    for (let granule = start >>> GRANULE_SHIFT; granule <= (end - 1) >>> GRANULE_SHIFT; granule++) {
      const blocks = this.granules.get(granule);
      if (blocks === undefined) this.granules.set(granule, [block]);
      else blocks.push(block);
    }
  }

  /** Links the direct transfer at the end of a block to blocks of the same page; other pages need the code TLB. */
  private link(block: Block, lowered: readonly LoweredInstruction[], context: CodeContext): void {
    const last = lowered[lowered.length - 1];
    const at = block.microOp + (last.endsBlock ? lowered.length - 1 : lowered.length) * MICRO_OP_BYTES;
    const mnemonic = last.endsBlock ? last.operation.shape.mnemonic : 'jmp';
    const code = last.operation.code ?? [];
    const direct = !last.endsBlock || code.some(({ kind }) => kind === 'branch' || kind === 'jump');
    if (!direct) return;
    this.words[(at >> 2) + LINK_TAKEN] = 0;
    this.linkOne(block, (at >> 2) + LINK_TAKEN, this.words[(at >> 2) + Field.IMMEDIATE], context);
    if (mnemonic === 'jmp' || mnemonic === 'call') return;
    this.words[(at >> 2) + LINK_NEXT] = 0;
    this.linkOne(block, (at >> 2) + LINK_NEXT, last.next, context);
  }

  private linkOne(block: Block, word: number, target: number, context: CodeContext): void {
    if (target >>> 12 !== block.eip >>> 12) return;
    const number = contextNumber(context);
    const key = blockKey((block.start & ~PAGE_MASK) | (target & PAGE_MASK), target);
    const known = this.blocksOfContext[number].get(key);
    if (known !== undefined && known.secondStart < 0) {
      this.words[word] = known.microOp;
      return;
    }
    const waiting = this.waitingOfContext[number].get(key);
    if (waiting === undefined) this.waitingOfContext[number].set(key, [{ word, owner: block }]);
    else waiting.push({ word, owner: block });
  }

  /** Lets the first micro-op of each pair that the hot loop has fused do both. */
  private fuse(microOp: number, lowered: readonly LoweredInstruction[]): void {
    chooseFusedPairs(lowered, this.fused).forEach((pair, i) => {
      if (pair === 0) return;
      const at = (microOp + i * MICRO_OP_BYTES) >> 2;
      this.words[at] = (this.words[at] & ~OPERATION_MASK) | pair;
    });
  }

  // ---- forgetting

  private remember(host: number, eip: number, microOp: number): void {
    const at = (Region.JUMP_CACHE >> 2) + jumpCacheIndex(host) * (JumpCacheEntry.BYTES >> 2);
    this.words[at] = host;
    this.words[at + 1] = eip;
    this.words[at + 2] = microOp;
  }

  private kill(block: Block): void {
    if (block.dead) return;
    block.dead = true;
    this.words[block.microOp >> 2] &= ~OPERATION_MASK;
    this.unwatch(this.mmu.pageOfHost(block.start));
    if (block.secondStart >= 0) this.unwatch(this.mmu.pageOfHost(block.secondStart));
    const index = (Region.JUMP_CACHE >> 2) + jumpCacheIndex(block.start) * (JumpCacheEntry.BYTES >> 2);
    if (this.words[index + 2] === block.microOp) this.words[index] = 0;
  }

  private unwatch(page: number): void {
    this.age++;
    const left = (this.liveBlocks.get(page) ?? 1) - 1;
    this.liveBlocks.set(page, left);
    if (left > 0) return;
    this.mmu.unwatchCode(page);
    this.onUnwatched();
  }

  private dropEverything(): void {
    this.age++;
    for (const page of this.liveBlocks.keys()) this.mmu.unwatchCode(page);
    for (const blocks of this.blocksOfContext) blocks.clear();
    for (const waiting of this.waitingOfContext) waiting.clear();
    this.granules.clear();
    this.liveBlocks.clear();
    this.numbered.forget();
    this.words.fill(0, Region.JUMP_CACHE >> 2, (Region.JUMP_CACHE >> 2) + (JUMP_CACHE_MASK + 1) * (JumpCacheEntry.BYTES >> 2));
    this.usedUpTo = Math.max(this.usedUpTo, this.next);
    this.next = Region.MICRO_OPS + SCRATCH_BYTES;
    this.onDropped();
  }
}

/** The first micro-ops are the scratch place of `lookUpSingle`. */
const SCRATCH_BYTES = 4 * MICRO_OP_BYTES;
