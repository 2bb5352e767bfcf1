import { composeFlags, CPU_MODELS, DEFAULT_CPU_MODEL, decode, deliverFault, hasInstructionBreakpoints, loadFloat, Segment, storeFloat, Vector, Word, Access, Feature, type WordName } from '@ringbench/isa';
import { Interpreter as Executor } from '@ringbench/interpreter';
import { Machine, Region } from '@ringbench/machine';
import { SoupMachine } from '../../../interpreter/test/support/soup-machine.js';
import { SOUP_RAM_BYTES, type Soup } from '../../../interpreter/test/support/soup-programs.js';
import { GuestCode } from '../../src/deprivileged/guest-code.js';
import { TrappedInstructions } from '../../src/deprivileged/trapped-instructions.js';
import { copyInPlace } from '../../src/deprivileged/world-switch.js';
import { GuestClock, GuestMemory, VirtualMachine, VmmCounters } from '../../src/index.js';

/**
 * Lock step: one instruction of a soup after the other, executed by the interpreter on a machine of its own, and interpreted on a virtual processor whose x87 unit and
 * memory are another machine's. After each, everything that software can see must be equal.
 */

const PAGE_BYTES = 4096;
const GUEST_PAGES = SOUP_RAM_BYTES / PAGE_BYTES;
/** Machine pages that are not the guest's, below and above its own. */
const OTHER_PAGES = 4;
/** Faults in a row after which a soup is left: it faults for ever, which `VirtualProcessor.noteFault` ends. */
const MOST_FAULTS = 300;
const NO_HOT_LOOP = { operations: [], pairs: [] };
/** The state that software can see; x87 and time apart. */
const VISIBLE: readonly (readonly [name: WordName, count: number])[] = [
  ['EAX', 8], ['EIP', 1], ['FLAG_SYSTEM', 1], ['CPL', 1], ['CR0', 1], ['CR2', 1], ['CR3', 1], ['CR4', 1], ['DR', 8], ['GDTR_BASE', 1], ['GDTR_LIMIT', 1], ['IDTR_BASE', 1], ['IDTR_LIMIT', 1],
  ['SELECTOR', 8], ['BASE', 8], ['LIMIT', 8], ['ACCESS', 8], ['NMI_BLOCKED', 1], ['REPEATING', 1], ['PENDING_DEBUG', 1], ['SYSENTER_CS', 3],
];
const X87: readonly (readonly [name: WordName, count: number])[] = [['X87_CONTROL', 9], ['X87_REGISTERS', 24]];

export interface Outcome {
  /** What differs, a line each. */
  readonly found: readonly string[];
  readonly instructions: number;
}

export class SoupLockstep {
  /** Mnemonics of instructions that completed. */
  readonly completed = new Set<string>();
  private readonly reference = new SoupMachine(NO_HOT_LOOP);
  private readonly machine = new Machine({ ramBytes: (GUEST_PAGES + 2 * OTHER_PAGES) * PAGE_BYTES, createExecutor: (processor) => new Executor(processor) });
  private readonly memory: GuestMemory;
  private readonly vm: VirtualMachine;
  private readonly instructions: TrappedInstructions;
  private readonly code: GuestCode;

  constructor() {
    const pages = Array.from({ length: GUEST_PAGES }, (_, page) => OTHER_PAGES + GUEST_PAGES - 1 - page);
    this.memory = new GuestMemory(this.machine.memory, this.machine.processor.mmu, pages);
    this.vm = new VirtualMachine({ memory: this.memory, clock: new GuestClock(() => 0), counters: new VmmCounters(), memoryBytes: SOUP_RAM_BYTES, onMarker: () => undefined });
    this.instructions = new TrappedInstructions(this.machine.memory, this.vm);
    this.code = new GuestCode(this.machine.memory, this.vm);
    // V386 mode is the machine's, not the guest's.
    const { processor } = this.reference.machine;
    processor.state[Word.FEATURES] = processor.context.features = CPU_MODELS[DEFAULT_CPU_MODEL].features & ~Feature.V386;
  }

  /** Runs a soup for at most so many instructions, or until one that reaches a device: those have states of their own. */
  run(soup: Soup, budget: number): Outcome {
    this.load(soup);
    for (let done = 0; done < budget; done++) {
      const mnemonic = this.upcoming();
      if (mnemonic === undefined) return { found: [], instructions: done };
      this.reference.machine.processor.flushTranslations();
      const stop = this.reference.machine.run(1).kind;
      if (!this.step()) return { found: [], instructions: done };
      const found = this.differences();
      if (found.length > 0) return { found: [`after ${mnemonic}:`, ...found], instructions: done };
      this.completed.add(mnemonic);
      if (stop !== 'budget' || this.vm.processor.halted || this.vm.processor.inShutdown) return { found: [], instructions: done };
    }
    return { found: [], instructions: budget };
  }

