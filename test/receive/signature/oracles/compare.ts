import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Scheme } from '../../../../src/receive/signature/scheme.ts'
import type { SignedRequest } from '../../../../src/receive/signature/verdict.ts'
import { verify } from '../../../../src/receive/signature/verify.ts'

/** Where the verifier and an oracle may differ. `accepts`: who accepts what the other refuses. */
export type Difference = {
  name: string
  /** Why ours is as it is. */
  why: string
  accepts: 'ours' | 'theirs'
  /** Of the request alone: whether it is one of these. */
  holds: (request: SignedRequest) => boolean
  /** One on which they do differ. */
  example: () => SignedRequest
}

export type Comparison = {
  scheme: Scheme
  /** Whether the library accepts, with any of the secrets, at the request's time. */
  theirs: (request: SignedRequest) => boolean | Promise<boolean>
  requests: fc.Arbitrary<SignedRequest>
  differences: readonly Difference[]
}

const RUNS = 10_000
/** Fewer of either verdict would compare little. */
const LEAST_OF_EACH = 1000

/** Holds the verifier against a library that verifies the same, on random deliveries; they differ only where a difference is named, and each named one exists. */
export function compare(library: string, { scheme, theirs, requests, differences }: Comparison): void {
  const accepts = (request: SignedRequest) => verify(scheme, request).kind === 'authentic'

  describe(`differences from ${library}`, () => {
    for (const { name, why, accepts: who, holds, example } of differences) {
      test(`${name} (${who} accepts): ${why}`, async () => {
        const request = example()
        assert.ok(holds(request), 'the example is one of these')
        assert.deepEqual(
          { ours: accepts(request), theirs: await theirs(request) },
          { ours: who === 'ours', theirs: who === 'theirs' },
        )
      })
    }
  })

  test(`${library} agrees on ${RUNS} random deliveries but for those differences`, async () => {
    const seen = { accepted: 0, refused: 0 }
    await fc.assert(
      fc.asyncProperty(requests, async (request) => {
        const [ours, other] = [accepts(request), await theirs(request)]
        if (ours === other) seen[ours ? 'accepted' : 'refused'] += 1
        else {
          const who = ours ? 'ours' : 'theirs'
          const named = differences.some((one) => one.accepts === who && one.holds(request))
          assert.ok(named, `${who} alone accepts, and no difference says why`)
        }
      }),
      { numRuns: RUNS },
    )
    assert.ok(Math.min(seen.accepted, seen.refused) >= LEAST_OF_EACH, JSON.stringify(seen))
  })
}
