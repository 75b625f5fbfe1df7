// What a page that is left open must say by itself: that it is not being updated any more. Everything else works without this.
const age = (ms) => (ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`)

document.addEventListener('DOMContentLoaded', () => {
  let good = Date.now()
  const stale = document.getElementById('stale')
  const since = document.getElementById('stale-since')
  const fail = () => {
    // How old, and not of when: the times of the page are in the zone of the service.
    since.textContent = age(Date.now() - good)
    stale.hidden = false
  }
  document.body.addEventListener('htmx:error', fail)
  document.body.addEventListener('htmx:response:error', fail)
  document.body.addEventListener('htmx:after:swap', () => {
    good = Date.now()
    stale.hidden = true
  })
  // A click that was meant once is sent once.
  document.body.addEventListener('submit', (event) => {
    if (event.target.method !== 'post') return
    for (const button of event.target.querySelectorAll('button')) setTimeout(() => (button.disabled = true))
  })
  // Whoever comes back to the page finds its buttons as they were.
  window.addEventListener('pageshow', () => {
    for (const button of document.querySelectorAll('button:disabled')) button.disabled = false
  })
})
