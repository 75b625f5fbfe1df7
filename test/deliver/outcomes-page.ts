import { type Outcome, outcomeOf, TABLE } from '../../src/deliver/outcomes.ts'
import { SAMPLES } from './provoked.ts'

/** The rows of the table in docs/outcomes.md, as its cells have them. */
export function outcomeRows(): string[][] {
  const sent = ['200, or 202 with no body', 'yes', '`sent`', '', 'Accepted by Genesys Cloud.', '']
  return [
    sent,
    ...TABLE.map(({ answer }) => {
      const sample = SAMPLES[answer]
      if (!sample) throw new Error(`no example of ${answer}`)
      const outcome = outcomeOf(sample)
      return [
        answer,
        SENT[outcome.certainty],
        becomes(outcome),
        `\`${outcome.code}\``,
        outcome.reason,
        then(outcome),
      ]
    }),
  ]
}

const SENT: Readonly<Record<Outcome['certainty'], string>> = {
  sent: 'yes',
  'not-sent': 'no',
  unknown: 'nobody knows',
}

function becomes({ certainty, retry, destination }: Outcome): string {
  if (certainty === 'unknown') return '`unconfirmed`'
  if (destination) return '`scheduled` on the next channel; `failed` on the last'
  if (retry === null) return '`failed`'
  return retry.counts === 'wait' ? '`scheduled`; `failed` after 30 waits' : '`scheduled`'
}

function then({ certainty, retry, pause }: Outcome): string {
  if (certainty === 'unknown') return 'it is looked for; after two in a row sending pauses: `uncertain`'
  if (pause) return `sending pauses: \`${pause.code}\``
  return retry === null ? '' : `again after ${retry.firstMs / 60_000} to ${retry.mostMs / 60_000} minutes`
}

/** The table as it stands on the page. */
export function outcomeTable(): string {
  const head = [
    'what comes back',
    'sent?',
    'the message becomes',
    'code',
    'what an operator reads (an example)',
    'and then',
  ]
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...outcomeRows().map(line)].join('\n')
}
