/** A delivery of the source crm. `body`: as it is sent; an object becomes JSON. */
export type Sent = { id: string; body: string | { type: string; data: object } }

export type Person = { id: string; email: string; name: string }

/** Whom the route's first template leaves without an answer. Their names are as names are. */
export const WITHOUT_ANSWER: readonly Person[] = [
  'Aiko Mori',
  'Benedikt Freiherr von und zu Oberunterhausen-Schwarzenfels',
  'نور الهاشمي',
  'Chidi O’Brien',
  'Daan <b>de Wit</b>',
  'Edda Þórsdóttir',
  'Farah Aziz',
  'Giulia Conti',
  'Hugo Lindqvist',
  'Ines Álvarez',
  'Jan Kowalczyk',
  'Kaja Novak',
].map((name, index) => personOf(name, 2001 + index))
/** Whoever asked not to be written to any more, after the first try. */
export const SUPPRESSED = nth(WITHOUT_ANSWER, 11)
/** Whose ticket came from a helpdesk that really says `titel`. */
export const ANSWERED = personOf('Lena Vogel', 2013)
/** With them the connection breaks, and nobody knows what became of it. */
export const UNKNOWN = personOf('Mats Berg', 2014)
export const NEW_CONTACTS = [...WITHOUT_ANSWER, ANSWERED, UNKNOWN]

const ADA: Person = { id: 'C-1001', email: 'ada@example.com', name: 'Ada Example' }
const BRUNO: Person = { id: 'C-1002', email: 'bruno@example.com', name: 'Bruno Beispiel' }
const CHIE: Person = { id: 'C-1003', email: 'chie@example.com', name: 'Chie Sample' }

/** One of a resolved ticket, `title` under the name `field`. */
export function ticket(number: number, customer: Person, field = 'title'): Sent {
  const about = { id: `T-${number}`, [field]: `Cannot log in, case ${number}` }
  return { id: `msg_ticket_${number}`, body: { type: 'ticket.resolved', data: { ticket: about, customer } } }
}

export function order(number: number, customer: Person): Sent {
  const about = { number: `2026-${number}`, total: '59,90 €' }
  return { id: `msg_order_${number}`, body: { type: 'order.placed', data: { order: about, customer } } }
}

export function cart(id: string, customer: Person): Sent {
  return { id: `msg_cart_${id}`, body: { type: 'cart.abandoned', data: { cart: { id }, customer } } }
}

/** What comes in before anybody looks. */
export const EVENTS: readonly Sent[] = [
  ...WITHOUT_ANSWER.map((person, index) => ticket(100 + index, person)),
  ticket(150, ANSWERED, 'titel'),
  ...[ADA, BRUNO, CHIE, ADA, BRUNO].map((person, index) => order(1042 + index, person)),
  cart('K-77', CHIE),
  cart('K-78', ADA),
  cart('K-79', BRUNO),
  {
    id: 'msg_appointment',
    body: {
      type: 'appointment.due',
      data: { appointment: { with: 'Dr. Fern' }, customer: ADA },
    },
  },
  { id: 'msg_moved', body: { type: 'customer.moved', data: { customer: ADA } } },
  { id: 'msg_renamed', body: { type: 'customer.renamed', data: { customer: BRUNO } } },
  { id: 'msg_cut_short', body: '{"type":"order.placed","data":{"order":{"number":"2026-10' },
]

function personOf(name: string, number: number): Person {
  return { id: `C-${number}`, email: `c${number}@example.com`, name }
}

function nth(people: readonly Person[], index: number): Person {
  const person = people[index]
  if (!person) throw new Error(`there is no person ${index}`)
  return person
}
