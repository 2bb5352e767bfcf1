import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { ANSWER_BYTES, Answer, IMAGE_BYTES, MEMORY_BYTES, QUESTION_BYTES, Question } from './case.js';

/** The recorded sample: a line with the processor's name, then questions and answers, these as differences from their questions. */

export const RECORDING = fileURLToPath(new URL('recorded.bin.gz', import.meta.url));
const LINE_FEED = 10;
const LEVEL = 9;

/** Exclusive-or of what an answer has in common with its question: registers, EAX, flags, memory. Its own inverse. */
function relate(question: Uint8Array, answer: Uint8Array): Uint8Array {
  const related = Uint8Array.from(answer);
  const combine = (to: number, from: number, count: number): void => {
    for (let index = 0; index < count; index++) related[to + index] ^= question[from + index];
  };
  combine(Answer.IMAGE, Question.IMAGE, IMAGE_BYTES);
  combine(Answer.EAX, Question.EAX, 8);
  combine(Answer.MEMORY, Question.MEMORY, MEMORY_BYTES);
  return related;
}

export function pack(processor: string, questions: readonly Uint8Array[], answers: readonly Uint8Array[]): Uint8Array {
  const records = questions.flatMap((question, index) => [question, relate(question, answers[index])]);
  return gzipSync(Buffer.concat([Buffer.from(`${processor}\n`), ...records]), { level: LEVEL });
}

export interface Recorded {
  readonly processor: string;
  readonly cases: readonly { readonly question: Uint8Array; readonly answer: Uint8Array }[];
}

export function unpack(packed: Uint8Array): Recorded {
  const bytes = Uint8Array.from(gunzipSync(packed));
  const start = bytes.indexOf(LINE_FEED) + 1;
  const cases = [];
  for (let at = start; at < bytes.length; at += QUESTION_BYTES + ANSWER_BYTES) {
    const question = bytes.slice(at, at + QUESTION_BYTES);
    cases.push({ question, answer: relate(question, bytes.slice(at + QUESTION_BYTES, at + QUESTION_BYTES + ANSWER_BYTES)) });
  }
  return { processor: Buffer.from(bytes.subarray(0, start - 1)).toString('latin1'), cases };
}
