/** What a signature is checked against. */
export type SignedRequest = {
  /** As node gives them, name, value, name, value: so that a header sent twice is seen. */
  rawHeaders: readonly string[]
  /** The bytes as they came. */
  body: Buffer
  /** Of the source; any may match. */
  secrets: readonly string[]
  /** Epoch milliseconds. */
  nowMs: number
}

/** `id`: the sender's id of the event. `timestampMs`: when it was signed, by the sender's clock; null where nothing was signed. */
export type Verdict =
  | { kind: 'authentic'; id: string; timestampMs: number | null }
  /** `detail` is for the sender's developer and for the log: it holds nothing of the request and nothing of the secrets. */
  | { kind: 'refused'; reason: SignatureRefusal; detail: string }

/** Stable names: they are counted by, and operators filter by them. */
export type SignatureRefusal =
  | 'missing-header'
  | 'duplicate-header'
  | 'malformed-header'
  | 'too-old'
  | 'too-new'
  | 'no-match'
  | 'no-secret'
