import { CR0, CR4, eventIndex, Recorder, type Expression, type Statement } from '@ringbench/isa';
import { NO_ENTRY, Region } from '../layout.js';
import { bitsForWrite, FRAME_MASK, PAGE_SHIFT, PagingEntry, TlbEntry } from './entry.js';
import { PageKind } from './physical.js';
import { TlbWord } from './tlb.js';
import { DIRECTORY_SHIFT, ENTRY_OFFSET, LARGE_FRAME, LARGE_PIECE, TABLE_SHIFT } from './walk.js';

/**
 * A miss of the data TLB in its common case, as recorded statements: paging is on, nothing is translated twice, the page tables and the page are in
 * RAM, and they allow the access. Everything else leaves with nothing done, and `Mmu` decides: page faults, entries that refuse the access, breakpoints. It is
 * one straight line: what does not apply is written to a place where it does no harm.
 */

const WALK_READS = eventIndex('walk.reads');
const WALK_WRITES = eventIndex('walk.writes');
const FILL_DATA = eventIndex('tlb.fill.data');
const DIRTY_WALK = eventIndex('tlb.dirty');
const { PRESENT, WRITABLE, USER, ACCESSED, DIRTY, GLOBAL, PAGE_SIZE, RESERVED_TABLE, RESERVED_LARGE } = PagingEntry;
const PAGE_SIZE_SHIFT = 7;
const WRITABLE_SHIFT = 1;
const DIRTY_SHIFT = 6;
const PSE_SHIFT = 4;

/** What a walk found. */
interface Walk {
  readonly isLarge: Expression;
  readonly directoryAddress: Expression;
  readonly directory: Expression;
  readonly leafAddress: Expression;
  readonly leaf: Expression;
  readonly permissions: Expression;
  readonly frame: Expression;
}

class FillRecorder {
  readonly o = new Recorder({ operandSize: 32, addressSize: 32, stackSize: 32, flat: true, stringSegment: undefined });
  private readonly linear: Expression;
  private readonly page: Expression;
  private readonly writeProtect: Expression;

  constructor(private readonly write: boolean, private readonly user: boolean) {
    const { o } = this;
    this.linear = o.let(o.parameter('immediate'));
    this.page = o.let(o.shr(this.linear, PAGE_SHIFT));
    this.writeProtect = o.let(o.ne(o.and(o.word('CR0'), CR0.WP), 0));
  }

  record(): readonly Statement[] {
    const { o } = this;
    o.leaveIf(o.or(o.isZero(o.and(o.word('CR0'), CR0.PG)), o.or(o.word('IN_V386'), this.control(TlbWord.OBSTACLES))));
    const isNew = this.isNew();
    const walk = this.walk();
    const kind = this.kindOf(walk.frame);
    o.leaveIf(this.write ? kind : o.and(kind, PageKind.LOAD_TRAPPED));
    this.update(walk);
    this.makeRoom(isNew, walk.isLarge);
    this.expose(walk, kind);
    o.count(FILL_DATA, isNew);
    if (this.write) o.count(DIRTY_WALK, o.isZero(isNew));
    return o.statements;
  }

  private word(table: number, index: Expression): Expression { return this.o.loadHost(this.o.add(this.o.shl(index, 2), table), 32); }
  private setWord(table: number, index: Expression, value: Expression): void { this.o.storeHost(this.o.add(this.o.shl(index, 2), table), value, 32, false); }
  private control(word: number): Expression { return this.o.loadHost(this.o.add(this.o.and(this.page, 0), Region.DATA_TLB_QUEUE + word * 4), 32); }
  private setControl(word: number, value: Expression): void { this.o.storeHost(this.o.add(this.o.and(this.page, 0), Region.DATA_TLB_QUEUE + word * 4), value, 32, false); }
  private physical(address: Expression): Expression { return this.o.add(address, Region.RAM); }
  private kindOf(address: Expression): Expression { return this.o.loadHost(this.o.add(this.o.shr(address, PAGE_SHIFT), Region.PAGE_KINDS), 8); }

