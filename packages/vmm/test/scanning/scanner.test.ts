import { describe, expect, it } from 'vitest';
import { byteSource, decode, DEFAULT_CPU_MODEL, CPU_MODELS, type Instruction } from '@ringbench/isa';
import { Interpreter as Executor } from '@ringbench/interpreter';
import { Machine, Region } from '@ringbench/machine';
import { Mirror, Treatment } from '../../src/scanning/mirror.js';
import type { BranchPolicy, ScanningPolicy } from '../../src/scanning/policy.js';
import { ScanCounters } from '../../src/scanning/scan-counters.js';
import { Scanner } from '../../src/scanning/scanner.js';

const PAGE_BYTES = 4096;
const ORIGINAL = 1;
const COPY = 2;
const LINEAR = 0x100;
const INT3 = 0xcc;
const { features } = CPU_MODELS[DEFAULT_CPU_MODEL];
const UNCONDITIONAL = ['jmp', 'jmp-indirect', 'jmpf', 'ret', 'retf', 'iret'];

/** A page with these bytes, the rest NOPs, its mirror, and a scanner. */
class Fixture {
  readonly machine = new Machine({ ramBytes: 4 * PAGE_BYTES, createExecutor: (processor) => new Executor(processor) });
  readonly counters = new ScanCounters();
  readonly mirror: Mirror;
  readonly scanner: Scanner;
  readonly code: Uint8Array;

  constructor(bytes: readonly number[] | Uint8Array, policy: Partial<ScanningPolicy> = {}, wide = true) {
    this.code = new Uint8Array(PAGE_BYTES).fill(0x90);
    this.code.set(bytes);
    const { memory, processor } = this.machine;
    processor.mmu.writePhysical(ORIGINAL * PAGE_BYTES, this.code);
    this.mirror = new Mirror(memory, processor.mmu, COPY, ORIGINAL, LINEAR, { base: 0, wide });
    this.scanner = new Scanner(memory, features, { depth: 64, mirrors: 1, branches: 'in-page', userCode: 'scan', invalidation: 'page', ...policy }, this.counters);
  }

  get copy(): Uint8Array { return this.machine.memory.bytes.subarray(Region.RAM + COPY * PAGE_BYTES, Region.RAM + (COPY + 1) * PAGE_BYTES); }
  get scanned(): number[] { return [...this.code.keys()].filter((offset) => this.mirror.isScanned(offset)); }
  treatments(): Record<number, number> { return Object.fromEntries(this.scanned.map((offset) => [offset, this.mirror.treatment(offset)])); }

  private decodedAt(offset: number): Instruction {
    const instruction = decode(byteSource(this.code), offset, { code32: this.mirror.segment.wide, features });
    if (typeof instruction === 'string') throw new Error(`${offset} runs natively and is no instruction`);
    return instruction;
  }

  /** Throws unless whatever can run natively is harmless, and leads to what was scanned. */
  checkSoundness(distantBranches: boolean): void {
    this.mirror.check();
    for (const offset of this.scanned) {
      if (this.mirror.treatment(offset) !== Treatment.NATIVE) continue;
      const { row, operands, length, operandSize } = this.decodedAt(offset);
      if (row.traits.sensitive !== undefined) throw new Error(`${row.mnemonic} at ${offset} runs natively`);
      const relative = operands.find(({ kind }) => kind === 'relative');
      if (relative?.kind === 'relative') {
        const eip = (LINEAR * PAGE_BYTES + offset + length + relative.value) & (operandSize === 32 ? -1 : 0xffff);
        if (eip >>> 12 === LINEAR) this.expectScanned(eip & 0xfff, offset);
        else if (!distantBranches) throw new Error(`the branch at ${offset} leaves the page`);
      }
      if (!UNCONDITIONAL.includes(row.mnemonic)) this.expectScanned(offset + length, offset);
    }
  }
  private expectScanned(offset: number, from: number): void {
    if (!this.mirror.isScanned(offset)) throw new Error(`${from} leads to ${offset}, which is not scanned`);
  }
}

