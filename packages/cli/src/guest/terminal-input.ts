import { ExitCode } from '../exit-codes.js';
import type { Engine } from '@ringbench/engine';
import { rawTerminal } from '../raw-terminal.js';
import { catchSignals } from '../signals.js';
import { InputLog } from './input-log.js';

/** Ctrl-A, as in QEMU: X behind it leaves, C types a Ctrl-C, and a second one types itself. */
const ESCAPE = 0x01;
const INTERRUPT = 0x03;
const LOWER_CASE = 0x20;
const DELETE = 0x7f;
/** Control characters that keys make: Ctrl and a letter, and Esc. */
const LAST_CONTROL = 0x1b;
const FIRST_PRINTABLE = 0x20;
/** Input that waits for the guest; beyond it, the sender waits. */
const MOST_WAITING = 1 << 16;
const codeOf = (letter: string): number => letter.charCodeAt(0);

/** Whose input it is: bytes for the serial line or characters for the PC's keyboard. */
export type InputDevice = 'serial' | 'keyboard';

/** Why somebody wants the guest to be left. */
export type Leaving = { readonly how: string; readonly code: ExitCode };
const LEFT: Leaving = { how: 'Ctrl-A X', code: ExitCode.ok };
const INTERRUPTED: Leaving = { how: 'Ctrl-C', code: ExitCode.interrupted };

/** What is typed on its way to the guest; and the ways out. */
export class TerminalInput {
  readonly log = new InputLog();
  leaving: Leaving | undefined;
  private escaped = false;
  private queue: number[] = [];
  private taken = 0;
  /** Something has arrived since the guest was last fed. */
  private hasNews = false;
  private readonly waiting = new Set<() => void>();

  /** @param isTerminal whether a person types here: then Ctrl-C and Ctrl-A are not the guest's. */
  constructor(private readonly device: InputDevice, private readonly isTerminal: boolean) {}

  /** Takes in what arrived. */
  take(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (this.isTerminal) this.takeKey(byte);
      else this.queue.push(byte);
    }
    this.hasNews = true;
    this.wake();
  }
  private takeKey(byte: number): void {
    if (this.escaped) {
      this.escaped = false;
      const letter = byte | LOWER_CASE;
      if (letter === codeOf('x')) this.leaving = LEFT;
      else this.queue.push(letter === codeOf('c') ? INTERRUPT : byte);
    } else if (byte === ESCAPE) this.escaped = true;
    else if (byte === INTERRUPT) this.leaving = INTERRUPTED;
    else this.queue.push(byte);
  }

  leave(how: Leaving): void {
    this.leaving = how;
    this.wake();
  }

  /** Whether so much waits that no more should be read. */
  get isFull(): boolean { return this.queue.length - this.taken >= MOST_WAITING; }
  /** Whether there is more than the guest's machine has had space for. */
  get isWaiting(): boolean { return !this.isEmpty; }
  private get isEmpty(): boolean { return this.queue.length === this.taken; }

  /** Gives the guest's machine as much as it takes. */
  feed(engine: Engine): void {
    this.hasNews = false;
    while (!this.isEmpty) {
      const what = this.device === 'serial' ? this.queue[this.taken] : keyOf(this.queue[this.taken]);
      if (what !== undefined && !this.log.offer(engine, what)) break;
      this.taken++;
    }
    if (this.taken >= MOST_WAITING || this.isEmpty) {
      this.queue = this.queue.slice(this.taken);
      this.taken = 0;
    }
  }

  /** Waits until something is typed, somebody wants to leave, or the time is over; Infinity waits for ever. True if the time is over. */
  async wait(milliseconds: number): Promise<boolean> {
    if (this.hasNews || this.leaving !== undefined) return false;
    return new Promise((resolve) => {
      const finish = (isOver: boolean): void => {
        this.waiting.delete(wakened);
        clearTimeout(timer);
        resolve(isOver);
      };
      const wakened = (): void => finish(false);
      const timer = milliseconds === Infinity ? undefined : setTimeout(() => finish(true), milliseconds);
      this.waiting.add(wakened);
    });
  }
  private wake(): void {
    for (const wakened of this.waiting) wakened();
  }
}

/** The character that a US keyboard types for a terminal's byte; undefined if it has no key for it. */
function keyOf(byte: number): string | undefined {
  if (byte === DELETE) return '\b';
  const isKey = (byte > 0 && byte <= LAST_CONTROL) || (byte >= FIRST_PRINTABLE && byte < DELETE);
  return isKey ? String.fromCharCode(byte) : undefined;
}

/** Connects stdin and the signals to the input for the time of `work`, and gives the terminal back as it was. */
export async function withTerminal<Result>(input: TerminalInput, work: () => Promise<Result>): Promise<Result> {
  const { stdin } = process;
  const take = (bytes: Uint8Array): void => {
    input.take(bytes);
    if (input.isFull) stdin.pause();
  };
  // Input that cannot be read is input that has ended.
  const ignore = (): void => {};
  const signals = catchSignals();
  signals.signal.addEventListener('abort', () => input.leave({ how: 'a signal', code: signals.code() }));
  const giveBack = stdin.isTTY ? rawTerminal() : undefined;
  stdin.on('data', take).on('error', ignore);
  try {
    return await work();
  } finally {
    signals.release();
    stdin.off('data', take);
    giveBack?.();
    stdin.pause();
  }
}

/** Lets more input arrive once there is space for it. */
export function readOn(input: TerminalInput): void {
  if (!input.isFull && process.stdin.isPaused()) process.stdin.resume();
}
