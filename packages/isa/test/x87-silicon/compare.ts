import { Answer, Image, MEMORY_BYTES, Question } from './case.js';

/** Where two answers differ. */

const hex = (value: number, digits: number): string => (value >>> 0).toString(16).padStart(digits, '0');

function registerText(view: DataView, at: number): string {
  return `${hex(view.getUint16(at + 8, true), 4)}:${hex(view.getInt32(at + 4, true), 8)}${hex(view.getInt32(at, true), 8)}`;
}

/** The fields of an answer as text, by name. */
export function fieldsOf(answer: Uint8Array): Record<string, string> {
  const view = new DataView(answer.buffer, answer.byteOffset, answer.byteLength);
  const fields: Record<string, string> = {
    signal: String(view.getUint32(Answer.SIGNAL, true)),
    control: hex(view.getUint32(Image.CONTROL, true), 8),
    status: hex(view.getUint32(Image.STATUS, true), 8),
    tags: hex(view.getUint32(Image.TAGS, true), 8),
    fip: hex(view.getUint32(Image.FIP, true), 8), fcs: hex(view.getUint16(Image.FCS, true), 4), fop: hex(view.getUint16(Image.FOP, true), 4),
    fdp: hex(view.getUint32(Image.FDP, true), 8), fds: hex(view.getUint32(Image.FDS, true), 8),
    eax: hex(view.getUint32(Answer.EAX, true), 8),
    flags: hex(view.getUint32(Answer.FLAGS, true) & 0x8d5, 4),
    memory: Array.from({ length: MEMORY_BYTES / 4 }, (_, index) => hex(view.getInt32(Answer.MEMORY + index * 4, true), 8)).join(' '),
  };
  for (let i = 0; i < 8; i++) fields[`st${i}`] = registerText(view, Image.REGISTERS + i * Image.REGISTER_BYTES);
  return fields;
}

/** Names of the fields that differ. After a fault only the signal counts. */
export function differences(ours: Record<string, string>, theirs: Record<string, string>): string[] {
  if (ours.signal !== theirs.signal) return ['signal'];
  if (ours.signal !== '0') return [];
  return Object.keys(ours).filter((name) => ours[name] !== theirs[name]);
}

/** A question for a message. */
export function questionText(question: Uint8Array): string {
  const view = new DataView(question.buffer, question.byteOffset, question.byteLength);
  const code = [...question.subarray(Question.CODE, Question.CODE + question[Question.LENGTH])].map((byte) => hex(byte, 2)).join(' ');
  const registers = Array.from({ length: 8 }, (_, i) => registerText(view, Image.REGISTERS + i * Image.REGISTER_BYTES)).join(' ');
  return `${code} control ${hex(view.getUint32(Image.CONTROL, true), 4)} status ${hex(view.getUint32(Image.STATUS, true), 4)} tags ${hex(view.getUint32(Image.TAGS, true), 4)} memory ${hex(view.getInt32(Question.MEMORY + 8, true), 8)} ${hex(view.getInt32(Question.MEMORY + 4, true), 8)} ${hex(view.getInt32(Question.MEMORY, true), 8)} registers ${registers}`;
}
