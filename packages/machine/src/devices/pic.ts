/**
 * The 8259A Programmable Interrupt Controller and the pair of a PC/AT (Intel 8259A data sheet, order number 231468-003; the section
 * names below are its own). Only the 8086 mode's acknowledge sequence exists here: a PC has no other.
 */
import type { PortBus } from '../bus.js';

/** Initialization command word 1 (ICW1); the bit that tells it from OCW2 and OCW3 comes first. */
const ICW1 = { SELECT: 0x10, NEEDS_ICW4: 0x01, SINGLE: 0x02, LEVEL_TRIGGERED: 0x08 } as const;
const ICW2_VECTOR_BASE = 0xf8;
const ICW4 = { AUTO_EOI: 0x02, SPECIAL_FULLY_NESTED: 0x10 } as const;
/** OCW2: rotate, specific, end of interrupt, and the level they apply to. */
const OCW2 = { LEVEL: 0x07, EOI: 0x20, SPECIFIC: 0x40, ROTATE: 0x80 } as const;
const OCW3 = { SELECT: 0x08, READ_IN_SERVICE: 0x01, READ_REGISTER: 0x02, POLL: 0x04, SPECIAL_MASK: 0x20, SET_SPECIAL_MASK: 0x40 } as const;
const POLL_REQUEST = 0x80;

const INPUTS = 8;
const ALL_INPUTS = 0xff;
const NO_INPUT = -1;
/** What an acknowledge finds when the request has gone away ("default IR7"). */
const SPURIOUS_INPUT = 7;
const LOWEST_AFTER_RESET = 7;

function indexOfLowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

/** Which word the next write to the odd port is. */
type Expected = 'OCW1' | 'ICW2' | 'ICW3' | 'ICW4';

/** One 8259A. */
export class Pic8259 {
  /** Levels at the interrupt request inputs, one bit each. */
  private lines = 0;
  /** IRR. Edge triggered: inputs that rose and stayed high since. Level triggered: the same as `lines`. */
  private requests = 0;
  private inService = 0;
  private mask = 0;
  private levelTriggered = false;
  /** Inputs that the board's edge/level control makes level triggered, whatever ICW1 says. */
  private levelInputs = 0;
  private single = false;
  private needsIcw4 = false;
  private vectorBase = 0;
  private slaveInputs = 0;
  private autoEoi = false;
  private rotateOnAutoEoi = false;
  private specialFullyNested = false;
  private specialMask = false;
  private lowestPriority = LOWEST_AFTER_RESET;
  private readInService = false;
  private poll = false;
  private expected: Expected = 'OCW1';
  /** A chip that has not been told its vectors keeps INT low. */
  private initialized = false;
  private output = false;

  /**
   * @param hasSlaves whether slaves hang on this chip's inputs, that is, whether ICW3 names inputs rather than an identity.
   * @param onOutput called when the INT pin changes.
   */
  constructor(
    private readonly hasSlaves: boolean,
    private readonly onOutput: (asserted: boolean) => void,
  ) {}

  /** The INT pin. */
  get asserted(): boolean {
    return this.output;
  }

  /** Drives an interrupt request input (0 to 7). A request that falls before its acknowledge is withdrawn ("Edge and Level Triggered Modes"). */
  setLine(input: number, level: boolean): void {
    const bit = 1 << input;
    if (level === ((this.lines & bit) !== 0)) return;
    if (level) {
      this.lines |= bit;
      this.requests |= bit;
    } else {
      this.lines &= ~bit;
      this.requests &= ~bit;
    }
    this.updateOutput();
  }

  /** The edge/level control of EISA and PCI boards: one bit for each level-triggered input. */
  setLevelInputs(inputs: number): void {
    this.levelInputs = inputs;
    this.requests |= this.lines & inputs;
    this.updateOutput();
  }

  /** The INTA sequence without the vector: moves the request in service and returns its input, or `SPURIOUS_INPUT` when there is none. */
  acknowledgeInput(): number {
    const input = this.highestPending();
    if (input === NO_INPUT) return SPURIOUS_INPUT;
    const bit = 1 << input;
    if ((this.levelSensed() & bit) === 0) this.requests &= ~bit;
    if (!this.autoEoi) this.inService |= bit;
    else if (this.rotateOnAutoEoi) this.lowestPriority = input;
    // INT falls during INTA whatever else is pending, so that a slave's next request is a new edge for its master.
    this.drive(false);
    this.updateOutput();
    return input;
  }

