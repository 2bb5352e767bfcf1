import { Flag, SHUTDOWN_REASONS, V386Access, V386Event, V386ExitNumber, V386Io, V386MsrAccess, Word, type SystemMnemonic, type SystemOperands } from '@ringbench/isa';
import type { SecondLevelTables, VirtualMachine } from '@ringbench/vmm';
import type { ControlBlock } from './control-block.js';
import type { DeviceServer } from './device-server.js';

const BYTE = 0xff;
const LOW_WORD = 0xffff;
const SEGMENT_MASK = 7;
const WIDTH_MASK = 7;

type ExitHandler = () => void;

/**
 * What the VMM does for each exit reason (docs/v386-mode.md, "Exits"): hands instructions to the Interpreter, maps what the second level lacks. Timer,
 * interrupt and interrupt-window exits ask for nothing here: what is due is settled before every entry.
 */
export class GuestExits {
  private readonly handlers: readonly (ExitHandler | undefined)[];

  constructor(private readonly machine: VirtualMachine, private readonly block: ControlBlock, private readonly secondLevel: SecondLevelTables, private readonly devices: DeviceServer) {
    const handlers: (ExitHandler | undefined)[] = [];
    handlers[V386ExitNumber.io] = () => this.portAccess();
    handlers[V386ExitNumber.halt] = () => this.interpret('hlt');
    handlers[V386ExitNumber.timer] = () => {};
    handlers[V386ExitNumber.interrupt] = () => {};
    handlers[V386ExitNumber['interrupt-window']] = () => {};
    handlers[V386ExitNumber['second-level']] = () => this.secondLevelViolation();
    handlers[V386ExitNumber.msr] = () => this.interpret((this.block.load('EXIT_QUALIFICATION') & V386MsrAccess.WRITE) === 0 ? 'rdmsr' : 'wrmsr');
    handlers[V386ExitNumber.shutdown] = () => (this.machine.shutdownReason = SHUTDOWN_REASONS[this.block.load('EXIT_QUALIFICATION')]);
    this.handlers = handlers;
  }

  /** Handles the exit whose guest state is in the virtual processor. Throws on a reason that cannot occur: a refused entry is no exit. */
  handle(reason: number): void {
    const handler = this.handlers[reason];
    if (handler === undefined) throw new Error(`V386 exit with reason ${reason}, which this VMM never causes`);
    handler();
    this.resumeDelivery();
  }

  private portAccess(): void {
    const qualification = this.block.load('EXIT_QUALIFICATION');
    const { operands } = this.machine.interpreter;
    describePortAccess(operands, qualification);
    this.devices.serve();
    const direction = (qualification & V386Io.IN) === 0 ? 'out' : 'in';
    if ((qualification & V386Io.STRING) === 0) this.interpret(direction);
    else this.interpret(direction === 'in' ? 'ins' : 'outs');
  }

  private interpret(mnemonic: SystemMnemonic): void {
    const { machine } = this;
    const { state } = machine.processor;
    const { operands } = machine.interpreter;
    if (mnemonic === 'hlt' || mnemonic === 'rdmsr' || mnemonic === 'wrmsr') operands.repeated = false;
    operands.length = this.block.load('EXIT_LENGTH');
    const stepping = (state[Word.FLAG_SYSTEM] & Flag.TF) !== 0;
    if (machine.interpreter.interpret(mnemonic)) machine.instructionCompleted(stepping);
    else machine.raiseFault();
  }

  /** The guest reached beyond its memory, or for a page that it was not given yet. Its instruction starts over and finds the open bus, or the page. */
  private secondLevelViolation(): void {
    const address = this.block.load('EXIT_PHYSICAL') >>> 0;
    const isWrite = (this.block.load('EXIT_QUALIFICATION') & V386Access.WRITE) !== 0;
    if (!this.secondLevel.resolve(address, isWrite)) throw new Error(`second-level violation at guest-physical ${address.toString(16)}, which is mapped`);
  }

  /** An exit may have cut the delivery of an event short: the next entry delivers it again. */
  private resumeDelivery(): void {
    const event = this.block.load('VECTORING_EVENT');
    if ((event & V386Event.VALID) === 0) return;
    const vector = event & V386Event.VECTOR;
    this.machine.pending = (event & V386Event.EXCEPTION) === 0
      ? { kind: 'interrupt', vector }
      : { kind: 'exception', vector, errorCode: this.block.load('VECTORING_ERROR_CODE') };
  }
}

/** Fills in what the routines of IN, OUT, INS and OUTS read. */
function describePortAccess(operands: SystemOperands, qualification: number): void {
  const width = qualification & WIDTH_MASK;
  operands.width = width === 4 ? 4 : width === 2 ? 2 : 1;
  operands.port = (qualification >>> V386Io.PORT_SHIFT) & LOW_WORD;
  operands.repeated = (qualification & V386Io.REPEATED) !== 0;
  operands.addressSize = (qualification & V386Io.WIDE_ADDRESS) === 0 ? 16 : 32;
  operands.segment = (qualification >>> V386Io.SEGMENT_SHIFT) & BYTE & SEGMENT_MASK;
}
