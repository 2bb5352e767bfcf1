import { Interpreter } from '@ringbench/interpreter';
import { Access, composeFlags, CR0, eventIndex, Flag, Register, Segment, storeFlags, storeSegmentRegister, Word } from '@ringbench/isa';
import { MachineMemory, Processor, Region } from '@ringbench/machine';

/**
 * The machine on which recordings of a real 80286 in real mode are replayed: no devices, so that ports read as ones, 64 KB segments at selector * 16, and
 * the JavaScript handlers alone, which all code in such segments uses.
 *
 * Imports packages only: plain node runs this file too (scripts/oracle/real-80286.mjs).
 */

/** The 80286's registers, 16 bits each. */
const IP_MASK = 0xffff;

export type RegisterName80286 = 'ax' | 'cx' | 'dx' | 'bx' | 'sp' | 'bp' | 'si' | 'di' | 'es' | 'cs' | 'ss' | 'ds' | 'ip' | 'flags';
export type Registers80286 = Record<RegisterName80286, number>;
/** Bytes of memory: physical address and value. */
export type Bytes = readonly (readonly [address: number, value: number])[];

/** One recorded instruction, which a HLT follows wherever it goes: the final IP is behind that byte. */
export interface Recording {
  /** Opcode in hexadecimal, with the reg field of ModR/M where it selects: `00`, `80.1`. */
  readonly op: string;
  /** As the recorder's disassembler shows it. */
  readonly name: string;
  readonly bytes: string;
  readonly init: Registers80286;
  readonly ram: Bytes;
  /** Registers that changed. */
  readonly final: Partial<Registers80286>;
  readonly ramFinal: Bytes;
  /** Vector of the exception or interrupt that the instruction caused, if any. */
  readonly exception?: number;
}

/** 16-bit protected mode has the same segments in their descriptor caches, at CPL 0. */
export type Mode = 'real' | 'protected';

/** What our machine made of a recording. A register has 16 bits, IP and FLAGS all that ours have. */
export interface Replay {
  /** A HLT was reached. */
  readonly halted: boolean;
  readonly registers: Registers80286;
  /** The general registers in encoding order, 32 bits, signed. */
  readonly wide: readonly number[];
  /** Vectors of the processor's exceptions, and the number of software interrupts. */
  readonly exceptions: readonly number[];
  readonly softwareInterrupts: number;
  /** Memory that differs from the recording: address, recorded and own value. */
  readonly memory: readonly (readonly [address: number, recorded: number, own: number])[];
  /** 32-bit registers whose upper half changed. */
  readonly upperHalves: readonly RegisterName80286[];
}

const GENERAL: readonly (readonly [RegisterName80286, number])[] = [
  ['ax', Register.EAX], ['cx', Register.ECX], ['dx', Register.EDX], ['bx', Register.EBX], ['sp', Register.ESP], ['bp', Register.EBP], ['si', Register.ESI], ['di', Register.EDI],
];
const GENERAL_WORDS = GENERAL.map(([, word]) => word);
const SEGMENTS: readonly (readonly [RegisterName80286, number])[] = [['es', Segment.ES], ['cs', Segment.CS], ['ss', Segment.SS], ['ds', Segment.DS]];

/** The last byte that real mode reaches is FFFF:FFFF. */
const RAM_BYTES = 0x110000;
const SEGMENT_LIMIT = 0xffff;
const DATA_ACCESS = Access.PRESENT | Access.NOT_SYSTEM | Access.WRITABLE | Access.ACCESSED;
const CODE_ACCESS = Access.PRESENT | Access.NOT_SYSTEM | Access.CODE | Access.READABLE | Access.ACCESSED;
const VECTOR_TABLE_LIMIT = 0x3ff;
/** What a 16-bit instruction must leave alone. */
export const UPPER_HALF = 0x5aa50000;
const LOW_WORD = 0xffff;
/** More than the longest repetition. */
const BUDGET = 0x10100;
const EXCEPTIONS = Array.from({ length: 32 }, (_, vector) => eventIndex(`exception.${vector}`));
const SOFTWARE_INTERRUPT = eventIndex('interrupt.software');
const HANDLERS_ONLY = { operations: [], pairs: [] };