  vectorOf(input: number): number {
    return this.vectorBase | input;
  }

  /** Whether an acknowledged input belongs to a slave, which then supplies the vector. */
  isSlaveInput(input: number): boolean {
    return ((this.slaveInputs >> input) & 1) !== 0;
  }

  /** A read of the even (A0 = 0) or odd port. */
  read(a0: number): number {
    if (this.poll) {
      this.poll = false;
      const pending = this.highestPending();
      return pending === NO_INPUT ? 0 : POLL_REQUEST | this.acknowledgeInput();
    }
    if (a0 !== 0) return this.mask;
    return this.readInService ? this.inService : this.requests;
  }

  /** A write of the even (A0 = 0) or odd port. */
  write(a0: number, value: number): void {
    if (a0 !== 0) this.writeOdd(value);
    else if ((value & ICW1.SELECT) !== 0) this.beginInitialization(value);
    else if ((value & OCW3.SELECT) !== 0) this.writeOcw3(value);
    else this.writeOcw2(value);
    this.updateOutput();
  }

  /** As after power-on: silent until initialized. The inputs keep the levels that the devices drive. */
  reset(): void {
    this.beginInitialization(0);
    this.expected = 'OCW1';
    this.vectorBase = 0;
    this.updateOutput();
  }

  /** "Initialization Command Words 1 and 2", effects a to f. */
  private beginInitialization(icw1: number): void {
    this.levelTriggered = (icw1 & ICW1.LEVEL_TRIGGERED) !== 0;
    this.single = (icw1 & ICW1.SINGLE) !== 0;
    this.needsIcw4 = (icw1 & ICW1.NEEDS_ICW4) !== 0;
    this.requests = this.lines & this.levelSensed();
    this.inService = 0;
    this.mask = 0;
    this.slaveInputs = 0;
    this.autoEoi = false;
    this.rotateOnAutoEoi = false;
    this.specialFullyNested = false;
    this.specialMask = false;
    this.lowestPriority = LOWEST_AFTER_RESET;
    this.readInService = false;
    this.poll = false;
    this.initialized = false;
    this.expected = 'ICW2';
  }

  private levelSensed(): number {
    return this.levelTriggered ? ALL_INPUTS : this.levelInputs;
  }

  private writeOdd(value: number): void {
    switch (this.expected) {
      case 'OCW1':
        this.mask = value;
        break;
      case 'ICW2':
        this.vectorBase = value & ICW2_VECTOR_BASE;
        if (this.single) this.afterIcw3();
        else this.expected = 'ICW3';
        break;
      case 'ICW3':
        // A slave's identity is not compared: the PC's wiring leaves only one.
        if (this.hasSlaves) this.slaveInputs = value;
        this.afterIcw3();
        break;
      case 'ICW4':
        this.autoEoi = (value & ICW4.AUTO_EOI) !== 0;
        this.specialFullyNested = (value & ICW4.SPECIAL_FULLY_NESTED) !== 0;
        this.finishInitialization();
        break;
    }
  }

  private afterIcw3(): void {
    if (this.needsIcw4) this.expected = 'ICW4';
    else this.finishInitialization();
  }

  private finishInitialization(): void {
    this.expected = 'OCW1';
    this.initialized = true;
  }

  /** "Operation Control Word 2": end of interrupt and rotation. */
  private writeOcw2(value: number): void {
    const rotate = (value & OCW2.ROTATE) !== 0;
    const specific = (value & OCW2.SPECIFIC) !== 0;
    if ((value & OCW2.EOI) !== 0) {
      const input = specific ? value & OCW2.LEVEL : this.highestInService();
      if (input === NO_INPUT) return;
      this.inService &= ~(1 << input);
      if (rotate) this.lowestPriority = input;
    } else if (!specific) {
      this.rotateOnAutoEoi = rotate;
    } else if (rotate) {
      this.lowestPriority = value & OCW2.LEVEL;
    }
  }

