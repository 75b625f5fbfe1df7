import { Writable } from 'node:stream'
import winston from 'winston'
import { redact, redactValues } from './redact.ts'

/** What a log line may carry: ids, names from the configuration, codes, counts. No bodies, addresses, texts or secrets. */
export type LogFields = Partial<{
  event: number
  message: number
  attempt: number
  pause: number
  run: number
  source: string
  route: string
  type: string
  channel: string
  state: string
  code: string
  status: number
  correlationId: string
  conversationId: string
  webhookId: string
  traceparent: string
  reason: string
  count: number
  ms: number
  host: string
  port: number
  by: string
  file: string
  error: string
}>

export type Log = Record<'debug' | 'info' | 'warn' | 'error', (message: string, fields?: LogFields) => void>

const FIELDS: ReadonlySet<string> = new Set<keyof LogFields>([
  'event',
  'message',
  'attempt',
  'pause',
  'run',
  'source',
  'route',
  'type',
  'channel',
  'state',
  'code',
  'status',
  'correlationId',
  'conversationId',
  'webhookId',
  'traceparent',
  'reason',
  'count',
  'ms',
  'host',
  'port',
  'by',
  'file',
  'error',
])

/**
 * One line an outcome: JSON, or readable where `pretty`. Everything passes `redact`, so that a secret or an address that
 * slipped into an error's words does not reach the log.
 */
export function createLog(options: {
  level: string
  pretty: boolean
  stream?: NodeJS.WritableStream
  /** Values that no line may hold, wherever they come from. */
  secrets?: readonly string[]
}): Log {
  const { stream: out = process.stderr } = options
  const hide = redactValues(options.secrets ?? [])
  const clean = (text: string) => redact(hide(text))
  const logger = winston.createLogger({
    level: options.level,
    // winston's own JSON sorts the keys of each line, which costs as much as everything else about it.
    format: winston.format.printf(options.pretty ? prettyLine : jsonLine),
    transports: [new winston.transports.Stream({ stream: out === process.stderr ? gathered(out) : out })],
  })
  const line =
    (level: keyof Log) =>
    (message: string, fields: LogFields = {}) => {
      logger.log({ ...redactFields(fields, clean), level, message: clean(message) })
    }
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
}

/**
 * Hands over what is logged in one turn of the event loop in one write, which for a file or a pipe is a call of the system that is waited for.
 * What is left when the process ends is written then.
 */
function gathered(out: NodeJS.WritableStream): NodeJS.WritableStream {
  let lines = ''
  const flush = () => {
    if (lines !== '') out.write(lines)
    lines = ''
  }
  process.once('exit', flush)
  return new Writable({
    decodeStrings: false,
    write(line: string, _encoding, done) {
      if (lines === '') setImmediate(flush)
      lines += line
      done()
    },
  })
}

/** A log that goes nowhere: for commands whose output is their result. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }

function redactFields(fields: LogFields, clean: (text: string) => string): Record<string, unknown> {
  const kept: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(fields)) {
    if (!FIELDS.has(name) || value === undefined) continue
    // winston's own word for the text is `message`, so the message's id is logged as `messageId`.
    kept[name === 'message' ? 'messageId' : name] = typeof value === 'string' ? clean(value) : value
  }
  return kept
}

function jsonLine({ level, message, ...fields }: winston.Logform.TransformableInfo): string {
  return JSON.stringify({ timestamp: new Date().toISOString(), level, message, ...fields })
}

function prettyLine({ level, message, ...fields }: winston.Logform.TransformableInfo): string {
  const time = new Date().toISOString().slice(11, 23)
  const rest = Object.entries(fields).map(([name, value]) => `${name}=${value}`)
  return `${time} ${level.padEnd(5)} ${[message, ...rest].join('  ')}`
}
