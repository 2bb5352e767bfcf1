import type { VmmCounters } from './counters.js';
import type { HostContext } from './host-context.js';

/** Handles what trapped; the machine's processor stands at the entry point of the vector. */
export type TrapHandler = () => void;

/**
 * The Dispatcher (slide "Components of a VMM"): the VMM's top-level control. Every location to which the machine traps leads here; it finds the vector and
 * calls who is responsible.
 */
export class Dispatcher {
  private readonly handlers = new Map<number, TrapHandler>();

  constructor(private readonly host: HostContext, private readonly counters: VmmCounters) {}

  /** Makes `handler` responsible for a vector. */
  handle(vector: number, handler: TrapHandler): void {
    if (this.handlers.has(vector)) throw new Error(`vector ${vector} has a handler already`);
    this.handlers.set(vector, handler);
  }

  /** Control reached the trap page. Throws on a vector that nobody handles: the VMM itself faulted, or the silicon let something of the guest's out. */
  dispatch(): void {
    const vector = this.host.trappedVector();
    const handler = this.handlers.get(vector);
    if (handler === undefined) throw new Error(`the machine trapped to the VMM through vector ${vector}, which nothing handles`);
    this.counters.exits++;
    handler();
  }
}
