import { explain, journalLineSchema } from './schema.js';
import type { JournalLine, Observation, RunHeader } from './schema.js';

/** A line that could not be used, by its number from 1. */
export interface JournalProblem {
  readonly line: number;
  readonly reason: string;
}

/** What a journal's text says. Damage is reported beside what could be read; only a missing or unusable header makes it unreadable. */
export type Journal =
  | {
      readonly ok: true;
      readonly header: RunHeader;
      /** In the order written, each cell at most once. */
      readonly observations: readonly Observation[];
      readonly problems: readonly JournalProblem[];
      /** Whether the writer was cut off in the middle of the last line, which is then dropped. */
      readonly torn: boolean;
    }
  | { readonly ok: false; readonly problem: string };

/** Longest line worth parsing, in UTF-16 units: some fifty times what a real observation needs. */
export const LONGEST_LINE = 1 << 20;

export type LineReading = { readonly ok: true; readonly line: JournalLine } | { readonly ok: false; readonly reason: string };

/** Reads one line of a journal. */
export function parseLine(text: string): LineReading {
  if (text.length > LONGEST_LINE) return { ok: false, reason: `longer than ${LONGEST_LINE} characters` };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, reason: 'not JSON' };
  }
  const parsed = journalLineSchema.safeParse(value);
  return parsed.success ? { ok: true, line: parsed.data } : { ok: false, reason: explain(parsed.error) };
}

/** Identifies a cell of the matrix within a journal. */
export function cellKey(cell: { readonly core: string; readonly workload: string; readonly process: number }): string {
  return `${cell.core}/${cell.workload}/${cell.process}`;
}

/**
 * Reads a whole journal. A last line without its newline is kept if it is complete (a record cannot lose its end and still be JSON), else it is
 * torn: the writer was killed while appending. Every other line that cannot be used is a problem with its number.
 */
export function parseJournal(text: string): Journal {
  const lines = text.split('\n');
  const unterminated = lines.pop() ?? '';
  const first = lines[0] ?? unterminated;
  if (first === '') return { ok: false, problem: 'it is empty' };
  const header = parseLine(first);
  if (!header.ok) return { ok: false, problem: `line 1 is not a run header (${header.reason})` };
  if (header.line.type !== 'run') return { ok: false, problem: 'line 1 is an observation, not a run header' };
  const body = new ObservationCollector(header.line);
  lines.slice(1).forEach((line, index) => body.add(line, index + 2));
  const last = lines.length > 0 && unterminated !== '' ? parseLine(unterminated) : undefined;
  if (last?.ok === true) body.add(unterminated, lines.length + 1);
  return { ok: true, header: header.line, observations: body.observations, problems: body.problems, torn: last?.ok === false };
}

class ObservationCollector {
  readonly observations: Observation[] = [];
  readonly problems: JournalProblem[] = [];
  readonly #seen = new Set<string>();
  readonly #cores: ReadonlySet<string>;
  readonly #workloads: ReadonlySet<string>;

  constructor(header: RunHeader) {
    this.#cores = new Set(header.cores.map((core) => core.id));
    this.#workloads = new Set(header.workloads.map((workload) => workload.id));
  }

  add(text: string, line: number): void {
    const reading = parseLine(text);
    const reason = reading.ok ? this.#objection(reading.line) : reading.reason;
    if (reason !== undefined) this.problems.push({ line, reason });
    else if (reading.ok && reading.line.type === 'observation') {
      this.#seen.add(cellKey(reading.line));
      this.observations.push(reading.line);
    }
  }

  #objection(line: JournalLine): string | undefined {
    if (line.type === 'run') return 'a second run header';
    if (!this.#cores.has(line.core)) return `core ${line.core} is not in the header`;
    if (!this.#workloads.has(line.workload)) return `workload ${line.workload} is not in the header`;
    if (this.#seen.has(cellKey(line))) return `cell ${cellKey(line)} was already recorded`;
    return undefined;
  }
}
