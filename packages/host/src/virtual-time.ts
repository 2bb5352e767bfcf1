/** Something that is due at a point of virtual time. Made by `VirtualTime.alarm`. */
export class Alarm {
  /** Position in the heap, -1 while it is not pending; only `VirtualTime` touches it. */
  place = -1;

  constructor(readonly at: number, readonly order: number, readonly callback: (at: number) => void) {}
}

/** Alarms of one time fire in the order in which they were set. */
function isBefore(a: Alarm, b: Alarm): boolean { return a.at < b.at || (a.at === b.at && a.order < b.order); }

/**
 * The host's time, in instructions of its one processor: it goes on while anything runs, and jumps to the next alarm while nothing can. No host clock is
 * read. The alarms are a binary heap: thousands of machines may sleep at once, where the devices' `InstructionClock` has a handful.
 */
export class VirtualTime {
  private readonly heap: Alarm[] = [];
  private current = 0;
  private idleUnits = 0;
  private alarms = 0;

  /** Instructions since the host started, idle time included. */
  get now(): number { return this.current; }
  /** Of these, time in which nothing could run. */
  get idle(): number { return this.idleUnits; }
  /** When the earliest alarm is due; Infinity without one. */
  get nextAlarm(): number { return this.heap.length === 0 ? Infinity : this.heap[0].at; }

  /** The processor was busy for so many instructions. */
  pass(instructions: number): void { this.current += instructions; }

  /** Nothing runs until then. */
  sleepUntil(time: number): void {
    if (!(time >= this.current && time < Infinity)) throw new Error(`the host cannot sleep from ${this.current} to ${time}`);
    this.idleUnits += time - this.current;
    this.current = time;
  }

  /** Has `callback` called by the first `fireDue` at a time or later, with that time. */
  alarm(callback: (at: number) => void, at: number): Alarm {
    const alarm = new Alarm(at, this.alarms++, callback);
    this.heap.push(alarm);
    this.rise(alarm, this.heap.length - 1);
    return alarm;
  }

  /** Forgets an alarm; one that is not pending is left alone. */
  cancel(alarm: Alarm): void {
    const { place } = alarm;
    if (place < 0) return;
    if (this.heap[place] !== alarm) throw new Error('this alarm belongs to another host');
    alarm.place = -1;
    const last = this.heap.pop();
    if (last === undefined || last === alarm) return;
    this.rise(last, place);
    this.sink(last);
  }

  /** Calls all that is due, in order of time, those that a callback sets for now included. */
  fireDue(): void {
    for (let [first] = this.heap; first !== undefined && first.at <= this.current; [first] = this.heap) {
      this.cancel(first);
      first.callback(first.at);
    }
  }

  private rise(alarm: Alarm, from: number): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (!isBefore(alarm, this.heap[above])) break;
      this.put(this.heap[above], place);
      place = above;
    }
    this.put(alarm, place);
  }

  private sink(alarm: Alarm): void {
    let { place } = alarm;
    for (;;) {
      let below = 2 * place + 1;
      if (below + 1 < this.heap.length && isBefore(this.heap[below + 1], this.heap[below])) below++;
      if (below >= this.heap.length || !isBefore(this.heap[below], alarm)) break;
      this.put(this.heap[below], place);
      place = below;
    }
    this.put(alarm, place);
  }

  private put(alarm: Alarm, place: number): void {
    this.heap[place] = alarm;
    alarm.place = place;
  }
}
