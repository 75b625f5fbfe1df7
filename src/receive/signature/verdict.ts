/** What a delivery's proof is checked against. */
export type SignedRequest = {
  /** As node gives them, name, value, name, value: so that a header sent twice is seen. */
  rawHeaders: readonly string[]
  /** The bytes as they came. */
  body: Buffer
  /** `POST` */
  method: string
  /** As the sender called it: scheme, host, path and query. Signed by few (HubSpot), and where tokens may stand. */
  url: string
  /** Of the source; any may match. */
  secrets: readonly string[]
  /** Epoch milliseconds. */
  nowMs: number
}

/** `id`: the sender's id of the event where the scheme signs one. `timestampMs`: when it was signed, by the sender's clock; null where no time is signed. */
export type Verdict = { kind: 'authentic'; id: string | null; timestampMs: number | null } | Refused

/** `detail` is for the sender's developer and for the log: it holds nothing of the request that its secret did not vouch for, and nothing of the secrets. */
export type Refused = { kind: 'refused'; reason: SignatureRefusal; detail: string }

/** Stable names: they are counted by, and operators filter by them. */
export type SignatureRefusal =
  | 'missing-header'
  | 'duplicate-header'
  | 'malformed-header'
  | 'too-old'
  | 'too-new'
  | 'no-match'
  | 'wrong-url'
  | 'no-secret'

export function refused(reason: SignatureRefusal, detail: string): Refused {
  return { kind: 'refused', reason, detail }
}

export function malformed(detail: string): Refused {
  return refused('malformed-header', detail)
}

export const NO_SECRET = refused('no-secret', 'this source has no secret yet')
