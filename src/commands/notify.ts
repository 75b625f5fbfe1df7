import { randomUUID } from 'node:crypto'
import { systemClock } from '../clock.ts'
import type { NotifyConfig } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { readEnvironment, type Variables } from '../environment.ts'
import { PostriderError } from '../errors.ts'
import { keyOfLedger } from '../ledger/open.ts'
import { testDelivery } from '../ops/notify/notices.ts'
import { isTaken, post, postedWords } from '../ops/notify/post.ts'
import { derivedSecret } from '../ops/notify/secret.ts'
import { configOf, keyFrom, LEDGER, problemLine } from '../settings.ts'
import { withLedgerOf } from './ledger-commands.ts'
import { print, printJson, type Terminal } from './output.ts'

/** Posts a `notify.test` to whoever is told, as the service would post, and says what came back. False where it was not taken. */
export async function testNotify(variables: Variables, json: boolean, terminal: Terminal): Promise<boolean> {
  const notify = notifyOf(variables)
  const receiver = { url: notify.url, secret: notify.secret ?? (await derivedIn(variables)) }
  const { host } = new URL(notify.url)
  const delivery = testDelivery(randomUUID(), systemClock.now())
  const startedAt = performance.now()
  const posted = await post(receiver, delivery, { clock: systemClock, signal: new AbortController().signal })
  const ms = Math.round(performance.now() - startedAt)
  const taken = isTaken(posted)
  if (json) {
    const status = posted.kind === 'answered' ? posted.status : null
    const reason = taken ? null : postedWords(posted)
    printJson(terminal, { ok: taken, host, webhookId: delivery.id, status, reason, ms })
    return taken
  }
  const todo = taken
    ? 'Whoever looks there has it.'
    : 'See that notify.url is right, and that what listens there answers 2xx within 10 s and has the secret (npx postrider notify secret, or notify.secret).'
  print(terminal, `${host} ${wordsOf(postedWords(posted))} (${ms} ms). ${todo}`, taken ? 'green' : 'red')
  return taken
}

function wordsOf(said: string): string {
  return said.startsWith('answered') ? said : `was not told: ${said}`
}

/** Prints the derived secret alone, so that it can be piped. Throws CONFIG_INVALID where `notify.secret` is set: that signs then. */
export async function printSecret(variables: Variables, terminal: Terminal): Promise<void> {
  const notify = notifyOf(variables)
  if (notify.secret !== null) {
    throw new PostriderError(
      'CONFIG_INVALID',
      'notify.secret is set, and is what signs: whoever is told needs that one. Without it a secret is derived from the ledger’s key, which this command prints.',
    )
  }
  terminal.out.write(`${await derivedIn(variables)}\n`)
}

/** Throws CONFIG_INVALID where nobody is told, ENVIRONMENT_INVALID where a variable of the block is not set. Other variables need not be. */
function notifyOf(variables: Variables): NotifyConfig {
  const file = readEnvironment(variables).POSTRIDER_CONFIG
  const loaded = loadConfig({ file, env: variables, unsetVariables: 'warn' })
  // Says what is wrong.
  if (loaded.kind === 'invalid') return configOf(file, variables).notify ?? noNotify(file)
  const unset = loaded.unsetAt(['notify', 'url']) ?? loaded.unsetAt(['notify', 'secret'])
  if (unset !== null) throw new PostriderError('ENVIRONMENT_INVALID', `${problemLine(unset)}. Set it first.`)
  return loaded.config.notify ?? noNotify(file)
}

function noNotify(file: string): never {
  throw new PostriderError(
    'CONFIG_INVALID',
    `${file} names nobody who is told. Add notify: { url: "\${OPS_WEBHOOK_URL}" } (docs/notify.md), and set the variable.`,
  )
}

/** By the key of the ledger that the service uses. Throws LEDGER_UNAVAILABLE where there is neither a key in the environment nor a ledger. */
async function derivedIn(variables: Variables): Promise<string> {
  const environment = readEnvironment(variables)
  const { key } = keyFrom(environment)
  if (key) return derivedSecret(key)
  const url = environment.DATABASE_URL ?? LEDGER
  // A ledger that is not there says so in better words than its key would.
  return withLedgerOf(variables, async () => derivedSecret(keyOfLedger({ url })))
}
