import type { Engine, Exit, Tenant, TenantUse } from '@ringbench/engine';
import { TaskAccount, type Scheduler, type Task, type TaskState } from '../scheduler.js';
import type { VirtualTime } from '../virtual-time.js';

/**
 * What becomes of the processor while a guest sleeps: it keeps it, as if it ran an idle loop (`busy`), or gives it back until it is to wake (`halt`).
 * What the guest sees is the same.
 */
export type IdlePolicy = 'busy' | 'halt';

/** How a virtual machine ended: by itself (`budget`: more than it was given), or by its host: killed, or because the machine's memory was exhausted. */
export type VmEnd = Exit | { readonly kind: 'killed' } | { readonly kind: 'starved' };

/** What a virtual machine leaves behind. */
export interface VmResult {
  readonly end: VmEnd;
  /** Guest instructions, and guest time asleep. */
  readonly retired: number;
  readonly slept: number;
  readonly memory: TenantUse;
  /** Host time. */
  readonly endedAt: number;
}

/** What a process needs of its host. */
export interface VmHostParts {
  readonly clock: VirtualTime;
  readonly scheduler: Scheduler;
  readonly idle: IdlePolicy;
  readonly counters: VmCounters;
  /** The virtual machine has ended and still has its memory, for the last time; unless it starved, its engine can be looked at. */
  readonly onEnded: (process: VmProcess) => void;
}

/** What the host did for all of its virtual machines. */
export class VmCounters {
  launches = 0;
  /** The processor went from one virtual machine to another. */
  switches = 0;
  /** The timer took it from a guest that would have gone on. */
  preemptions = 0;
  /** Guests that went to sleep and gave the processor back. */
  sleeps = 0;
  kills = 0;
  /** Instructions' worth of time that guests kept the processor while asleep. */
  spun = 0;
}

/**
 * A virtual machine as a process of the host: scheduled, preempted, stopped, killed and accounted like any other. Its guest time is its own: the instructions
 * that it completed and the time that it slept. It does not see that it was preempted, so that what it computes does not depend on who else is there.
 */
export class VmProcess implements Task {
  readonly account = new TaskAccount();
  /** Present once it has ended. */
  result: VmResult | undefined = undefined;
  /** For how long it had the processor, its monitor included; to the instruction, while `account` is kept by the slice. */
  time = 0;
  private isStopped = false;
  private isReleased = false;
  /** Time that it still spins, asleep under the policy `busy`. */
  private toSpin = 0;
  private readonly tenant: Tenant;

  /** `budget`: guest instructions after which it is ended. Throws for an engine that does not share its machine. */
  constructor(readonly id: number, readonly name: string, readonly engine: Engine, private readonly budget: number, private readonly host: VmHostParts) {
    if (engine.tenant === undefined) throw new Error(`${name} has its machine for itself`);
    this.tenant = engine.tenant;
  }

  get memory(): TenantUse { return this.result?.memory ?? this.tenant.use; }
  /** Its number as an owner of machine pages, while it lives. */
  get owner(): number { return this.tenant.owner; }

  run(slice: number): TaskState {
    const { clock } = this.host;
    const end = clock.now + slice;
    while (clock.now < end) {
      if (this.isStopped) return 'waiting';
      if (this.toSpin > 0) {
        this.spin(end - clock.now);
        continue;
      }
      const state = this.runGuest(end - clock.now);
      if (state !== 'ready') return state;
    }
    return 'ready';
  }

  private pass(instructions: number): void {
    this.time += instructions;
    this.host.clock.pass(instructions);
  }

  private spin(most: number): void {
    const units = Math.min(most, this.toSpin);
    this.toSpin -= units;
    this.host.counters.spun += units;
    this.pass(units);
  }

  private runGuest(slice: number): TaskState {
    const { engine, tenant, host } = this;
    if (tenant.resume()) host.counters.switches++;
    const begin = tenant.workTime;
    const exit = engine.run(Math.min(slice, this.budget - engine.retired));
    tenant.leave();
    this.pass(tenant.workTime - begin);
    if (tenant.isStarved) return this.finish({ kind: 'starved' });
    if (exit.kind === 'paused') return this.sleep(tenant.takeSleep());
    if (exit.kind !== 'budget' || engine.retired >= this.budget) return this.finish(exit);
    host.counters.preemptions++;
    return 'ready';
  }

  private sleep(units: number): TaskState {
    const { clock, scheduler, counters, idle } = this.host;
    if (units === 0) return 'ready';
    if (idle === 'busy') {
      this.toSpin += units;
      return 'ready';
    }
    counters.sleeps++;
    clock.alarm((at) => scheduler.wake(this, at), clock.now + units);
    return 'waiting';
  }

  /** SIGSTOP: it gets no processor until `goOn`. */
  stop(): void { this.isStopped = true; }
  goOn(): void {
    this.isStopped = false;
    this.host.scheduler.wake(this);
  }

  /** Ended to give its memory to others, while one of them has the processor. */
  starve(): void {
    this.host.scheduler.remove(this);
    this.finish({ kind: 'starved' });
  }

  /** SIGKILL. */
  kill(): void {
    if (this.result !== undefined) return;
    this.host.counters.kills++;
    this.host.scheduler.remove(this);
    this.tenant.resume();
    this.finish({ kind: 'killed' });
  }

  private finish(end: VmEnd): 'ended' {
    const { engine, tenant, host } = this;
    this.result = { end, retired: engine.retired, slept: engine.counts()['idle'] ?? 0, memory: tenant.use, endedAt: host.clock.now };
    host.onEnded(this);
    this.release();
    return 'ended';
  }

  private release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    this.tenant.release();
  }
}
