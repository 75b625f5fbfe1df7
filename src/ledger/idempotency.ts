/**
 * What a program asked for under an idempotency key, so that asking again does not do it again. Hashes are SHA-256 in hexadecimal: of who asked and under which key, and of what was asked.
 */
export type Idempotency = {
  /** Takes the key, before anything is done. Kept for a day. */
  beginKey(hash: string, requestHash: string): Promise<KeyTaken>
  /** Writes down what was answered. */
  endKey(hash: string, answer: KeptAnswer): Promise<void>
  /** Gives the key back: nothing was done. */
  releaseKey(hash: string): Promise<void>
}

/** `body`: JSON text. */
export type KeptAnswer = { status: number; body: string }

export type KeyTaken =
  | { kind: 'new' }
  /** It was done before, and answered so. */
  | { kind: 'done'; answer: KeptAnswer }
  /** It is being done, or was when the service stopped: nobody knows whether it was. */
  | { kind: 'open' }
  /** Something else was asked under this key. */
  | { kind: 'other' }