describe('a scan', () => {
  it('goes through the page along its control flow, and shows nothing else of it', () => {
    // je +2; nop; nop; jmp -6 (to the je); and behind it bytes that nothing leads to.
    const { scanner, mirror, copy, treatments } = bound(new Fixture([0x74, 0x02, 0x90, 0x90, 0xeb, 0xfa, 0x41, 0x42]));
    scanner.scan(mirror, 0);
    expect(treatments()).toEqual({ 0: Treatment.NATIVE, 2: Treatment.NATIVE, 3: Treatment.NATIVE, 4: Treatment.NATIVE });
    expect([...copy.subarray(0, 8)]).toEqual([0x74, 0x02, 0x90, 0x90, 0xeb, 0xfa, INT3, INT3]);
  });

  it('has breakpoints on what is sensitive and not on what faults by itself, and goes on behind both', () => {
    // popf; cli; mov cr3, eax; in al, dx; iret; nop.
    const { scanner, mirror, copy, scanned } = bound(new Fixture([0x9d, 0xfa, 0x0f, 0x22, 0xd8, 0xec, 0xcf, 0x90]));
    scanner.scan(mirror, 0);
    expect([...copy.subarray(0, 8)]).toEqual([INT3, 0xfa, 0x0f, 0x22, 0xd8, 0xec, INT3, INT3]);
    expect(scanned()).toEqual([0, 1, 2, 5, 6]);
  });

  it('has breakpoints on computed branches, on bytes that are no instruction, and where the page ends', () => {
    const ends = new Fixture([]);
    ends.scanner.scan(ends.mirror, PAGE_BYTES - 2);
    expect(ends.treatments()).toEqual({ [PAGE_BYTES - 2]: Treatment.NATIVE, [PAGE_BYTES - 1]: Treatment.STRADDLING });
    const cut = new Fixture(new Uint8Array(PAGE_BYTES).fill(0xb8, PAGE_BYTES - 3));
    cut.scanner.scan(cut.mirror, PAGE_BYTES - 3);
    expect(cut.treatments()).toEqual({ [PAGE_BYTES - 3]: Treatment.STRADDLING });
    for (const [bytes, treatment] of [[[0xc3], Treatment.COMPUTED_BRANCH], [[0xff, 0xe0], Treatment.COMPUTED_BRANCH], [[0xff, 0xd0], Treatment.COMPUTED_BRANCH], [[0x0f, 0x04], Treatment.UNDECODABLE]] as const) {
      const one = new Fixture(bytes);
      one.scanner.scan(one.mirror, 0);
      expect(one.treatments()[0]).toBe(treatment);
      expect(one.copy[0]).toBe(INT3);
    }
  });

  it('goes beyond as many branches as the policy says', () => {
    // Three times: jmp +0.
    const jumps = [0xeb, 0x00, 0xeb, 0x00, 0xeb, 0x00, 0xc3];
    for (const [depth, scanned] of [[0, [0]], [1, [0, 2]], [2, [0, 2, 4]], [3, [0, 2, 4, 6]]] as const) {
      const fixture = new Fixture(jumps, { depth });
      fixture.scanner.scan(fixture.mirror, 0);
      expect(fixture.scanned).toEqual(scanned);
      expect(fixture.mirror.treatment(0)).toBe(depth === 0 ? Treatment.LOCAL_BRANCH : Treatment.NATIVE);
    }
  });

  it('decodes the middle of an instruction too when control flow leads there, and no instruction hides a breakpoint', () => {
    // 0: jmp 3; 2: mov eax, [esi], whose second byte is PUSH ES; 4: jmp 2.
    const { scanner, mirror, copy, treatments } = bound(new Fixture([0xeb, 0x01, 0x8b, 0x06, 0xeb, 0xfc]));
    scanner.scan(mirror, 0);
    expect(treatments()).toEqual({ 0: Treatment.NATIVE, 2: Treatment.OVERLAPPED, 3: Treatment.SENSITIVE, 4: Treatment.NATIVE });
    expect([...copy.subarray(0, 6)]).toEqual([0xeb, 0x01, INT3, INT3, 0xeb, 0xfc]);
  });

  it('releases a static branch once both of its ends are scanned', () => {
    // je +1; nop; nop; ret.
    const fixture = new Fixture([0x74, 0x01, 0x90, 0x90, 0xc3], { depth: 0 });
    const { scanner, mirror, counters } = fixture;
    scanner.scan(mirror, 0);
    expect(fixture.treatments()).toEqual({ 0: Treatment.LOCAL_BRANCH });
    expect(scanner.release(mirror, 0)).toBeUndefined();
    expect(fixture.treatments()).toEqual({ 0: Treatment.NATIVE, 2: Treatment.NATIVE, 3: Treatment.NATIVE, 4: Treatment.COMPUTED_BRANCH });
    expect(counters.releases).toBe(1);
    const distant = new Fixture([0xe9, 0, 0x10, 0, 0]);
    distant.scanner.scan(distant.mirror, 0);
    expect(distant.treatments()).toEqual({ 0: Treatment.DISTANT_BRANCH });
    expect(distant.scanner.release(distant.mirror, 0)).toEqual({ page: LINEAR + 1, offset: 5 });
  });

  it('takes a 16-bit branch for what it is: its target wraps', () => {
    // At linear 100000h, base 0: EIP is beyond 64 KB, and a 16-bit target is in page 0.
    const { scanner, mirror, treatments } = bound(new Fixture([0xeb, 0x00], {}, false));
    scanner.scan(mirror, 0);
    expect(treatments()[0]).toBe(Treatment.DISTANT_BRANCH);
  });
});

function bound(fixture: Fixture) {
  const { scanner, mirror, copy } = fixture;
  return { scanner, mirror, copy, treatments: () => fixture.treatments(), scanned: () => fixture.scanned };
}

describe('whatever bytes a page has', () => {
  it.each(['trap-all', 'in-page', 'back-patching'] as const)('and wherever it is entered, nothing sensitive runs natively (%s)', (branches: BranchPolicy) => {
    let state = 1;
    const random = (limit: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      return (state >>> 8) % limit;
    };
    for (let round = 0; round < 20; round++) {
      const fixture = new Fixture(Uint8Array.from({ length: PAGE_BYTES }, () => random(256)), { branches, depth: random(4) }, round % 4 !== 0);
      for (let entry = 0; entry < 40; entry++) {
        const offset = random(PAGE_BYTES);
        fixture.scanner.scan(fixture.mirror, offset);
        const treatment = fixture.mirror.treatment(offset);
        const isStatic = (treatment === Treatment.LOCAL_BRANCH && branches !== 'trap-all') || (treatment === Treatment.DISTANT_BRANCH && branches === 'back-patching');
        if (isStatic) fixture.scanner.release(fixture.mirror, offset);
      }
      fixture.checkSoundness(branches === 'back-patching');
    }
  });
});