  /** 1 when the page has no entry, 0 when it has one that lacks only DIRTY; leaves for any other. */
  private isNew(): Expression {
    const { o, write, user } = this;
    const entry = this.word(Region.DATA_TLB_ENTRY, this.page);
    const isNew = o.let(o.isZero(entry));
    if (!write) {
      o.leaveIf(entry);
      return isNew;
    }
    const needed = o.let(o.select(this.writeProtect, bitsForWrite(user, true), bitsForWrite(user, false)));
    const isClean = o.eq(o.and(entry, needed), o.and(needed, ~TlbEntry.DIRTY));
    o.leaveIf(o.isZero(o.or(isNew, isClean)));
    return isNew;
  }

  /** As PageWalker does it; leaves where that would fail. */
  private walk(): Walk {
    const { o, linear } = this;
    const directoryAddress = o.let(o.or(o.and(o.word('CR3'), FRAME_MASK), o.and(o.shr(linear, DIRECTORY_SHIFT), ENTRY_OFFSET)));
    o.leaveIf(o.and(this.kindOf(directoryAddress), PageKind.LOAD_TRAPPED));
    const directory = o.loadHost(this.physical(directoryAddress), 32);
    o.leaveIf(o.isZero(o.and(directory, PRESENT)));
    const largePages = o.let(o.and(o.shr(o.word('CR4'), PSE_SHIFT), 1));
    const isLarge = o.let(o.and(o.shr(directory, PAGE_SIZE_SHIFT), largePages));
    const leafAddress = o.let(o.select(isLarge, directoryAddress, o.or(o.and(directory, FRAME_MASK), o.and(o.shr(linear, TABLE_SHIFT), ENTRY_OFFSET))));
    o.leaveIf(o.and(this.kindOf(leafAddress), PageKind.LOAD_TRAPPED));
    const leaf = o.loadHost(this.physical(leafAddress), 32);
    o.leaveIf(o.isZero(o.and(leaf, PRESENT)));
    o.leaveIf(o.and(leaf, o.select(isLarge, RESERVED_LARGE, o.mul(largePages, RESERVED_TABLE))));
    const permissions = o.let(o.and(o.and(directory, leaf), WRITABLE | USER));
    this.requirePermission(permissions);
    const frame = o.let(o.select(isLarge, o.or(o.and(leaf, LARGE_FRAME), o.and(linear, LARGE_PIECE)), o.and(leaf, FRAME_MASK)));
    return { isLarge, directoryAddress, directory, leafAddress, leaf, permissions, frame };
  }
  private requirePermission(permissions: Expression): void {
    const { o, write, user } = this;
    const needed = user ? USER | (write ? WRITABLE : 0) : 0;
    if (user) o.leaveIf(o.ne(o.and(permissions, needed), needed));
    else if (write) o.leaveIf(o.and(this.writeProtect, o.isZero(o.and(permissions, WRITABLE))));
  }

  /** Accessed and dirty bits. Where they are there already the same value is stored, which nobody can notice. */
  private update({ isLarge, directoryAddress, directory, leafAddress, leaf }: Walk): void {
    const { o } = this;
    const used = this.write ? ACCESSED | DIRTY : ACCESSED;
    const inDirectory = o.and(o.isZero(isLarge), o.isZero(o.and(directory, ACCESSED)));
    const writes = o.let(o.add(inDirectory, o.ne(o.and(leaf, used), used)));
    o.leaveIf(o.and(o.ne(writes, 0), o.ne(o.or(this.kindOf(directoryAddress), this.kindOf(leafAddress)), 0)));
    o.storeHost(this.physical(directoryAddress), o.or(directory, ACCESSED), 32, false);
    o.storeHost(this.physical(leafAddress), o.or(leaf, used), 32, false);
    o.count(WALK_READS, o.sub(2, isLarge));
    o.count(WALK_WRITES, writes);
  }

