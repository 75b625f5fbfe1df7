import { join } from 'node:path'
import { parseArgs } from 'node:util'

/** `npm run bench -- ingest|deliver [--seconds N] [--messages N] [--rounds N] [--folder DIR] [--json]`: what Postrider costs over the bare minimum, on this machine. */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '3' },
    messages: { type: 'string', default: '3000' },
    rounds: { type: 'string', default: '5' },
    // Not the system's folder for temporary files, which is memory on some machines: there an fsync costs nothing.
    folder: { type: 'string', default: join(import.meta.dirname, '../data') },
    json: { type: 'boolean', default: false },
  },
})
const rounds = Number(values.rounds)

switch (positionals[0]) {
  case 'ingest': {
    const { benchIngest } = await import('./ingest.ts')
    const result = await benchIngest({ seconds: Number(values.seconds), rounds, folder: values.folder })
    if (values.json) printJson(result)
    else {
      console.log(
        `fsync p50 ${result.fsyncP50Ms.toFixed(2)} ms; median of ${rounds} rounds of ${values.seconds} s`,
      )
      for (const { connections, service, bare, ratio } of result.results) {
        printPair(`ingest, ${connections} connections`, 'events', service, bare, ratio)
      }
    }
    break
  }
  case 'deliver': {
    const { benchDeliver } = await import('./deliver.ts')
    const result = await benchDeliver({ messages: Number(values.messages), rounds })
    if (values.json) printJson(result)
    else printPair('deliver', 'messages', result.service, result.bare, result.ratio)
    break
  }
  default:
    console.error('Which bench? npm run bench -- ingest, or: npm run bench -- deliver')
    process.exitCode = 2
}

type Figures = { perSecond: number; p50: number; p99: number; rssMb: number }

function printPair(name: string, unit: string, service: Figures, bare: Figures, ratio: number): void {
  console.log(`\n${name}: ratio ${ratio.toFixed(3)}`)
  for (const [side, figures] of Object.entries({ service, bare })) {
    const { perSecond, p50, p99, rssMb } = figures
    console.log(
      `  ${side.padEnd(8)} ${perSecond.toFixed(0).padStart(7)} ${unit}/s   p50 ${p50.toFixed(2)} ms   p99 ${p99.toFixed(2)} ms   ${rssMb.toFixed(0)} MB`,
    )
  }
}

function printJson(data: unknown): void {
  console.log(JSON.stringify(data, null, 2))
}
