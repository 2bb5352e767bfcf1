import type { FirmwareHost } from './firmware-host.js';
import type { ServiceCall } from './service-call.js';

/** INT 14h for COM1 (IBM PC/AT Technical Reference, "Serial I/O"). A character that is not there is a time-out at once. */

const DATA_PORT = 0x3f8;
const LINE_STATUS_PORT = 0x3fd;
const MODEM_STATUS_PORT = 0x3fe;
const DATA_READY = 0x01;
const TIMED_OUT = 0x80;

export class SerialServices {
  constructor(private readonly host: FirmwareHost) {}

  serve(call: ServiceCall): void {
    const { bus } = this.host;
    if (call.dx !== 0) {
      call.ah = TIMED_OUT;
      return;
    }
    const status = bus.readByte(LINE_STATUS_PORT);
    switch (call.ah) {
      case 0x01:
        bus.writeByte(DATA_PORT, call.al);
        call.ah = status;
        break;
      case 0x02:
        if ((status & DATA_READY) !== 0) call.al = bus.readByte(DATA_PORT);
        call.ah = (status & DATA_READY) === 0 ? TIMED_OUT : 0;
        break;
      default:
        // Initialization, and status: the line's speed is of no consequence here.
        call.ah = status;
        call.al = bus.readByte(MODEM_STATUS_PORT);
        break;
    }
  }
}
