/** Bytes of the setup header of Linux's x86 boot protocol 2.15 that a loader looks at. */
const Header = { SETUP_SECTORS: 0x1f1, CODE_PARAGRAPHS: 0x1f4, BOOT_FLAG: 0x1fe, JUMP_LENGTH: 0x201, MAGIC: 0x202, VERSION: 0x206, FLAGS: 0x211, INITRD_MAX: 0x22c, COMMAND_LINE_BYTES: 0x238 } as const;
const CODE_START = 1024;
const PARAGRAPH = 16;

/** A bzImage without Linux in it: the real-mode part with its header, which `change` may spoil, then code. */
export function bzImage(code: readonly number[], change: (view: DataView) => void = () => {}): Uint8Array {
  const paragraphs = Math.ceil(code.length / PARAGRAPH);
  const bytes = new Uint8Array(CODE_START + paragraphs * PARAGRAPH);
  const view = new DataView(bytes.buffer);
  view.setUint8(Header.SETUP_SECTORS, CODE_START / 512 - 1);
  view.setUint32(Header.CODE_PARAGRAPHS, paragraphs, true);
  view.setUint16(Header.BOOT_FLAG, 0xaa55, true);
  view.setUint8(Header.JUMP_LENGTH, 0x6a);
  view.setUint32(Header.MAGIC, 0x53726448, true);
  view.setUint16(Header.VERSION, 0x20f, true);
  view.setUint8(Header.FLAGS, 1);
  view.setUint32(Header.INITRD_MAX, 0x7fffffff, true);
  view.setUint32(Header.COMMAND_LINE_BYTES, 2047, true);
  bytes.set(code, CODE_START);
  change(view);
  return bytes;
}
