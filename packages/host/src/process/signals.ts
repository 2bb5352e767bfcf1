import { ErrorNumber, Restart } from '../abi/errors.js';
import { UserRegister } from '../abi/ptrace.js';
import { ActionFlag, defaultAction, NO_SIGNALS, signalBit, SIG_DEFAULT, SIG_IGNORE, Signal, SignalCode, UNBLOCKABLE, type SignalInfo } from '../abi/signals.js';
import type { HostCounters } from '../events.js';
import type { Process } from './process.js';
import { enterHandler } from './signal-frames.js';
import { DEFAULT_ACTION } from './signal-state.js';
import type { UserMode } from './user-mode.js';

const RESTARTS: readonly number[] = Object.values(Restart);
/** INT 80h. */
const CALL_BYTES = 2;

/** What signals need of the host. */
export interface SignalServices {
  readonly counters: HostCounters;
  readonly userMode: UserMode;
  /** The process may go on, or look whether it can. */
  wake(process: Process): void;
  /** Ends a process with a status for wait4. */
  end(process: Process, status: number): void;
}

/** Raising signals, and what becomes of them in the process. */
export class Signals {
  constructor(private readonly services: SignalServices) {}

  /** Raises a signal in a process, as kill does. */
  raise(process: Process, info: SignalInfo): void {
    this.services.counters.count('host.signal');
    const { signals } = process;
    if (process.isDead || this.isIgnored(process, info.signal)) return;
    signals.add(info);
    if (signals.hasDeliverable && (process.state !== 'stopped' || info.signal === Signal.KILL)) this.services.wake(process);
  }

  /** Raises one that an instruction of the process caused: it cannot be put off. */
  force(process: Process, info: SignalInfo): void {
    const { signals } = process;
    const { handler } = signals.actions.get(info.signal);
    const isBlocked = (signals.blocked & signalBit(info.signal)) !== NO_SIGNALS;
    if (isBlocked || handler === SIG_IGNORE) {
      signals.actions.set(info.signal, DEFAULT_ACTION);
      signals.blocked &= ~signalBit(info.signal);
    }
    this.raise(process, info);
  }

  /** A signal that nobody would see is not even kept, but for a tracer's sake. */
  private isIgnored(process: Process, signal: number): boolean {
    const { handler } = process.signals.actions.get(signal);
    const isBlocked = (process.signals.blocked & signalBit(signal)) !== NO_SIGNALS;
    if (process.tracing !== undefined || isBlocked) return false;
    return handler === SIG_IGNORE || (handler === SIG_DEFAULT && defaultAction(signal) === 'ignore');
  }

  /** A signal reaches its process. False if that is its end. */
  deliver(process: Process, info: SignalInfo): boolean {
    const { signals } = process;
    const action = signals.actions.get(info.signal);
    if (action.handler === SIG_IGNORE) return true;
    if (action.handler === SIG_DEFAULT || info.signal === Signal.KILL) {
      if (defaultAction(info.signal) !== 'terminate') return true;
      this.services.end(process, info.signal);
      return false;
    }
    this.settleCall(process, (action.flags & ActionFlag.RESTART) !== 0);
    const mask = signals.saved ?? signals.blocked;
    signals.saved = undefined;
    if (!enterHandler(process, info, action, mask, this.services.userMode.takeX87(process))) {
      this.services.end(process, Signal.SEGV);
      return false;
    }
    // A handler begins with an x87 as after FNINIT; its frame has what was there (fpu__clear_user_states).
    this.services.userMode.resetX87(process);
    this.services.counters.count('host.signal.handler');
    signals.blocked |= action.mask & ~UNBLOCKABLE;
    if ((action.flags & ActionFlag.NODEFER) === 0) signals.blocked |= signalBit(info.signal);
    if ((action.flags & ActionFlag.RESETHAND) !== 0) signals.actions.set(info.signal, DEFAULT_ACTION);
    return true;
  }

  /** Nothing was delivered to a handler: a call that a signal interrupted begins again, and the mask of sigsuspend ends. */
  settle(process: Process): void {
    const { registers, signals } = process;
    if (registers[UserRegister.ORIG_EAX] >= 0 && RESTARTS.includes(-registers[UserRegister.EAX])) restart(process);
    if (signals.saved === undefined) return;
    signals.blocked = signals.saved;
    signals.saved = undefined;
  }

  /** Before a handler is entered: whether the interrupted call fails or begins again. */
  private settleCall(process: Process, restarts: boolean): void {
    const { registers } = process;
    const answer = -registers[UserRegister.EAX];
    if (registers[UserRegister.ORIG_EAX] < 0 || !RESTARTS.includes(answer)) return;
    const fails = answer === Restart.NO_HANDLER || (answer === Restart.SYS && !restarts);
    if (fails) registers[UserRegister.EAX] = -ErrorNumber.INTR;
    else restart(process);
  }
}

function restart({ registers }: Process): void {
  registers[UserRegister.EAX] = registers[UserRegister.ORIG_EAX];
  registers[UserRegister.EIP] -= CALL_BYTES;
}

/** A signal from a process, as kill sends it. */
export const fromProcess = (signal: number, sender: Process): SignalInfo => ({ signal, code: SignalCode.USER, words: [sender.id, 0] });
/** A signal from the host's kernel that says nothing more. */
export const fromKernel = (signal: number): SignalInfo => ({ signal, code: SignalCode.KERNEL, words: [] });
