/** How the sender's side is set up: for `sources show` and docs/sources.md. Plain sentences; `URL` stands for the source's address. */
export type Setup = {
  /** Where to click, in order. */
  steps: readonly string[]
  /** Which secret it is, and where it is found. */
  secret: string
  /** What to paste where the sender lets one write the body; null where it does not. */
  body: string | null
  /** What its test button does. */
  test: string
  /** What it does where it gets no 200: how often, for how long. */
  retries: string
  /** What it makes of our 503 with Retry-After: 30. */
  on503: string
  /** How it is turned on again after it gave up. */
  revive: string
  /** How to come by what was missed meanwhile. */
  missed: string
}
