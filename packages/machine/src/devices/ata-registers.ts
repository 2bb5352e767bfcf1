/** Registers and bits of the AT Attachment's command and control blocks, by the names that the ATA standards give them. */

/** Offsets from the command block's first port. Error, status and their write-only counterparts share a port. */
export const Register = {
  DATA: 0, ERROR_FEATURES: 1, SECTOR_COUNT: 2, SECTOR_NUMBER: 3, CYLINDER_LOW: 4, CYLINDER_HIGH: 5, DEVICE_HEAD: 6, STATUS_COMMAND: 7,
} as const;

export const Status = { ERR: 0x01, DRQ: 0x08, DSC: 0x10, DF: 0x20, DRDY: 0x40, BSY: 0x80 } as const;
/** Error register: the command was aborted; there is no such sector; the medium's data are lost. */
export const ErrorBit = { ABRT: 0x04, IDNF: 0x10, UNC: 0x40 } as const;
export const DeviceHead = { HEAD: 0x0f, DEVICE_1: 0x10, LBA: 0x40 } as const;
/** Device control register: no interrupts; software reset. */
export const DeviceControl = { NIEN: 0x02, SRST: 0x04 } as const;

/** What the data port gives when there is nothing to transfer. */
export const FLOATING_WORD = 0xffff;
