const HEX = 16;
const DIGITS = 2;

/** Power-on self-test codes, by which firmware says how far it has come. */
export class PostCodes {
  last: number | undefined;

  constructor(private readonly isShown: boolean, private readonly say: (line: string) => void) {}

  /** For EngineOptions. A code that is only repeated is not said again. */
  readonly onPostCode = (code: number): void => {
    if (this.isShown && code !== this.last) this.say(`POST ${code.toString(HEX).padStart(DIGITS, '0')}`);
    this.last = code;
  };
}
