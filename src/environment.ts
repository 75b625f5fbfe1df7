import { readFileSync } from 'node:fs'
import { isIPv4 } from 'node:net'
import { config as loadDotenv } from 'dotenv'
import { z } from 'zod'
import { messageOf, PostriderError } from './errors.ts'
import { keyOf } from './key.ts'

/** What the surroundings say; the only reader of process.env is `processEnvironment`. */
export type Environment = {
  PORT: number
  HOST: string
  /** Of the listener for operators alone; undefined: they come in where webhooks do. */
  OPS_PORT: number | undefined
  /** How many proxies stand before the service: what they say of the caller (X-Forwarded-For, -Proto, -Host) is believed. */
  TRUST_PROXY: number
  POSTRIDER_CONFIG: string
  DATABASE_URL: string | undefined
  /** Of the hashes of customers' names; by default what lies beside the ledger's file. */
  POSTRIDER_KEY: Buffer | undefined
  GENESYS_REGION: string
  GENESYS_CLIENT_ID: string | undefined
  GENESYS_CLIENT_SECRET: string | undefined
  GENESYS_GATEWAY_URL: string | undefined
  LOG_LEVEL: 'error' | 'warn' | 'info' | 'debug'
  NODE_ENV: string
}

export type Variables = Readonly<Record<string, string | undefined>>

/** The process's variables, with those of `.env` in the working directory beneath them. */
export function processEnvironment(): Variables {
  const fromFile: Record<string, string> = {}
  loadDotenv({ processEnv: fromFile, quiet: true })
  return { ...fromFile, ...process.env }
}

/**
 * The value of NAME, or else what the file holds that NAME_FILE names: how containers are handed secrets. Empty counts as unset, as
 * compose files and `.env.example` write it. Throws ENVIRONMENT_INVALID where the file cannot be read or holds nothing.
 */
export function variable(variables: Variables, name: string): string | undefined {
  if (variables[name]) return variables[name]
  const path = variables[`${name}_FILE`]
  if (!path) return undefined
  const value = contentOf(name, path)
  if (value !== '') return value
  throw new PostriderError(
    'ENVIRONMENT_INVALID',
    `${name}_FILE: the file ${path} is empty. Write the value into it.`,
  )
}

function contentOf(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8').trimEnd()
  } catch (cause) {
    const message = `${name}_FILE: cannot read the file that it names: ${messageOf(cause)}. Correct the path, or set ${name} itself.`
    throw new PostriderError('ENVIRONMENT_INVALID', message, { cause })
  }
}

const optionalText = z.string().optional()
const whole = (what: string, most: number) =>
  z
    .string()
    .regex(/^\d+$/, `expected ${what}`)
    .transform(Number)
    .refine((n) => n <= most, `expected ${what}`)

/** Whether what is sent to this URL is private on its way: https, or plain http on loopback. By the address, not by how the name begins: 127.0.0.1.example.com is anybody's. */
export function isPrivate(text: string): boolean {
  if (!URL.canParse(text)) return true
  const { protocol, hostname } = new URL(text)
  const isLoopback =
    hostname === 'localhost' || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'))
  return protocol === 'https:' || isLoopback
}

const FIELDS = {
  PORT: whole('a port, 0 to 65535', 65_535).default(3000),
  HOST: z.string().default('127.0.0.1'),
  OPS_PORT: whole('a port, 0 to 65535', 65_535).optional(),
  TRUST_PROXY: whole('the number of proxies in front, 0 to 10', 10).default(0),
  POSTRIDER_CONFIG: z.string().default('config/postrider.yaml'),
  DATABASE_URL: z
    .string()
    .regex(
      /^(sqlite:.+|postgres(ql)?:\/\/.+)/,
      'expected sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE',
    )
    .optional(),
  POSTRIDER_KEY: z
    .string()
    .transform(keyOf)
    .refine((key) => key !== null, 'expected 32 bytes in base64, as openssl rand -base64 32 prints them')
    .optional(),
  GENESYS_REGION: z
    .string()
    .regex(/^[a-z0-9.-]+$/, 'expected the region’s domain, such as mypurecloud.de')
    .default('mypurecloud.com'),
  GENESYS_CLIENT_ID: optionalText,
  GENESYS_CLIENT_SECRET: optionalText,
  GENESYS_GATEWAY_URL: z
    .url({ protocol: /^https?$/, error: 'expected a URL such as https://gateway.example.com' })
    .refine(
      isPrivate,
      'plain http would carry the client secret unencrypted. Use https; http is for loopback only',
    )
    .optional(),
  LOG_LEVEL: z
    .enum(['error', 'warn', 'info', 'debug'], 'expected error, warn, info or debug')
    .default('info'),
  NODE_ENV: z.string().default('development'),
} satisfies Record<keyof Environment, z.ZodType>

/** The names that are read, for `.env.example`'s test. */
export const VARIABLE_NAMES = Object.keys(FIELDS) as readonly (keyof Environment)[]

/**
 * Checks the variables and fills in defaults. Throws ENVIRONMENT_INVALID with every problem at once, none with its value: it may be a
 * secret.
 */
export function readEnvironment(variables: Variables): Environment {
  const given = Object.fromEntries(VARIABLE_NAMES.map((name) => [name, variable(variables, name)]))
  const result = z.object(FIELDS).safeParse(given)
  if (result.success) return result.data as Environment
  const problems = result.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`)
  throw new PostriderError('ENVIRONMENT_INVALID', `The environment is not right:\n${problems.join('\n')}`)
}
