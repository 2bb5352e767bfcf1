import type { Engine } from '@ringbench/engine';
import { InputQueue } from '@ringbench/lab-kernel';
import { rawTerminal } from '../raw-terminal.js';

/** Input that waits for the guest; beyond it, the sender waits. */
const MOST_WAITING = 1 << 16;
const INTERRUPT = 0x03;
/** A program may live through Ctrl-C, and a guest may have no time for it: so many within so many milliseconds leave both. */
const INTERRUPTS_TO_LEAVE = 3;
const INTERRUPT_MILLISECONDS = 1000;

/** Standard input and the signals of the command on their way to the guest. */
export class HostInput {
  /** The exit code with which somebody wants to leave. */
  leaving: number | undefined;
  private readonly queue: InputQueue;
  private readonly interrupts: number[] = [];
  private hasNews = false;
  private readonly sleepers = new Set<() => void>();

  /** @param isTerminal whether the guest's terminal is at the other end, which makes a signal of Ctrl-C itself. */
  constructor(private readonly isTerminal: boolean, private readonly now: () => number = () => performance.now()) {
    this.queue = new InputQueue(!isTerminal);
  }

  take(data: Uint8Array): void {
    this.queue.push(data);
    if (this.isTerminal && data.includes(INTERRUPT)) this.countInterrupt();
    this.wake();
  }
  finish(): void {
    this.queue.finish();
    this.wake();
  }
  /** SIGINT for the guest. */
  interrupt(): void {
    this.queue.interrupt();
    this.countInterrupt();
    this.wake();
  }
  leave(code: number): void {
    this.leaving = code;
    this.wake();
  }
  private countInterrupt(): void {
    this.interrupts.push(this.now());
    const first = this.interrupts.at(-INTERRUPTS_TO_LEAVE);
    if (first !== undefined && this.now() - first < INTERRUPT_MILLISECONDS) this.leaving = INTERRUPTED;
  }

  /** Bytes that the guest's machine has not taken. */
  get size(): number { return this.queue.size; }
  get isFull(): boolean { return this.queue.size >= MOST_WAITING; }
  get isOpen(): boolean { return !this.queue.isFinished; }
  /** Whether there is more than the guest's machine has had space for. */
  get isWaiting(): boolean { return this.queue.isPending; }

  feed(engine: Pick<Engine, 'receive'>): void {
    this.hasNews = false;
    this.queue.feed((byte) => engine.receive(byte));
  }

  /** Waits until something arrives or the time is over; true if the time is over. */
  async wait(milliseconds: number): Promise<boolean> {
    if (this.hasNews || this.leaving !== undefined) return false;
    return new Promise((resolve) => {
      const finish = (isOver: boolean): void => {
        this.sleepers.delete(wakened);
        clearTimeout(timer);
        resolve(isOver);
      };
      const wakened = (): void => finish(false);
      const timer = setTimeout(() => finish(true), milliseconds);
      this.sleepers.add(wakened);
    });
  }
  private wake(): void {
    this.hasNews = true;
    for (const wakened of this.sleepers) wakened();
  }
}

const INTERRUPTED = 130;
const TERMINATED = 143;

/** Connects the command's standard input and signals to the guest's for the time of `work`; the terminal is given back as it was. */
export async function withHostInput<Result>(input: HostInput, reads: boolean, work: () => Promise<Result>): Promise<Result> {
  const { stdin } = process;
  const take = (data: Uint8Array): void => {
    input.take(data);
    if (input.isFull) stdin.pause();
  };
  const end = (): void => input.finish();
  const interrupt = (): void => input.interrupt();
  const terminate = (): void => input.leave(TERMINATED);
  process.on('SIGINT', interrupt).on('SIGTERM', terminate);
  // Input that cannot be read is input that has ended.
  if (reads) stdin.on('data', take).on('end', end).on('error', end);
  else input.finish();
  const giveBack = reads && stdin.isTTY ? rawTerminal() : undefined;
  try {
    return await work();
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', terminate);
    stdin.off('data', take).off('end', end);
    giveBack?.();
    if (reads) stdin.pause();
  }
}

/** Lets more input arrive once there is space for it. */
export function readOn(input: HostInput): void {
  if (input.isOpen && !input.isFull && process.stdin.isPaused()) process.stdin.resume();
}
