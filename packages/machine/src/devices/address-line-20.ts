/**
 * The gate of address line 20. A PC/AT has it at the keyboard controller's output port, a PS/2 at port 92h as well (IBM PS/2 Hardware Interface Technical
 * Reference, "System Control Port A"). There is one line: the last write wins, and both ports read it back.
 */
export class AddressLine20 {
  private on = true;

  /** @param onChange called with the new state of the line. */
  constructor(private readonly onChange: (enabled: boolean) => void = () => undefined) {}

  /** Off, the processor addresses odd megabytes as the even ones below them. */
  get enabled(): boolean {
    return this.on;
  }

  set enabled(on: boolean) {
    if (on === this.on) return;
    this.on = on;
    this.onChange(on);
  }
}
