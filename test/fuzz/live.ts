import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLedger } from '../../src/ledger/open.ts'
import type { Patience } from '../../src/listen.ts'
import { startServer } from '../../src/server.ts'
import { createManualClock } from '../manual-clock.ts'
import { testLog } from '../test-log.ts'
import { NOW } from './authentic.ts'
import { arrivedFor, assertProven, type Case, createReceiver, genuineOf, type Tally } from './deliveries.ts'
import { SENDERS, type Sent } from './senders.ts'

const PATIENCE: Patience = { headersMs: 300, requestMs: 600, idleMs: 5_000, checkMs: 50, closeMs: 300 }
/** All that a delivery may be answered, whatever came. */
const ANSWERS = new Set([200, 400, 401, 404, 405, 408, 413, 415, 417, 431])
/** What tells the server where a request ends, or how it goes on: the delivery it reads may be another than was meant. */
const FRAMING = /^(content-length|transfer-encoding|connection|expect|upgrade|trailer|content-encoding)$/i

/** The service on a port of its own, over a real ledger; deliveries go to it byte for byte, each over a connection of its own. */
export async function createLive(tally: Tally) {
  const folder = mkdtempSync(join(tmpdir(), 'postrider-fuzz-'))
  const { config } = createReceiver(new Map())
  const [clock, log] = [createManualClock(NOW), testLog()]
  const ledger = await openLedger({ url: `sqlite:${join(folder, 'ledger.db')}`, clock, log, owner: true })
  const server = await startServer({
    ...{ config, ledger, clock, log, host: '127.0.0.1', port: 0, trustProxy: 0, patience: PATIENCE },
    sender: async () => ({ sendsTo: 'sandbox' as const, inFlight: 0, pauses: [] }),
  })
  return {
    /** Throws what must not be. */
    async judge(one: Case): Promise<void> {
      const { sent, signed } = arrivedFor(one, config)
      const written = onWire(sent)
      const answer = await answerTo(server.port, written)
      // A connection that broke the rules may end without a word.
      const status = Number(/^HTTP\/1\.1 (?!100)(\d{3})/.exec(answer)?.[1] ?? 400)
      const place = `${sent.source} ${status}`
      tally.set(place, (tally.get(place) ?? 0) + 1)
      assert.ok(ANSWERS.has(status), `answered ${status}`)
      const arrived = asRead(sent)
      if (status !== 200 || arrived === null || /\r\n\r\nping$/.test(answer)) return
      assertProven(arrived, [signed, genuineOf(one, config)], config)
    },
    /** It is there, ready, and has kept what it said it had. */
    async isWell(): Promise<boolean> {
      const ready = await answerTo(
        server.port,
        'GET /health/ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      )
      return ready.startsWith('HTTP/1.1 200') && (await ledger.reads.events({ limit: 1 })).length === 1
    },
    async stop(): Promise<void> {
      await server.close()
      await ledger.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** Without what would end a line: requests within requests have a test of their own. */
const onOneLine = (text: string) => text.replaceAll(/[\r\n]/g, '')

function onWire({ method, target, headers, body }: Sent): Buffer {
  const lines = [
    `${onOneLine(method)} ${onOneLine(target)} HTTP/1.1`,
    ...headers.map(([name, value]) => `${onOneLine(name)}: ${onOneLine(value)}`),
    `Content-Length: ${body.length}`,
    'Connection: close',
  ]
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body])
}

/** The delivery as the server reads it: method, target and header values without the blanks around them, the source as the path says; null where nobody can tell. */
function asRead(sent: Sent): Sent | null {
  if (sent.headers.some(([name]) => FRAMING.test(name.trim()))) return null
  const path = onOneLine(sent.target).split('?')[0] ?? ''
  const named = Object.keys(SENDERS).find(
    (name) => decoded(path).replace(/\/$/, '').toLowerCase() === `/webhooks/${name}`,
  )
  if (named === undefined) return null
  const headers = sent.headers.map(
    ([name, value]) => [onOneLine(name), onOneLine(value).replace(/^[ \t]+|[ \t]+$/g, '')] as const,
  )
  return {
    ...sent,
    source: named,
    method: onOneLine(sent.method).trim(),
    target: onOneLine(sent.target).trimEnd(),
    headers,
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

function answerTo(port: number, written: Buffer | string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let text = ''
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1')
    })
    socket.on('error', () => {})
    socket.once('close', () => resolve(text))
    socket.write(written)
  })
}
