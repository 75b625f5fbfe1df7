import { createInterface } from 'node:readline/promises'
import { PostriderError } from '../errors.ts'
import type { Said } from '../plan/send.ts'
import type { Terminal } from './output.ts'

/** Where answers come from. */
export type Input = NodeJS.ReadableStream & { isTTY?: boolean }

/** Asks whether to go on; an answer that is not yes is no, and so is the end of the input. Throws USAGE where nobody can be asked. */
export async function confirmed(
  count: number,
  { mode }: Pick<Said, 'mode'>,
  input: Input,
  { err }: Pick<Terminal, 'err'>,
): Promise<boolean> {
  const what = mode === 'shadow' ? 'Plan for' : 'Send to'
  const question = `${what} ${count} customer${count === 1 ? '' : 's'}? [y/N] `
  return askedWhether(question, 'Nothing was planned.', input, { err })
}

/** The same of any question. `otherwise`: what was not done where nobody can be asked. */
export async function askedWhether(
  question: string,
  otherwise: string,
  input: Input,
  { err }: Pick<Terminal, 'err'>,
): Promise<boolean> {
  if (!input.isTTY || !err.isTTY) {
    throw new PostriderError('USAGE', `Nobody can be asked here: add --yes where this is meant. ${otherwise}`)
  }
  const lines = createInterface({ input, output: err })
  try {
    const answer = await Promise.race([
      lines.question(question),
      new Promise<string>((resolve) => lines.once('close', () => resolve(''))),
    ])
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    lines.close()
  }
}
