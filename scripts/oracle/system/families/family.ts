import { Scenario } from '../scenario.ts';

export const LEVELS = [0, 1, 2, 3] as const;
export type Level = (typeof LEVELS)[number];

/** Scenarios of one family, in order. */
export class Family {
  readonly scenarios: Scenario[] = [];
  readonly name: string;
  private readonly names = new Set<string>();

  constructor(name: string) {
    this.name = name;
  }
  /** Adds a scenario. Throws when its name is taken: names are keys. */
  add(name: string, build: (scenario: Scenario) => void): this {
    if (this.names.has(name)) throw new Error(`two scenarios of ${this.name} are called ${name}`);
    this.names.add(name);
    const scenario = new Scenario(this.name, name);
    build(scenario);
    this.scenarios.push(scenario);
    return this;
  }
}

export const hex = (value: number): string => (value >>> 0).toString(16);
