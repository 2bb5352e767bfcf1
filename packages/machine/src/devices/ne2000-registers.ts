/** Registers of the DP8390D network interface controller (National Semiconductor data sheet, 1995, section 10) and of the NE2000 board around it. */

/** First port of the board, and ports from there on. */
export const NE2000_PORTS = { first: 0x300, count: 0x20 } as const;
export const BoardPort = { DATA: 0x10, LAST_DATA: 0x17, RESET: 0x18 } as const;

/** The command register, at offset 0 of every page. */
export const Command = { STOP: 1, START: 2, TRANSMIT: 4, DMA_SHIFT: 3, DMA_MASK: 7, PAGE_SHIFT: 6 } as const;
/** Remote DMA: what bits 3 to 5 of the command register ask for. From ABORT on the command is to end it. */
export const RemoteDma = { NONE: 0, READ: 1, WRITE: 2, ABORT: 4 } as const;

/** Offsets in page 0; where a read and a write differ, both are named. */
export const Page0 = {
  START_PAGE: 0x1, STOP_PAGE: 0x2, BOUNDARY: 0x3, TRANSMIT_STATUS: 0x4, TRANSMIT_PAGE: 0x4, COUNT_LOW: 0x5, COUNT_HIGH: 0x6, INTERRUPT_STATUS: 0x7,
  ADDRESS_LOW: 0x8, ADDRESS_HIGH: 0x9, BYTES_LOW: 0xa, BYTES_HIGH: 0xb, RECEIVE_STATUS: 0xc, RECEIVE_CONTROL: 0xc, TRANSMIT_CONTROL: 0xd, DATA_CONTROL: 0xe, INTERRUPT_MASK: 0xf, MISSED: 0xf,
} as const;
/** Offsets in page 1: the station's address, the page after the last frame, the multicast filter. */
export const Page1 = { ADDRESS: 0x1, CURRENT: 0x7, FILTER: 0x8 } as const;

export const InterruptStatus = { RECEIVED: 1, SENT: 2, OVERWRITE: 0x10, DMA_DONE: 0x40, RESET: 0x80 } as const;
/** What the mask can let through. */
export const MASKABLE = 0x7f;
export const ReceiveControl = { BROADCAST: 4, MULTICAST: 8, PROMISCUOUS: 0x10, MONITOR: 0x20 } as const;
export const ReceiveStatus = { INTACT: 1, GROUP: 0x20 } as const;
export const TransmitStatus = { SENT: 1 } as const;
/** Other values of these bits of the transmit control register keep frames off the cable. */
export const LOOPBACK = 6;
export const DataControl = { WORDS: 1 } as const;
