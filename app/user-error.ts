/** An error whose message tells a person what to do; where it arose would tell them nothing. */
export class UserError extends Error {
  override readonly name = 'UserError';
  /** The exit code of a command that ends with it; see `STATUSES` in cli/command.ts. */
  readonly status: 1 | 2;

  constructor(message: string, status: 1 | 2 = 1) {
    super(message);
    this.status = status;
  }
}
