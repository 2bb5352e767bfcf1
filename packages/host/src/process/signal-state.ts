import { NO_SIGNALS, SIG_DEFAULT, signalBit, SYNCHRONOUS, type SignalInfo, type SignalSet } from '../abi/signals.js';

/** What a process wants done with a signal (struct sigaction). */
export interface SignalAction {
  /** SIG_DEFAULT, SIG_IGNORE, or the address of a handler. */
  readonly handler: number;
  readonly flags: number;
  readonly restorer: number;
  readonly mask: SignalSet;
}
export const DEFAULT_ACTION: SignalAction = { handler: SIG_DEFAULT, flags: 0, restorer: 0, mask: NO_SIGNALS };

export interface SignalStack {
  readonly pointer: number;
  readonly size: number;
  readonly flags: number;
}

/** Actions by signal; processes made with CLONE_SIGHAND share them. */
export class SignalActions {
  private readonly actions = new Map<number, SignalAction>();
  get(signal: number): SignalAction { return this.actions.get(signal) ?? DEFAULT_ACTION; }
  set(signal: number, action: SignalAction): void { this.actions.set(signal, action); }
  copy(): SignalActions {
    const copy = new SignalActions();
    for (const [signal, action] of this.actions) copy.set(signal, action);
    return copy;
  }
}

/** The lowest signal of a set. */
function lowest(set: SignalSet): number {
  let signal = 1;
  while ((set & signalBit(signal)) === NO_SIGNALS) signal++;
  return signal;
}

/** A process's signals: blocked ones, those that wait (each at most once), the stack for handlers. */
export class SignalState {
  blocked: SignalSet = NO_SIGNALS;
  /** The mask that sigsuspend put aside, until the handler's frame has it. */
  saved: SignalSet | undefined = undefined;
  stack: SignalStack | undefined = undefined;
  pending: SignalSet = NO_SIGNALS;
  private readonly waiting = new Map<number, SignalInfo>();

  constructor(public actions = new SignalActions()) {}

  add(info: SignalInfo): void {
    const bit = signalBit(info.signal);
    if ((this.pending & bit) !== NO_SIGNALS) return;
    this.pending |= bit;
    this.waiting.set(info.signal, info);
  }
  remove(set: SignalSet): void {
    this.pending &= ~set;
    for (const signal of this.waiting.keys()) if ((set & signalBit(signal)) !== NO_SIGNALS) this.waiting.delete(signal);
  }

  get hasDeliverable(): boolean { return (this.pending & ~this.blocked) !== NO_SIGNALS; }

  /** Takes the next signal that is not blocked: one that an instruction raised first, then by number. */
  take(): SignalInfo | undefined {
    const deliverable = this.pending & ~this.blocked;
    if (deliverable === NO_SIGNALS) return undefined;
    const first = deliverable & SYNCHRONOUS;
    const signal = lowest(first === NO_SIGNALS ? deliverable : first);
    const info = this.waiting.get(signal);
    if (info === undefined) throw new Error(`signal ${signal} waits and is not there`);
    this.remove(signalBit(signal));
    return info;
  }
}