export class RealModeMachine {
  private readonly memory = new MachineMemory(RAM_BYTES);
  private readonly processor = new Processor({ memory: this.memory, onMarker: () => {} });
  private readonly interpreter = new Interpreter(this.processor, HANDLERS_ONLY);
  private readonly ram = Buffer.from(this.memory.buffer, Region.RAM, RAM_BYTES);
  /** What memory should be. Both are all zero between replays. */
  private readonly recorded = Buffer.alloc(RAM_BYTES);
  private readonly byte = new Uint8Array(1);

  replay(recording: Recording, mode: Mode = 'real'): Replay {
    const { memory, processor } = this;
    this.start(recording, mode);
    memory.counts.fill(0);
    for (let left = BUDGET; left > 0 && !processor.halted && !processor.inShutdown; ) {
      const before = processor.now();
      this.interpreter.execute(left);
      left -= Math.max(1, processor.now() - before);
    }
    const { state, counts } = memory;
    const upperHalves = GENERAL.filter(([, word]) => (state[word] & ~LOW_WORD) !== UPPER_HALF).map(([name]) => name);
    const exceptions = EXCEPTIONS.flatMap((event, vector) => (counts[event] > 0 ? [vector] : []));
    return {
      halted: processor.halted, registers: this.registers(), wide: GENERAL_WORDS.map((word) => state[word]), exceptions, softwareInterrupts: counts[SOFTWARE_INTERRUPT], memory: this.compareMemory(recording), upperHalves,
    };
  }

  private start({ init, ram }: Recording, mode: Mode): void {
    const { processor } = this;
    const { state } = processor;
    for (const [address, value] of ram) {
      this.poke(address, value);
      this.recorded[address] = value;
    }
    for (const [name, word] of GENERAL) state[word] = UPPER_HALF | init[name];
    state[Word.EIP] = init.ip;
    state[Word.IDTR_BASE] = 0;
    state[Word.IDTR_LIMIT] = VECTOR_TABLE_LIMIT;
    state[Word.CR0] = mode === 'protected' ? CR0.PE | CR0.ET : CR0.ET;
    for (const [name, segment] of SEGMENTS) {
      const access = mode === 'protected' && segment === Segment.CS ? CODE_ACCESS : DATA_ACCESS;
      storeSegmentRegister(processor, segment, init[name], init[name] * 16, SEGMENT_LIMIT, access);
    }
    storeFlags(state, init.flags | Flag.FIXED);
    processor.halted = false;
    processor.inShutdown = false;
  }
  private poke(address: number, value: number): void {
    this.byte[0] = value;
    this.processor.mmu.writePhysical(address, this.byte);
  }

  private registers(): Registers80286 {
    const { state } = this.memory;
    // The 80286 has no more than 16 bits of it; behind a HLT in a segment's last byte a 386 shows 10000h.
    const registers: Partial<Registers80286> = { ip: state[Word.EIP] & IP_MASK, flags: composeFlags(state) };
    for (const [name, word] of GENERAL) registers[name] = state[word] & LOW_WORD;
    for (const [name, segment] of SEGMENTS) registers[name] = state[Word.SELECTOR + segment];
    return registers as Registers80286;
  }

  /** Finds the bytes that differ, everywhere, and clears memory. */
  private compareMemory({ ram, ramFinal }: Recording): [number, number, number][] {
    const different: [number, number, number][] = [];
    for (const [address, value] of ramFinal) this.recorded[address] = value;
    if (this.ram.compare(this.recorded) !== 0) {
      for (let address = 0; address < RAM_BYTES; address++) {
        if (this.ram[address] !== this.recorded[address]) different.push([address, this.recorded[address], this.ram[address]]);
      }
    }
    for (const [address] of [...ram, ...ramFinal, ...different]) {
      this.poke(address, 0);
      this.recorded[address] = 0;
    }
    return different;
  }
}