  private load(soup: Soup): void {
    const { reference, machine, vm } = this;
    reference.load(soup);
    // What a soup before it has left.
    reference.machine.processor.state[Word.REPEATING] = reference.machine.processor.state[Word.PENDING_DEBUG] = 0;
    reference.machine.processor.alignmentChanged();
    reference.machine.processor.debugRegistersChanged();
    this.memory.writeBytes(0, reference.ram);
    const real = reference.machine.processor.state;
    const { state } = vm.processor;
    vm.processor.clearFault();
    vm.pending = undefined;
    for (const [name, count] of [...VISIBLE, ...X87, ['FLAG_RESULT', 2], ['READ_TOP', 8], ['WRITE_TOP', 8]] as const) state.set(real.subarray(Word[name], Word[name] + count), Word[name]);
    copyInPlace(real, machine.memory.state);
    Object.assign(vm.processor, { halted: false, interruptsInhibited: false, debugInhibited: false, inShutdown: false, trapCause: 0 });
    storeFloat(state, Word.TSC_OFFSET, loadFloat(real, Word.TSC_OFFSET) + reference.machine.processor.now() - vm.clock.now());
  }

  /** Mnemonic of the next instruction, 'a fault' if there is none; undefined when the soup must end before it. */
  private upcoming(): string | undefined {
    const { state } = this.vm.processor;
    if (hasInstructionBreakpoints(state)) return undefined;
    if (!this.code.begin()) return 'a fault';
    const instruction = decode(this.code, 0, { code32: (state[Word.ACCESS + Segment.CS] & Access.BIG) !== 0, features: state[Word.FEATURES] });
    if (typeof instruction === 'string') return 'a fault';
    const { mnemonic } = instruction.row;
    return ['in', 'out', 'ins', 'outs'].includes(mnemonic) ? undefined : mnemonic;
  }

  /** Interprets until an instruction is complete; false when that does not come to an end. */
  private step(): boolean {
    const { vm } = this;
    for (let faults = 0; faults < MOST_FAULTS; faults++) {
      const completed = !vm.processor.inShutdown && this.instructions.interpretAny();
      this.deliverPending();
      if (completed || vm.processor.inShutdown) return true;
      // The handler may have the instruction that the soup must not reach.
      if (this.upcoming() === undefined) return false;
    }
    return false;
  }

  /** As the engine of a deprivileged guest does between two instructions. */
  private deliverPending(): void {
    const { vm } = this;
    const { processor } = vm;
    for (let event = vm.pending; event?.kind === 'exception' && !processor.inShutdown; event = vm.pending) {
      vm.pending = undefined;
      deliverFault(processor, event.vector, event.errorCode);
      if (processor.trapCause === 0) continue;
      processor.state[Word.DR + 6] |= processor.trapCause;
      processor.trapCause = 0;
      vm.raiseException(Vector.DB, 0);
    }
  }

  private differences(): string[] {
    const real = this.reference.machine.processor.state;
    const { state } = this.vm.processor;
    const found: string[] = [];
    const compare = (name: string, expected: number, actual: number): void => {
      if (expected !== actual) found.push(`${name} is ${(actual >>> 0).toString(16)}, not ${(expected >>> 0).toString(16)}`);
    };
    for (const [name, count] of VISIBLE) for (let at = 0; at < count; at++) compare(`${name}+${at}`, real[Word[name] + at], state[Word[name] + at]);
    for (const [name, count] of X87) for (let at = 0; at < count; at++) compare(`${name}+${at}`, real[Word[name] + at], this.machine.memory.state[Word[name] + at]);
    compare('flags', composeFlags(real), composeFlags(state));
    for (let page = 0; page < GUEST_PAGES; page++) if (!this.pageOfGuest(page).equals(this.pageOfReference(page))) found.push(`page ${page} of memory`);
    return found.slice(0, 8);
  }

  private pageOfReference(page: number): Buffer { return pageOf(this.reference.machine, page); }
  private pageOfGuest(page: number): Buffer { return pageOf(this.machine, this.memory.machinePage(page) ?? 0); }
}

const pageOf = ({ memory }: Machine, page: number): Buffer => Buffer.from(memory.buffer, Region.RAM + page * PAGE_BYTES, PAGE_BYTES);
