import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Answer } from './answer.ts';
import { buildImage } from './image.ts';
import type { Scenario } from './scenario.ts';

/** Every so many scenarios one is recorded: a prime, so that no loop of a family falls into step with it. */
export const RECORDED_STRIDE = 13;

export interface RecordingHeader {
  readonly qemu: string;
  readonly seed: number;
  /** How many random scenarios there were. */
  readonly count: number;
}
export interface RecordedAnswer {
  readonly id: string;
  readonly answer: Answer;
}
interface Recording extends RecordingHeader {
  /** SHA-256 of the image of the recorded scenarios: another one means that the generator has changed and the answers are of other programs. */
  readonly image: string;
  readonly answers: readonly RecordedAnswer[];
}

/** The scenarios that are recorded, of all. */
export function recordedSlice(scenarios: readonly Scenario[], answers: readonly Answer[]): readonly { readonly scenario: Scenario; readonly answer: Answer }[] {
  return scenarios.map((scenario, index) => ({ scenario, answer: answers[index] })).filter((_, index) => index % RECORDED_STRIDE === 0);
}

/** Hash of all bytes of the scenarios, in images of a hundred. */
export function imageHash(scenarios: readonly Scenario[]): string {
  const hash = createHash('sha256');
  for (let first = 0; first < scenarios.length; first += 100) hash.update(buildImage(scenarios.slice(first, first + 100)));
  return hash.digest('hex');
}

export function encodeRecording(header: RecordingHeader, slice: readonly { readonly scenario: Scenario; readonly answer: Answer }[]): Uint8Array {
  const recording: Recording = { ...header, image: imageHash(slice.map(({ scenario }) => scenario)), answers: slice.map(({ scenario, answer }) => ({ id: scenario.id, answer })) };
  return gzipSync(JSON.stringify(recording), { level: 9 });
}

export const decodeRecording = (bytes: Uint8Array): Recording => JSON.parse(gunzipSync(bytes).toString('utf8')) as Recording;