  private writeOcw3(value: number): void {
    if ((value & OCW3.SET_SPECIAL_MASK) !== 0) this.specialMask = (value & OCW3.SPECIAL_MASK) !== 0;
    if ((value & OCW3.POLL) !== 0) this.poll = true;
    else if ((value & OCW3.READ_REGISTER) !== 0) this.readInService = (value & OCW3.READ_IN_SERVICE) !== 0;
  }

  /** The level that a non-specific EOI ends. In special mask mode it leaves masked levels alone ("Special Mask Mode"). */
  private highestInService(): number {
    return this.inputOfRank(this.highestRank(this.specialMask ? this.inService & ~this.mask : this.inService));
  }

  /** The input that INTA would serve now. */
  private highestPending(): number {
    const pending = this.requests & ~this.mask;
    if (pending === 0 || !this.initialized) return NO_INPUT;
    const rank = this.highestRank(pending);
    const blockingRank = this.highestRank(this.specialMask ? this.inService & ~this.mask : this.inService);
    if (rank > blockingRank) return NO_INPUT;
    const input = this.inputOfRank(rank);
    if (rank < blockingRank) return input;
    // "Special Fully Nested Mode": a slave in service is not locked out.
    return this.specialFullyNested && this.isSlaveInput(input) ? input : NO_INPUT;
  }

  /** Position of the most urgent of some inputs in the current order of priority, 0 being the highest; INPUTS for none. */
  private highestRank(inputs: number): number {
    if (inputs === 0) return INPUTS;
    const first = (this.lowestPriority + 1) % INPUTS;
    const ordered = (inputs | (inputs << INPUTS)) >> first;
    return indexOfLowestBit(ordered);
  }

  private inputOfRank(rank: number): number {
    return rank === INPUTS ? NO_INPUT : (rank + this.lowestPriority + 1) % INPUTS;
  }

  private updateOutput(): void {
    this.drive(this.highestPending() !== NO_INPUT);
  }

  private drive(asserted: boolean): void {
    if (asserted === this.output) return;
    this.output = asserted;
    this.onOutput(asserted);
  }
}

const MASTER_PORT = 0x20;
const SLAVE_PORT = 0xa0;
const PORTS = 2;
const CASCADE_INPUT = 2;
const A0 = 1;

/** The two controllers of a PC/AT: IRQ 0 to 7 at the master, IRQ 8 to 15 at the slave, which hangs on the master's input 2. */
export class PicPair {
  readonly master: Pic8259;
  readonly slave: Pic8259;

  /** @param onInterruptPin called when the processor's INTR pin changes. */
  constructor(onInterruptPin: (asserted: boolean) => void) {
    const master = new Pic8259(true, onInterruptPin);
    this.master = master;
    this.slave = new Pic8259(false, (asserted) => master.setLine(CASCADE_INPUT, asserted));
  }

  attach(bus: PortBus): void {
    for (const [base, chip] of [[MASTER_PORT, this.master], [SLAVE_PORT, this.slave]] as const) {
      bus.register(base, PORTS, {
        readByte: (port) => chip.read(port & A0),
        writeByte: (port, value) => chip.write(port & A0, value),
      });
    }
  }

  /** The processor's INTR pin. */
  get interruptPin(): boolean {
    return this.master.asserted;
  }

  /** Drives IRQ 0 to 15. Throws for IRQ 2, which is the cascade. */
  setLine(irq: number, level: boolean): void {
    if (irq === CASCADE_INPUT) throw new Error('IRQ 2 is the cascade');
    if (irq < INPUTS) this.master.setLine(irq, level);
    else this.slave.setLine(irq - INPUTS, level);
  }

  /** The processor's interrupt acknowledge; returns the vector. Without a request it is the spurious one, with nothing put in service. */
  acknowledge(): number {
    const input = this.master.acknowledgeInput();
    if (!this.master.isSlaveInput(input)) return this.master.vectorOf(input);
    return this.slave.vectorOf(this.slave.acknowledgeInput());
  }

  reset(): void {
    this.slave.reset();
    this.master.reset();
  }
}
