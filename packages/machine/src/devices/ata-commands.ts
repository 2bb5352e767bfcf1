/** The opcodes of a disk drive without DMA and without PACKET. Every other opcode is aborted. */

export type CommandName =
  | 'recalibrate' | 'read' | 'write' | 'verify' | 'seek' | 'diagnose' | 'initializeParameters' | 'readMultiple' | 'writeMultiple' | 'setMultiple'
  | 'standby' | 'idle' | 'checkPower' | 'sleep' | 'flushCache' | 'identify' | 'setFeatures';

export const EXECUTE_DEVICE_DIAGNOSTIC = 0x90;

/**
 * First and last opcode of each command. ATA-1 and before had a second code for reads, writes and verifies without retries, sixteen codes
 * for a stepping rate that is no longer there, and other codes for power management; kernels still send them.
 */
const OPCODES: readonly (readonly [first: number, last: number, command: CommandName])[] = [
  [0x10, 0x1f, 'recalibrate'],
  [0x20, 0x21, 'read'],
  [0x30, 0x31, 'write'],
  [0x40, 0x41, 'verify'],
  [0x70, 0x7f, 'seek'],
  [EXECUTE_DEVICE_DIAGNOSTIC, EXECUTE_DEVICE_DIAGNOSTIC, 'diagnose'],
  [0x91, 0x91, 'initializeParameters'],
  [0x94, 0x94, 'standby'], [0x96, 0x96, 'standby'], [0xe0, 0xe0, 'standby'], [0xe2, 0xe2, 'standby'],
  [0x95, 0x95, 'idle'], [0x97, 0x97, 'idle'], [0xe1, 0xe1, 'idle'], [0xe3, 0xe3, 'idle'],
  [0x98, 0x98, 'checkPower'], [0xe5, 0xe5, 'checkPower'],
  [0x99, 0x99, 'sleep'], [0xe6, 0xe6, 'sleep'],
  [0xc4, 0xc4, 'readMultiple'],
  [0xc5, 0xc5, 'writeMultiple'],
  [0xc6, 0xc6, 'setMultiple'],
  [0xe7, 0xe7, 'flushCache'],
  [0xec, 0xec, 'identify'],
  [0xef, 0xef, 'setFeatures'],
];
const OPCODE_COUNT = 0x100;

/** The command of each opcode. */
export const COMMAND_OF_OPCODE: readonly (CommandName | undefined)[] = Array.from(
  { length: OPCODE_COUNT },
  (_, opcode) => OPCODES.find(([first, last]) => opcode >= first && opcode <= last)?.[2],
);

/** Subcommands of SET FEATURES. */
export const Feature = {
  ENABLE_WRITE_CACHE: 0x02, SET_TRANSFER_MODE: 0x03, DISABLE_LOOK_AHEAD: 0x55, KEEP_SETTINGS_AT_RESET: 0x66,
  DISABLE_WRITE_CACHE: 0x82, ENABLE_LOOK_AHEAD: 0xaa, REVERT_SETTINGS_AT_RESET: 0xcc,
} as const;

const TRANSFER_TYPE_SHIFT = 3;
const TRANSFER_MODE = 0x07;
/** Transfer types: the default PIO mode, with or without IORDY; a PIO mode with flow control. */
const TYPE_DEFAULT_PIO = 0;
const TYPE_FLOW_CONTROL = 1;
const MOST_DEFAULT_MODE = 1;
const MOST_PIO_MODE = 4;

/** Whether SET FEATURES may choose a transfer mode: PIO only. */
export function isPioMode(transferMode: number): boolean {
  const type = transferMode >> TRANSFER_TYPE_SHIFT;
  const mode = transferMode & TRANSFER_MODE;
  return type === TYPE_DEFAULT_PIO ? mode <= MOST_DEFAULT_MODE : type === TYPE_FLOW_CONTROL && mode <= MOST_PIO_MODE;
}

/** What CHECK POWER MODE answers. */
export const PowerMode = { STANDBY: 0x00, IDLE: 0x80, ACTIVE: 0xff } as const;
