import { decode, type ByteSource, type Instruction } from '@ringbench/isa';
import { Region, type MachineMemory } from '@ringbench/machine';
import { mustTrap } from '../deprivileged/trapped-instructions.js';
import { Treatment, type DistantTarget, type Mirror } from './mirror.js';
import type { ScanningPolicy } from './policy.js';
import type { ScanCounters } from './scan-counters.js';

const PAGE_BYTES = 4096;
const PAGE_SHIFT = 12;
const OFFSET_MASK = PAGE_BYTES - 1;
const LOW_WORD = 0xffff;
/** What never goes on behind itself. All others may, or come back there, as a call does. */
const UNCONDITIONAL: ReadonlySet<string> = new Set(['jmp', 'jmp-indirect', 'jmpf', 'ret', 'retf', 'iret']);

/** The bytes of one page. */
class OriginalPage implements ByteSource {
  private host = 0;
  constructor(private readonly bytes: Uint8Array) {}
  begin(page: number): void { this.host = Region.RAM + (page << PAGE_SHIFT); }
  byte(index: number): number { return index < PAGE_BYTES ? this.bytes[this.host + index] : -1; }
}

/** Whatever may go elsewhere, to where its bytes do not say, and does not trap: indirect JMP and CALL, RET. INT1 too, which is no loss. */
function isComputed(instruction: Instruction): boolean {
  return instruction.row.traits.endsBlock === true && !mustTrap(instruction) && instruction.operands.every(({ kind }) => kind !== 'relative');
}

const fallsThrough = (instruction: Instruction): boolean => !UNCONDITIONAL.has(instruction.row.mnemonic);

/** Where a static branch at `offset` of a mirror's page leads; undefined for other instructions. */
function targetOf(instruction: Instruction, mirror: Mirror, offset: number): DistantTarget | undefined {
  const relative = instruction.operands.find((operand) => operand.kind === 'relative');
  if (relative === undefined) return undefined;
  const { base } = mirror.segment;
  const next = ((mirror.linear << PAGE_SHIFT) + offset + instruction.length - base) | 0;
  const eip = instruction.operandSize === 32 ? next + relative.value : (next + relative.value) & LOW_WORD;
  const linear = (base + eip) | 0;
  return { page: linear >>> PAGE_SHIFT, offset: linear & OFFSET_MASK };
}

/** Finds in the original of a mirror page the instructions that control flow can reach, and places them in the mirror. */
export class Scanner {
  private readonly source: OriginalPage;
  /** Sequences that are still to be scanned: where each begins, and how many branches lie before it. */
  private readonly starts: number[] = [];
  private readonly depths: number[] = [];

  constructor(memory: MachineMemory, private readonly features: number, private readonly policy: ScanningPolicy, private readonly counters: ScanCounters) {
    this.source = new OriginalPage(memory.bytes);
  }

  /** Scans from an offset on, as far as the policy says; at least the one instruction. */
  scan(mirror: Mirror, offset: number): void {
    const { starts, depths } = this;
    starts.push(offset);
    depths.push(0);
    this.source.begin(mirror.original);
    // In the order of finding, so that each sequence is reached over as few branches as possible.
    for (let next = 0; next < starts.length; next++) this.scanSequence(mirror, starts[next], depths[next]);
    starts.length = 0;
    depths.length = 0;
  }

  /**
   * The static branch at an offset, which has a breakpoint, is to run natively from now on: what it leads to in the page is scanned. Its target, if that is
   * in another page: the caller sees to it that it is scanned before it is reached.
   */
  release(mirror: Mirror, offset: number): DistantTarget | undefined {
    this.source.begin(mirror.original);
    const branch = this.decode(mirror, offset);
    const target = typeof branch === 'string' ? undefined : targetOf(branch, mirror, offset);
    if (typeof branch === 'string' || target === undefined) throw new Error(`there is no static branch at offset ${offset} of linear page ${mirror.linear}`);
    const isLocal = target.page === mirror.linear;
    if (isLocal) this.scan(mirror, target.offset);
    if (fallsThrough(branch)) this.scan(mirror, offset + branch.length);
    mirror.place(offset, branch.length, Treatment.NATIVE);
    this.counters.releases++;
    return isLocal ? undefined : target;
  }

  private decode(mirror: Mirror, offset: number): ReturnType<typeof decode> {
    return decode(this.source, offset, { code32: mirror.segment.wide, features: this.features });
  }

  /** Scans instruction after instruction, to one that was scanned before or is where the scan ends. */
  private scanSequence(mirror: Mirror, start: number, passed: number): void {
    let depth = passed;
    for (let offset = start; !mirror.isScanned(offset); ) {
      this.counters.instructions++;
      const instruction = this.decode(mirror, offset);
      if (typeof instruction === 'string') {
        mirror.place(offset, 1, instruction === 'truncated' ? Treatment.STRADDLING : Treatment.UNDECODABLE);
        return;
      }
      const target = targetOf(instruction, mirror, offset);
      const treatment = this.treatmentOf(instruction, mirror, offset, target, depth);
      mirror.place(offset, instruction.length, treatment);
      if (target !== undefined || treatment === Treatment.COMPUTED_BRANCH) {
        if (depth >= this.policy.depth) return;
        depth++;
      }
      if (treatment === Treatment.NATIVE && target !== undefined) this.queue(target.offset, depth);
      offset += instruction.length;
      if (!fallsThrough(instruction) || offset === PAGE_BYTES) return;
    }
  }

  private queue(offset: number, depth: number): void {
    this.starts.push(offset);
    this.depths.push(depth);
  }

  private treatmentOf(instruction: Instruction, mirror: Mirror, offset: number, target: DistantTarget | undefined, depth: number): number {
    // All else that the VMM has to interpret traps by itself: what is privileged, obeys IOPL, or goes through a gate. Or does not, where a port was opened.
    if (instruction.row.traits.sensitive !== undefined) return Treatment.SENSITIVE;
    if (isComputed(instruction)) return Treatment.COMPUTED_BRANCH;
    // Behind it is another page, which is executed from another mirror.
    if (offset + instruction.length === PAGE_BYTES && fallsThrough(instruction)) return Treatment.STRADDLING;
    if (target === undefined) return Treatment.NATIVE;
    if (target.page !== mirror.linear) return Treatment.DISTANT_BRANCH;
    // Both ends are scanned before anything of the page runs.
    return this.policy.branches !== 'trap-all' && depth < this.policy.depth ? Treatment.NATIVE : Treatment.LOCAL_BRANCH;
  }
}
