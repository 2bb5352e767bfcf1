/**
 * A second memory management unit, written from the manual for the tests: no translation tables, lists for TLBs, exceptions for faults, every rule
 * spelled out where it applies. Slow on purpose.
 */
const PAGE = 4096;
const ALL_ONES = 0xffffffff;

export interface OracleFault {
  readonly kind: 'page-fault';
  readonly error: number;
  readonly cr2: number;
}
export interface OracleViolation {
  readonly kind: 'violation';
  readonly guestPhysical: number;
  readonly linear: number;
  readonly write: boolean;
  readonly fetch: boolean;
  readonly duringWalk: boolean;
  readonly present: boolean;
}
export type OracleStop = OracleFault | OracleViolation;

/** Thrown where an access stops; one for all, because taking a stack trace costs more than the access. */
const STOPPED = new Error('the access stopped');

export interface OracleEntry {
  readonly page: number;
  frame: number;
  user: boolean;
  writable: boolean;
  machineWritable: boolean;
  dirty: boolean;
  global: boolean;
  large: boolean;
}
type Translation = Omit<OracleEntry, 'page'>;

interface Access {
  readonly linear: number;
  readonly write: boolean;
  readonly user: boolean;
  readonly fetch: boolean;
}
interface Located {
  readonly machine: number;
  readonly guest: number;
  readonly writable: boolean;
  readonly value: number;
}

export class OracleMmu {
  readonly ram: DataView;
  readonly counts = { reads: 0, writes: 0, fillData: 0, fillCode: 0, dirty: 0, flush: 0 };
  paging = false;
  writeProtect = false;
  largePages = false;
  globalPages = false;
  cr3 = 0;
  secondLevelRoot: number | undefined;
  data: OracleEntry[] = [];
  code: OracleEntry[] = [];
  readonly watched = new Set<number>();
  codeWrites: string[] = [];
  private reason: OracleStop | undefined;

  constructor(readonly ramBytes: number, private readonly dataEntries: number, private readonly codeEntries: number) {
    this.ram = new DataView(new ArrayBuffer(ramBytes));
  }

  /** Runs one access; a stop is returned, not thrown. */
  attempt<T>(action: () => T): T | { stop: OracleStop } {
    try {
      return action();
    } catch (error) {
      if (error === STOPPED && this.reason !== undefined) return { stop: this.reason };
      throw error;
    }
  }

  load(linear: number, bytes: number, user: boolean): number {
    const addresses = this.translateRange(linear, bytes, user, false);
    let value = 0;
    for (let i = bytes - 1; i >= 0; i--) value = value * 256 + this.readByte(addresses[i]);
    return value | 0;
  }

  store(linear: number, bytes: number, value: number, user: boolean): void {
    const addresses = this.translateRange(linear, bytes, user, true);
    this.writeBytes(addresses, addresses.map((_, i) => (i < 4 ? (value >>> (8 * i)) & 255 : 0)));
  }

  /** Adds one to each byte. */
  increment(linear: number, bytes: number, user: boolean): void {
    const addresses = this.translateRange(linear, bytes, user, true);
    this.writeBytes(addresses, addresses.map((address) => (this.readByte(address) + 1) & 255));
  }

  probe(linear: number, bytes: number, write: boolean, user: boolean): void {
    this.translateRange(linear, bytes, user, write);
  }

  /** The machine address of a code byte. */
  fetch(linear: number, user: boolean): number {
    const page = Math.floor(linear / PAGE);
    const access: Access = { linear, write: false, user, fetch: true };
    let entry = this.code.find((each) => each.page === page);
    if (entry === undefined || (user && !entry.user)) {
      this.code = this.code.filter((each) => each.page !== page);
      entry = { page, ...this.walk(access) };
      this.counts.fillCode++;
      if (this.code.length === this.codeEntries) this.code.shift();
      this.code.push(entry);
    }
    return entry.frame * PAGE + (linear % PAGE);
  }

  writePhysical(physical: number, bytes: readonly number[]): void {
    this.writeBytes(bytes.map((_, i) => physical + i), bytes);
  }