  /** Puts the page into the queue; the oldest entry goes if there is no room. */
  private makeRoom(isNew: Expression, isLarge: Expression): void {
    const { o, page } = this;
    const count = this.control(TlbWord.COUNT);
    const capacity = this.control(TlbWord.CAPACITY);
    const oldest = this.control(TlbWord.OLDEST);
    const isFull = o.let(o.and(isNew, o.eq(count, capacity)));
    // Without a victim what goes is this page's own entry, which is written anew.
    const victim = o.let(o.select(isFull, this.word(Region.DATA_TLB_QUEUE + TlbWord.QUEUE * 4, oldest), page));
    const following = o.let(this.wrapped(o.add(oldest, isFull), capacity));
    const held = o.let(o.add(count, o.and(isNew, o.isZero(isFull))));
    const place = this.wrapped(o.let(o.sub(o.add(following, held), 1)), capacity);
    this.setWord(Region.DATA_TLB_QUEUE, o.let(o.select(isNew, o.add(place, TlbWord.QUEUE), TlbWord.SPARE)), page);
    this.setControl(TlbWord.OLDEST, following);
    this.setControl(TlbWord.COUNT, held);
    this.setControl(TlbWord.MAY_HOLD_LARGE, o.or(this.control(TlbWord.MAY_HOLD_LARGE), isLarge));
    this.setWord(Region.DATA_TLB_ENTRY, victim, o.and(page, 0));
    for (const table of [Region.DATA_READ_SUPERVISOR, Region.DATA_READ_USER, Region.DATA_WRITE_SUPERVISOR, Region.DATA_WRITE_USER]) this.setWord(table, victim, o.or(page, NO_ENTRY));
  }
  private wrapped(place: Expression, capacity: Expression): Expression {
    const { o } = this;
    const at = o.let(place);
    return o.select(o.lessUnsigned(at, capacity), at, o.sub(at, capacity));
  }

  /** The entry, and what the translation tables show of it: see DataTlb, `expose`. */
  private expose({ leaf, permissions, frame, isLarge }: Walk, kind: Expression): void {
    const { o, page, linear } = this;
    const dirty = o.let(this.write ? o.or(o.and(page, 0), DIRTY) : o.and(leaf, DIRTY));
    const global = o.select(o.and(o.word('CR4'), CR4.PGE), o.and(leaf, GLOBAL), 0);
    const bits = o.or(o.or(o.or(permissions, dirty), o.or(global, o.mul(isLarge, PAGE_SIZE))), TlbEntry.MACHINE_WRITABLE | TlbEntry.PRESENT);
    this.setWord(Region.DATA_TLB_ENTRY, page, o.or(frame, bits));
    const direct = o.let(o.sub(this.physical(frame), o.and(linear, FRAME_MASK)));
    const isUser = o.let(o.and(permissions, USER));
    const isWritable = o.let(o.and(o.shr(permissions, WRITABLE_SHIFT), 1));
    const mayWrite = o.let(o.and(o.isZero(kind), o.shr(dirty, DIRTY_SHIFT)));
    this.setWord(Region.DATA_READ_SUPERVISOR, page, direct);
    this.setWord(Region.DATA_READ_USER, page, o.select(isUser, direct, NO_ENTRY));
    this.setWord(Region.DATA_WRITE_SUPERVISOR, page, o.select(o.and(mayWrite, o.or(isWritable, o.isZero(this.writeProtect))), direct, NO_ENTRY));
    this.setWord(Region.DATA_WRITE_USER, page, o.select(o.and(mayWrite, o.and(isWritable, o.ne(isUser, 0))), direct, NO_ENTRY));
  }
}

/** Which access a TLB is filled for: bits. */
export const FillAccess = { WRITE: 1, USER: 2 } as const;

/** Fills the data TLB for an access to the linear address in `immediate`: statements that do all of it or leave. */
export function recordFill(write: boolean, user: boolean): readonly Statement[] {
  return new FillRecorder(write, user).record();
}
