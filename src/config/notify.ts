import { z } from 'zod'
import { isPrivate } from '../environment.ts'
import { secretProblem } from './secret.ts'

const URL_WORDS = 'expected the address that is told, such as https://ops.example.com/postrider'

const url = z
  .string(URL_WORDS)
  .trim()
  .refine((value) => /^https?:\/\/\S+$/.test(value) && URL.canParse(value), { error: URL_WORDS, abort: true })
  .refine(isPrivate, {
    error: 'plain http could be read and changed on the way. Use https; http is for loopback only',
    abort: true,
  })
  .refine((value) => {
    const { username, password } = new URL(value)
    return username === '' && password === ''
  }, 'expected no user and no password in it: what proves who posts is the signature')

/** Shorter ones can be guessed. */
const LEAST_CHARACTERS = 16

const secret = z
  .string('expected a secret, named as a variable of the environment')
  .superRefine((value, context) => {
    const problem = problemOf(value)
    if (problem !== null) context.addIssue({ code: 'custom', message: problem })
  })

/** A secret of Standard Webhooks, or any text that is long enough; null: nothing is wrong with it. */
function problemOf(value: string): string | null {
  const isSigningKey = value.startsWith('whsec_')
  const problem = secretProblem({ kind: 'standard-webhooks', key: isSigningKey ? 'whsec' : 'text' }, value)
  if (problem !== null || isSigningKey || value.length >= LEAST_CHARACTERS) return problem
  return `expected whsec_ and base64, or a text of at least ${LEAST_CHARACTERS} characters, got ${value.length}`
}

/** The block `notify` of postrider.yaml: who is told what needs a person. */
export const Notify = z.strictObject({ url, secret: secret.optional() }, 'expected { url }')