  loadCr3(): void {
    if (this.data.length + this.code.length === 0) return;
    this.counts.flush++;
    this.data = this.data.filter((each) => each.global);
    this.code = this.code.filter((each) => each.global);
  }

  changePaging(): void {
    if (this.data.length + this.code.length !== 0) this.flush();
  }

  flush(): void {
    this.counts.flush++;
    this.data = [];
    this.code = [];
  }

  invalidate(linear: number): void {
    const page = Math.floor(linear / PAGE);
    const stays = (each: OracleEntry): boolean => each.page !== page && !(each.large && Math.floor(each.page / 1024) === Math.floor(page / 1024));
    this.data = this.data.filter(stays);
    this.code = this.code.filter(stays);
  }

  private translateRange(linear: number, bytes: number, user: boolean, write: boolean): number[] {
    const addresses: number[] = [];
    let base = this.translateData({ linear, write, user, fetch: false });
    for (let i = 0; i < bytes; i++) {
      const byte = (linear + i) % 2 ** 32;
      if (i > 0 && byte % PAGE === 0) base = this.translateData({ linear: byte, write, user, fetch: false });
      addresses.push(base + (byte % PAGE));
    }
    return addresses;
  }

  /** Machine address of the page of a data access. */
  private translateData(access: Access): number {
    const page = Math.floor(access.linear / PAGE);
    const held = this.data.find((each) => each.page === page);
    if (held !== undefined && this.allows(held, access)) {
      if (access.write && !held.dirty) {
        this.data = this.data.filter((each) => each !== held); // unless the walk succeeds
        const place = { ...held, ...this.walk(access) };
        this.data.push(place);
        this.data.sort((a, b) => this.age(a) - this.age(b));
        this.counts.dirty++;
        return place.frame * PAGE;
      }
      return held.frame * PAGE;
    }
    this.data = this.data.filter((each) => each !== held);
    const entry: OracleEntry = { page, ...this.walk(access) };
    this.counts.fillData++;
    if (this.data.length === this.dataEntries) this.data.shift();
    this.data.push(entry);
    this.filled.set(page, this.counts.fillData);
    return entry.frame * PAGE;
  }

  /** When the entry of each page was filled. */
  private readonly filled = new Map<number, number>();
  private age(entry: OracleEntry): number {
    return this.filled.get(entry.page) ?? 0;
  }

  private allows(entry: OracleEntry, { write, user }: Access): boolean {
    if (user && !entry.user) return false;
    if (!write) return true;
    if (!entry.machineWritable) return false;
    return entry.writable || (!user && !this.writeProtect);
  }

  private walk(access: Access): Translation {
    const { linear, write } = access;
    if (!this.paging) return this.finish(access, Math.floor(linear / PAGE) * PAGE, { user: true, writable: true, dirty: true, global: false, large: false });
    const directory = this.locate(access, Math.floor(this.cr3 / PAGE) * PAGE + Math.floor(linear / 2 ** 22) * 4);
    if (!bit(directory, 0)) throw this.pageFault(access, 0);
    if (bit(directory, 7) && this.largePages) {
      for (let i = 12; i <= 21; i++) if (bit(directory, i)) throw this.pageFault(access, 9);
      const rights = { user: bit(directory, 2), writable: bit(directory, 1) };
      this.checkRights(access, rights);
      const base = Math.floor(directory.value / 2 ** 22) * 2 ** 22 + (Math.floor(linear / PAGE) % 1024) * PAGE;
      const result = this.finish(access, base, { ...rights, dirty: write || bit(directory, 6), global: this.globalPages && bit(directory, 8), large: true });
      this.setBits(access, [[directory, write ? 0x60 : 0x20]]);
      return result;
    }
    const table = this.locate(access, Math.floor(directory.value / PAGE) * PAGE + (Math.floor(linear / PAGE) % 1024) * 4);
    if (!bit(table, 0)) throw this.pageFault(access, 0);
    if (bit(table, 7) && this.largePages) throw this.pageFault(access, 9);
    const rights = { user: bit(directory, 2) && bit(table, 2), writable: bit(directory, 1) && bit(table, 1) };
    this.checkRights(access, rights);
    const result = this.finish(access, Math.floor(table.value / PAGE) * PAGE, { ...rights, dirty: write || bit(table, 6), global: this.globalPages && bit(table, 8), large: false });
    this.setBits(access, [[directory, 0x20], [table, write ? 0x60 : 0x20]]);
    return result;
  }

