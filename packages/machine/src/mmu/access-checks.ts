import { dataBreakpoints, isMisaligned, visitDataBreakpointPages } from '@ringbench/isa';
import { Obstacle, type DataTlb } from './tlb.js';

/**
 * What an access of data meets besides translation: data breakpoints and alignment checks. Both keep what they watch out of the translation tables, so that
 * an access that nothing watches pays nothing.
 */
export class AccessChecks {
  /** Called with the DR6 bits of the data breakpoints that an access met. */
  onBreakpoint: (hits: number) => void = () => undefined;
  private checksAlignment = false;

  constructor(private readonly tlb: DataTlb, private readonly state: Int32Array) {}

  /** DR0 to DR3 or DR7 changed: the pages of armed data breakpoints, and no others, are kept out of the translation tables. */
  debugRegistersChanged(): void {
    const { watched } = this.tlb;
    const had = watched.size;
    // Each switch of worlds comes here, and hardly any has breakpoints.
    if (had !== 0) watched.clear();
    visitDataBreakpointPages(this.state, (page) => watched.add(page));
    if (had === 0 && watched.size === 0) return;
    this.tlb.setObstacle(Obstacle.BREAKPOINTS, watched.size !== 0);
    this.tlb.refresh();
  }

  /** EFLAGS.AC and CR0.AM are set, or no longer (SDM vol. 3, 6.15, Interrupt 17): while they are the user tables are empty. */
  set alignment(on: boolean) {
    if (on === this.checksAlignment) return;
    this.checksAlignment = on;
    this.tlb.hidesUser = on;
    this.tlb.setObstacle(Obstacle.ALIGNMENT, on);
    this.tlb.refresh();
  }

  /** False when an access of ring 3 must be #AC(0), which comes before its page is translated. Notes the breakpoints that it meets. */
  admits(linear: number, bytes: number, write: boolean, user: boolean): boolean {
    if (user && this.checksAlignment && isMisaligned(linear, bytes)) return false;
    if (this.tlb.watched.size === 0) return true;
    const hits = dataBreakpoints(this.state, linear, bytes, write);
    if (hits !== 0) this.onBreakpoint(hits);
    return true;
  }
}
