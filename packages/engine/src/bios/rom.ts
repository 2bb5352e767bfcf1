/**
 * The BIOS ROM: an entry for each interrupt that has a handler. An entry of a service pushes its number and calls the host by a write to FIRMWARE_PORT; the
 * host replaces the number by an image of FLAGS whose CF says how to go on. Code addresses are offsets in segment F000.
 */

/** No device of a PC is here, and no kernel that we know probes it. */
export const FIRMWARE_PORT = 0xb5;
export const ROM_SEGMENT = 0xf000;
export const ROM_ADDRESS = 0xf0000;
export const ROM_BYTES = 0x10000;

/** Interrupts with a service of that number (IBM PC/AT Technical Reference, "System BIOS Usage"). */
export const Service = {
  TIMER_INTERRUPT: 0x08, KEYBOARD_INTERRUPT: 0x09, VIDEO: 0x10, EQUIPMENT: 0x11, MEMORY_SIZE: 0x12, DISK: 0x13, SERIAL: 0x14, SYSTEM: 0x15, KEYBOARD: 0x16,
  PRINTER: 0x17, NO_BOOT: 0x18, BOOT: 0x19, CLOCK: 0x1a, DISK_INTERRUPT: 0x76,
} as const;

/** Instruction bytes of the stubs. */
const PUSH_BYTE = 0x6a;
const OUT_BYTE_AL = 0xe6;
const IN_AL_BYTE = 0xe4;
const POPF = 0x9d;
const JC = 0x72;
const JMP_SHORT = 0xeb;
const JMP_FAR = 0xea;
const MOV_AL = 0xb0;
const PUSH_AX = 0x50;
const POP_AX = 0x58;
const INT = 0xcd;
const IRET = 0xcf;
const CLI = 0xfa;
const STI = 0xfb;
const HLT = 0xf4;

const MASTER_PIC = 0x20;
const SLAVE_PIC = 0xa0;
const END_OF_INTERRUPT = 0x20;
const COPROCESSOR_PORT = 0xf0;
const RTC_INDEX = 0x70;
const RTC_DATA = 0x71;
const RTC_REGISTER_C = 0x0c;
const TIMER_HOOK = 0x1c;
const NMI_VECTOR = 0x02;
const BOOT_OFFSET = 0x7c00;

/** Real-mode vectors of IRQ 0 to 7 and 8 to 15. */
export const MASTER_VECTORS = 0x08;
export const SLAVE_VECTORS = 0x70;
const LINES = 8;
const Vectors = { RTC: SLAVE_VECTORS, COPROCESSOR: SLAVE_VECTORS + 5, DISKETTE_PARAMETERS: 0x1e, DUMMIES_END: 0x1d } as const;

const FIRST_CODE = 0xe000;
const RESET_OFFSET = 0xfff0;
const DATE_OFFSET = 0xfff5;
const MODEL_OFFSET = 0xfffe;
const PC_AT = 0xfc;
const DATE = '01/01/02';
/** Diskette parameters of a 1.44 MB drive, which loaders look at through vector 1Eh even when they boot from a disk. */
const DISKETTE_PARAMETERS = [0xdf, 0x02, 0x25, 0x02, 18, 0x1b, 0xff, 0x6c, 0xf6, 0x0f, 0x08];

const call = (service: number): number[] => [PUSH_BYTE, service, OUT_BYTE_AL, FIRMWARE_PORT, POPF];
/** Calls again after the next interrupt for as long as the host wants, then returns. The jump back is over everything before it and itself. */
function waitingService(service: number): number[] {
  const begin = [...call(service), JC, 1, IRET, STI, HLT, CLI];
  return [...begin, JMP_SHORT, -(begin.length + 2) & 0xff];
}
const acknowledgeMaster = [PUSH_AX, MOV_AL, END_OF_INTERRUPT, OUT_BYTE_AL, MASTER_PIC, POP_AX];
const acknowledgeBoth = [PUSH_AX, MOV_AL, END_OF_INTERRUPT, OUT_BYTE_AL, SLAVE_PIC, OUT_BYTE_AL, MASTER_PIC, POP_AX];
const halt = [CLI, HLT, JMP_SHORT, -3 & 0xff];

/** Handlers that are not the plain service. */
const SPECIAL: ReadonlyMap<number, readonly number[]> = new Map([
  [Service.TIMER_INTERRUPT, [...call(Service.TIMER_INTERRUPT), INT, TIMER_HOOK, ...acknowledgeMaster, IRET]],
  [Service.KEYBOARD_INTERRUPT, [...call(Service.KEYBOARD_INTERRUPT), ...acknowledgeMaster, IRET]],
  [Service.DISK_INTERRUPT, [...call(Service.DISK_INTERRUPT), ...acknowledgeBoth, IRET]],
  [Service.NO_BOOT, [...call(Service.NO_BOOT), ...halt]],
  [Service.BOOT, [...call(Service.BOOT), JC, 5, JMP_FAR, BOOT_OFFSET & 0xff, BOOT_OFFSET >> 8, 0, 0, INT, Service.NO_BOOT]],
  [Vectors.RTC, [PUSH_AX, MOV_AL, RTC_REGISTER_C, OUT_BYTE_AL, RTC_INDEX, IN_AL_BYTE, RTC_DATA, POP_AX, ...acknowledgeBoth, IRET]],
  [Vectors.COPROCESSOR, [OUT_BYTE_AL, COPROCESSOR_PORT, ...acknowledgeBoth, INT, NMI_VECTOR, IRET]],
]);

export interface BiosRom {
  readonly bytes: Uint8Array;
  /** Offset in segment F000 of what each interrupt vector points to; vectors that are left out are zero. */
  readonly vectors: ReadonlyMap<number, number>;
}

/** Builds the ROM. */
export function buildBiosRom(): BiosRom {
  const bytes = new Uint8Array(ROM_BYTES).fill(0xff);
  const vectors = new Map<number, number>();
  let next = FIRST_CODE;
  const place = (content: readonly number[]): number => {
    const at = next;
    bytes.set(content, at);
    next += content.length;
    return at;
  };
  const dummy = place([IRET]);
  for (let vector = 0; vector <= Vectors.DUMMIES_END; vector++) vectors.set(vector, dummy);
  const masterLine = place([...acknowledgeMaster, IRET]);
  const slaveLine = place([...acknowledgeBoth, IRET]);
  for (let line = 0; line < LINES; line++) vectors.set(MASTER_VECTORS + line, masterLine).set(SLAVE_VECTORS + line, slaveLine);
  for (const service of Object.values(Service)) if (!SPECIAL.has(service)) vectors.set(service, place(waitingService(service)));
  for (const [vector, code] of SPECIAL) vectors.set(vector, place(code));
  vectors.set(Vectors.DISKETTE_PARAMETERS, place(DISKETTE_PARAMETERS));
  const boot = vectors.get(Service.BOOT) ?? dummy;
  bytes.set([JMP_FAR, boot & 0xff, boot >> 8, ROM_SEGMENT & 0xff, ROM_SEGMENT >> 8], RESET_OFFSET);
  bytes.set(Array.from(DATE, (character) => character.charCodeAt(0)), DATE_OFFSET);
  bytes[MODEL_OFFSET] = PC_AT;
  return { bytes, vectors };
}