  private checkRights(access: Access, { user, writable }: { user: boolean; writable: boolean }): void {
    if (access.user && !user) throw this.pageFault(access, 1);
    if (access.write && !writable && (access.user || this.writeProtect)) throw this.pageFault(access, 1);
  }

  private finish(access: Access, guestPage: number, rest: Omit<Translation, 'frame' | 'machineWritable'>): Translation {
    const guest = guestPage + (access.linear % PAGE);
    const second = this.secondLevel(guestPage);
    if (second === undefined) throw this.violation(access, guest, access.write, false, false);
    if (access.write && !second.writable) throw this.violation(access, guest, true, false, true);
    return { frame: second.page, machineWritable: second.writable, ...rest };
  }

  private locate(access: Access, guest: number): Located {
    const second = this.secondLevel(guest);
    if (second === undefined) throw this.violation(access, guest, false, true, false);
    const machine = second.page * PAGE + (guest % PAGE);
    return { machine, guest, writable: second.writable, value: this.readEntry(machine) };
  }

  private setBits(access: Access, updates: readonly (readonly [Located, number])[]): void {
    const needed = updates.filter(([entry, bits]) => (entry.value & bits) !== bits);
    for (const [entry] of needed) if (!entry.writable) throw this.violation(access, entry.guest, true, true, true);
    for (const [entry, bits] of needed) {
      this.counts.writes++;
      const value = (entry.value | bits) >>> 0;
      this.writeBytes([0, 1, 2, 3].map((i) => entry.machine + i), [0, 1, 2, 3].map((i) => (value >>> (8 * i)) & 255));
    }
  }

  private secondLevel(guest: number): { page: number; writable: boolean } | undefined {
    if (this.secondLevelRoot === undefined) return { page: Math.floor(guest / PAGE), writable: true };
    const upper = this.readEntry(this.secondLevelRoot + Math.floor(guest / 2 ** 22) * 4);
    if (upper % 2 === 0) return undefined;
    const lower = this.readEntry(Math.floor(upper / PAGE) * PAGE + (Math.floor(guest / PAGE) % 1024) * 4);
    if (lower % 2 === 0) return undefined;
    return { page: Math.floor(lower / PAGE), writable: (upper & lower & 2) !== 0 };
  }

  private readEntry(machine: number): number {
    this.counts.reads++;
    return machine < this.ramBytes ? this.ram.getUint32(machine, true) : ALL_ONES;
  }

  private readByte(machine: number): number {
    return machine < this.ramBytes ? this.ram.getUint8(machine) : 255;
  }

  /** Writes, and notes each page's part that hit watched code once all bytes are there. */
  private writeBytes(addresses: readonly number[], values: readonly number[]): void {
    for (let i = 0; i < addresses.length; i++) if (addresses[i] < this.ramBytes) this.ram.setUint8(addresses[i], values[i]);
    for (let start = 0, end = 0; start < addresses.length; start = end) {
      for (end = start + 1; end < addresses.length && addresses[end] % PAGE !== 0; ) end++;
      if (this.watched.has(Math.floor(addresses[start] / PAGE))) this.codeWrites.push(`${addresses[start]}+${end - start}`);
    }
  }

  private pageFault(access: Access, cause: number): Error {
    this.reason = { kind: 'page-fault', error: cause + (access.write ? 2 : 0) + (access.user ? 4 : 0), cr2: access.linear };
    return STOPPED;
  }

  private violation(access: Access, guestPhysical: number, write: boolean, duringWalk: boolean, present: boolean): Error {
    this.reason = { kind: 'violation', guestPhysical, linear: access.linear, write, fetch: access.fetch, duringWalk, present };
    return STOPPED;
  }
}

function bit(entry: Located, position: number): boolean {
  return Math.floor(entry.value / 2 ** position) % 2 === 1;
}
