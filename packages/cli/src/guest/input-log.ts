import type { Engine } from '@ringbench/engine';

/** Something typed that the guest's machine has taken. */
export interface TypedInput {
  /** Instructions that had retired when the machine took it. */
  readonly at: number;
  /** A byte for the serial line, or a character for the keyboard. */
  readonly what: number | string;
}

/** Offers something typed to a machine; false if it has no space. */
export function offer(engine: Engine, what: number | string): boolean {
  return typeof what === 'number' ? engine.receive(what) : engine.type(what);
}

/** Everything typed in a run, so that a second run can be the same: input is the only thing in a guest that does not follow from its image. */
export class InputLog {
  private readonly entries: TypedInput[] = [];

  /** Offers something typed to the machine and remembers it if the machine took it. */
  offer(engine: Engine, what: number | string): boolean {
    const at = engine.retired;
    if (!offer(engine, what)) return false;
    this.entries.push({ at, what });
    return true;
  }
  get typed(): readonly TypedInput[] { return this.entries; }
}
