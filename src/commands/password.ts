import { randomBytes } from 'node:crypto'
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { PostriderError } from '../errors.ts'
import { passwordFault } from '../ops/access/password.ts'
import type { Terminal } from './output.ts'
import type { Input } from './send-ask.ts'

/** How a password is given; neither: somebody types it. */
export type PasswordOptions = { passwordStdin?: boolean; generate?: boolean }

/** 144 bits, in 24 characters. */
const GENERATED_BYTES = 18

/** The password, and whether it was made here, so that it has to be shown. Throws USAGE where it is none or nobody can be asked. */
export async function passwordFrom(
  options: PasswordOptions,
  input: Input,
  { err }: Pick<Terminal, 'err'>,
): Promise<{ password: string; isNew: boolean }> {
  if (options.passwordStdin && options.generate) throw usage('--password-stdin or --generate, not both.')
  if (options.generate) {
    return { password: randomBytes(GENERATED_BYTES).toString('base64url'), isNew: true }
  }
  const password = options.passwordStdin ? await firstLine(input) : await typedTwice(input, err)
  const fault = passwordFault(password)
  if (fault !== null) throw usage(fault)
  return { password, isNew: false }
}

async function firstLine(input: Input): Promise<string> {
  const [line = ''] = (await text(input)).split(/\r?\n/, 1)
  return line
}

async function typedTwice(input: Input, err: Terminal['err']): Promise<string> {
  if (!input.isTTY || !err.isTTY) {
    throw usage(
      'Nobody can be asked for a password here: give it with --password-stdin, or have one made with --generate.',
    )
  }
  const password = await typed('Password: ', input, err)
  if ((await typed('Once more: ', input, err)) === password) return password
  throw usage('The two are not the same.')
}

/** One line from the keyboard, which is not shown. */
function typed(question: string, input: Input, err: Terminal['err']): Promise<string> {
  err.write(question)
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() })
  // As a terminal it takes the keyboard for itself, so that nothing of what is typed is echoed.
  const lines = createInterface({ input, output: unseen, terminal: true })
  return new Promise((resolve, reject) => {
    lines.once('line', (line) => {
      resolve(line)
      lines.close()
    })
    lines.once('close', () => {
      err.write('\n')
      reject(usage('No password was given.'))
    })
  })
}

function usage(fault: string): PostriderError {
  return new PostriderError('USAGE', `${fault} Nothing was done.`)
}
